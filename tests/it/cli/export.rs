//! `tour export` and `tour import`: files on a disk, and what is not written over.

use super::{Folder, tour};

const LAB: &str = "tests/it/labs/add-header.yaml";

#[test]
fn a_lab_goes_out_and_comes_back() {
    let folder = Folder::new("export");
    let dir = folder.0.join("out");
    let dir = dir.to_str().unwrap();
    let ran = tour(&["export", LAB, "envoy", dir]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 4, "{}", ran.out);
    let bootstrap = format!("{dir}/envoy.yaml");
    assert!(ran.out.contains(&bootstrap));
    let imported = tour(&["import", &bootstrap]);
    assert_eq!(imported.code, 0, "{}", imported.err);
    let lab = format!("{dir}/lab.yaml");
    std::fs::write(&lab, &imported.out).unwrap();
    let whole = |file: &str| tour(&["run", file, "--json"]).out;
    assert_eq!(whole(&lab), whole(LAB), "the run is the same");
    assert_eq!(whole(&bootstrap), whole(LAB), "and without a file between");
}

#[test]
fn what_is_there_is_not_written_over_without_force() {
    let folder = Folder::new("export-force");
    let there = folder.file("README.md", "mine");
    let dir = folder.0.to_str().unwrap();
    let ran = tour(&["export", LAB, "envoy", dir]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(
        ran.err.contains("README.md: there is such a file already"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("--force"), "{}", ran.err);
    assert_eq!(std::fs::read(&there).unwrap(), b"mine");
    assert!(
        !folder.0.join("envoy.yaml").exists(),
        "nothing at all is written"
    );
    assert_eq!(tour(&["export", LAB, "envoy", dir, "--force"]).code, 0);
    assert_ne!(std::fs::read(&there).unwrap(), b"mine");
}

#[test]
fn a_lab_that_cannot_be_used_is_refused_with_its_place() {
    let folder = Folder::new("export-refused");
    let lab = folder.file("lab.yaml", "envoy:\n  http_filterz: []\n");
    let dir = folder.0.join("out");
    let dir = dir.to_str().unwrap();
    let refused = |args: &[&str], words: &str| {
        let ran = tour(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
    };
    refused(
        &["export", &lab, "envoy", dir],
        "lab.yaml:2:3: unknown key `http_filterz`",
    );
    refused(
        &["export", LAB, "nginx", dir],
        "nothing is exported to `nginx`",
    );
    refused(&["export", LAB, "envoy"], "tour export LAB.yaml envoy");
    refused(&["import", LAB], "this is no bootstrap");
    refused(&["import", "none.yaml"], "none.yaml: no such file");
    let bundle = folder.file("b/envoy.yaml", "static_resources: {listeners: []}\n");
    refused(&["run", &bundle], "envoy.yaml:1:31: expected a listener");
}

#[test]
fn a_log_of_envoys_is_printed_as_a_trace_and_other_lines_are_named() {
    let ran = tour(&["trace", "tests/it/traces/envoy.log"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 48);
    let first: proxy_wasm_tour::model::trace::Event =
        serde_json::from_str(ran.out.lines().next().unwrap()).unwrap();
    assert_eq!(first.n, 0);
    assert!(
        ran.err.contains("envoy.log:15: not of Wasm: "),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .ends_with("48 events of 106 lines; 2 are not of Wasm\n")
    );
    let nothing = tour(&["trace", "Cargo.toml"]);
    assert_eq!((nothing.code, nothing.out.as_str()), (2, ""));
    assert!(
        nothing.err.contains("--component-log-level wasm:trace"),
        "{}",
        nothing.err
    );
}

#[test]
fn a_run_is_shown_as_envoys_own_interfaces_show_it() {
    let lab = "tests/it/labs/bootstrap.yaml";
    let shown = |args: &[&str]| {
        let ran = tour(&[&["run", lab], args].concat());
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        ran.out
    };
    assert!(shown(&["--stats", "text"]).contains("\ncluster.web.upstream_rq_total: 2\n"));
    let metrics = shown(&["--stats", "prometheus"]);
    assert!(
        metrics.contains("# TYPE envoy_cluster_upstream_rq counter\n"),
        "{metrics}"
    );
    assert_eq!(shown(&["--admin", "listeners"]), "ingress::0.0.0.0:10000\n");
    shown(&["--envoy-log"]);
    for (args, words) in [
        (["--stats", "json"], "`text` or `prometheus` was expected"),
        (
            ["--admin", "server_info"],
            "one of clusters, config_dump, listeners",
        ),
    ] {
        let ran = tour(&[&["run", lab], &args[..]].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

#[test]
fn the_script_of_a_bundle_refuses_an_option_that_it_does_not_know() {
    let folder = Folder::new("verify");
    let dir = folder.0.join("out");
    let made = tour(&["export", LAB, "compose", dir.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{}", made.err);
    let script = dir.join("verify.sh");
    let ran = std::process::Command::new("bash")
        .args([script.to_str().unwrap(), "--locl"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.starts_with("unknown option --locl: "), "{said}");
}
