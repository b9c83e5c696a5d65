//! Exports: what is written, and that a bootstrap read back runs as the lab it came from.

use crate::support::{Around, file, one_filter, root, sample};
use proxy_wasm_tour::export::{Bundle, Named, Target, bundle, import};
use proxy_wasm_tour::lab::{Beside, Contents, RunOptions, Sample, parse, resolve, run};
use proxy_wasm_tour::model::lab::Lab;
use proxy_wasm_tour::model::report::Report;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A bundle's files as what stands beside a lab.
struct Written<'a>(&'a Bundle);

impl Written<'_> {
    fn file(&self, path: &str) -> Option<&[u8]> {
        let file = self.0.files.iter().find(|file| file.path == path)?;
        Some(&file.bytes)
    }

    fn text(&self, path: &str) -> &str {
        file(self.0, path)
    }
}

impl Beside for Written<'_> {
    fn part(&self, _: &str) -> Option<String> {
        None
    }

    fn sample(&self, name: &str) -> Sample {
        Sample::Missing(format!("{name} is no file of a bundle"))
    }

    fn samples(&self) -> Vec<String> {
        Vec::new()
    }

    fn path(&self, path: &str) -> Result<Vec<u8>, String> {
        let file = self.file(path).ok_or("no such file".to_owned())?;
        Ok(file.to_vec())
    }
}

/// Every lab there is: those of the tests, those of the course, each with its parts.
fn every_lab() -> Vec<(PathBuf, &'static str)> {
    let mut labs: Vec<_> = crate::labs::all()
        .into_iter()
        .map(|path| (path, "start"))
        .collect();
    let mut folders = vec![root().join("content")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("lab.yaml") {
                labs.push((path.clone(), "start"));
                if path.with_file_name("solution").is_dir() {
                    labs.push((path, "solution"));
                }
            }
        }
    }
    labs.sort();
    labs
}

fn read(path: &Path, around: &Around) -> Option<(Lab, Contents)> {
    let text = std::fs::read_to_string(path).unwrap();
    let lab = parse("lab.yaml", &text, around).ok()?;
    let contents = resolve(&lab, around).ok()?;
    Some((lab, contents))
}

fn lab_of(text: &str) -> (Lab, Contents) {
    let around = Around::of(&root().join("lab.yaml"), "start");
    let lab = parse("lab.yaml", text, &around).unwrap_or_else(|why| panic!("{why}"));
    let contents = resolve(&lab, &around).unwrap();
    (lab, contents)
}

fn ran(lab: &Lab, contents: &Contents) -> Report {
    run(lab, contents, &RunOptions::default()).unwrap_or_else(|problem| panic!("{problem}"))
}

fn exported(lab: &Lab, contents: &Contents, target: Target, around: &Around) -> Bundle {
    bundle(lab, contents, target, &around.0).unwrap_or_else(|problem| panic!("{problem}"))
}

/// The lab that the bundle's own files make.
fn back(bundle: &Bundle) -> (Lab, Contents) {
    let written = Written(bundle);
    let bootstrap = Named {
        name: "envoy.yaml",
        text: written.text("envoy.yaml"),
    };
    let surroundings = Named {
        name: "surroundings.yaml",
        text: written.text("surroundings.yaml"),
    };
    let none = |_: &str| None;
    let text = import(bootstrap, Some(surroundings), &none).unwrap_or_else(|why| panic!("{why}"));
    let lab = parse("lab.yaml", &text, &written).unwrap_or_else(|why| panic!("{why}\n{text}"));
    let contents = resolve(&lab, &written).unwrap_or_else(|why| panic!("{why:?}"));
    (lab, contents)
}

#[test]
fn an_imported_bootstrap_runs_as_the_lab_it_came_from_byte_for_byte() {
    let mut compared = 0;
    for (path, parts) in every_lab() {
        let around = Around::of(&path, parts);
        // A starter may be such that nothing runs at all.
        let Some((mut lab, contents)) = read(&path, &around) else {
            continue;
        };
        // Where a learner answers host calls in the proxy's place, the answers are no part of the lab.
        lab.plays.clear();
        let Ok(report) = run(&lab, &contents, &RunOptions::default()) else {
            continue;
        };
        let bundle = exported(&lab, &contents, Target::Envoy, &around);
        let (again, contents) = back(&bundle);
        let shown = path.display();
        let scenarios = |report: &Report| serde_json::to_string(&report.scenarios).unwrap();
        assert!(
            scenarios(&report) == scenarios(&ran(&again, &contents)),
            "{shown} ({parts}) runs otherwise when it comes back"
        );
        compared += 1;
    }
    assert!(compared >= 25, "only {compared} labs");
}

const REMOTE: &str = r#"
  clusters: [{name: web}, {name: code}]
files:
  http://code.local/f.wasm: {sample: add-header, delay: 80ms}
scenarios:
- name: GET
  traffic: [{advance: 1s}, {request: {}}]
  expect:
  - upstream: {cluster: web, headers: {x-hello: world}}
"#;

#[test]
fn code_from_a_url_stays_there_and_the_module_comes_along() {
    let sha256 = proxy_wasm_tour::host::doctor("f", &sample("add-header")).sha256;
    let filter = one_filter(&format!(
        r#"{{name: fetched, vm_config: {{code: {{remote: {{http_uri: {{uri: "http://code.local/f.wasm", cluster: code, timeout: 10s}}, sha256: {sha256}}}}}}}}}"#
    ));
    let (lab, contents) = lab_of(&format!("name: Fetched\n{filter}{REMOTE}"));
    let around = Around::of(&root().join("lab.yaml"), "start");
    let bundle = exported(&lab, &contents, Target::Envoy, &around);
    assert!(Written(&bundle).file("f.wasm").is_some());
    assert!(
        bundle.notes[0].contains("fetches http://code.local/f.wasm through the cluster `code`"),
        "{:?}",
        bundle.notes
    );
    let (again, again_contents) = back(&bundle);
    let report = ran(&lab, &contents);
    assert!(report.ok);
    assert_eq!(
        report.scenarios,
        ran(&again, &again_contents).scenarios,
        "the fetch is part of the run"
    );
}

#[test]
fn what_istio_fetches_is_a_file_for_envoy() {
    let seed = root().join("tests/fuzz/seeds/istio.yaml");
    let around = Around::of(&seed, "start");
    let (mut lab, contents) = read(&seed, &around).unwrap();
    lab.name = "Istio".to_owned();
    let module: Vec<u8> = sample("add-header");
    let contents: Contents = contents
        .into_keys()
        .map(|name| (name, module.clone().into()))
        .collect();
    let bundle = exported(&lab, &contents, Target::Envoy, &around);
    let written = Written(&bundle);
    let yaml = written.text("envoy.yaml");
    for words in [
        "name: apps.hello\n",
        "root_id: root\n",
        "filename: /etc/envoy/apps.hello.wasm\n",
        "filename: /etc/envoy/default.other.wasm\n",
        r#"value: "{\"a\":[\"x\",true,null,1.5],\"b\":2}""#,
        "failure_policy: FAIL_OPEN\n",
        "failure_policy: FAIL_RELOAD\n",
    ] {
        assert!(yaml.contains(words), "no {words:?} in\n{yaml}");
    }
    let (again, contents) = back(&bundle);
    let got = ran(&again, &contents);
    let exchange = &got.scenarios[0].exchanges[0];
    let hellos = exchange.upstream_requests[0].headers.iter();
    assert_eq!(hellos.filter(|(name, _)| *name == b"x-hello").count(), 2);
}

#[test]
fn everything_that_the_reader_supplies_is_written_out() {
    let (lab, contents) = lab_of("name: Short\nenvoy: {clusters: [{name: web}, {name: auth}]}\n");
    let around = Around::of(&root().join("lab.yaml"), "start");
    let bundle = exported(&lab, &contents, Target::Envoy, &around);
    let written = Written(&bundle);
    let yaml = written.text("envoy.yaml");
    for words in [
        "stat_prefix: ingress\n",
        "codec_type: AUTO\n",
        "server_name: envoy\n",
        "stream_idle_timeout: 300s\n",
        "per_connection_buffer_limit_bytes: 1048576\n",
        "domains: [\"*\"]\n",
        "prefix: /\n",
        "name: envoy.filters.http.router\n",
        "connect_timeout: 5s\n",
        "port_value: 8080\n",
        "port_value: 8081\n",
    ] {
        assert!(yaml.contains(words), "no {words:?} in\n{yaml}");
    }
}

#[test]
fn a_bootstrap_alone_becomes_a_lab_with_one_request() {
    let (lab, contents) = lab_of("name: Alone\n");
    let around = Around::of(&root().join("lab.yaml"), "start");
    let bundle = exported(&lab, &contents, Target::Envoy, &around);
    let written = Written(&bundle);
    let bootstrap = Named {
        name: "envoy.yaml",
        text: written.text("envoy.yaml"),
    };
    let text = import(bootstrap, None, &|_| None).unwrap();
    let lab = parse("lab.yaml", &text, &written).unwrap();
    assert_eq!(lab.name, "Listener ingress");
    let report = ran(&lab, &BTreeMap::new());
    assert_eq!(
        report.scenarios[0].exchanges[0]
            .response
            .as_ref()
            .unwrap()
            .status,
        200
    );
}

#[test]
fn an_import_says_what_is_wrong_and_where() {
    let named = |text| Named {
        name: "envoy.yaml",
        text,
    };
    let refused = |text, around: Option<&str>| {
        let around = around.map(|text| Named {
            name: "surroundings.yaml",
            text,
        });
        let problem = import(named(text), around, &|_| None).expect_err("it is refused");
        problem.to_string()
    };
    let (lab, contents) =
        lab_of(&std::fs::read_to_string("tests/it/labs/add-header.yaml").unwrap());
    let around = Around::of(&root().join("lab.yaml"), "start");
    let bundle = exported(&lab, &contents, Target::Envoy, &around);
    let whole = Written(&bundle).text("envoy.yaml").to_owned();
    let missing = refused(&whole, None);
    assert!(
        missing.contains("there is no file `/etc/envoy/add-header.wasm`"),
        "{missing}"
    );
    assert!(missing.starts_with("envoy.yaml:4"), "{missing}");
    let other = refused(&whole, Some("envoy: {}"));
    assert!(
        other.starts_with("surroundings.yaml:1:1: `envoy`"),
        "{other}"
    );
    let none = refused("name: a lab", None);
    assert!(none.contains("this is no bootstrap"), "{none}");
    let broken = refused(&whole.replace("server_name", "server_nam"), None);
    assert!(broken.contains("Did you mean `server_name`?"), "{broken}");
}
