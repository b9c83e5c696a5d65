//! Exports for Istio and as projects: what stands in them, and what they say that they cannot.

use crate::support::{Around, file, has, root};
use proxy_wasm_tour::export::{Bundle, Sources, Target, bundle, yaml_text};
use proxy_wasm_tour::lab::{parse, resolve};
use proxy_wasm_tour::model::Problem;

struct NoSources;

impl Sources for NoSources {
    fn source(&self, _: &str) -> Option<Vec<(String, Vec<u8>)>> {
        None
    }
}

fn export(text: &str, target: Target, sources: Option<&dyn Sources>) -> Result<Bundle, Problem> {
    let here = Around::of(&root().join("lab.yaml"), "start");
    let lab = parse("lab.yaml", text, &here).unwrap_or_else(|why| panic!("{why}"));
    let contents = resolve(&lab, &here).unwrap();
    bundle(&lab, &contents, target, sources.unwrap_or(&here.0))
}

fn of_file(path: &str, target: Target) -> Bundle {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    export(&text, target, None).unwrap_or_else(|why| panic!("{why}"))
}

fn paths(bundle: &Bundle) -> Vec<&str> {
    bundle.files.iter().map(|file| file.path.as_str()).collect()
}

const RICH: &str = r#"
name: Rich
envoy:
  access_log:
  - name: log
    typed_config: {"@type": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog}
  http_filters:
  - name: first
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config:
        name: My Filter
        root_id: root
        configuration: {"@type": type.googleapis.com/google.protobuf.StringValue, value: '{"b": [1, true], "a": {"c": null}}'}
        failure_policy: FAIL_RELOAD
        allow_on_headers_stop_iteration: true
        vm_config:
          vm_id: shared
          configuration: {"@type": type.googleapis.com/google.protobuf.StringValue, value: x}
          environment_variables: {key_values: {A: b}}
          code: {local: {filename: /f.wasm}}
  - name: second
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config:
        name: my-filter
        configuration: {"@type": type.googleapis.com/google.protobuf.StringValue, value: plain words}
        vm_config: {code: {local: {filename: /f.wasm}}}
files:
  /f.wasm: {sample: add-header}
"#;

#[test]
fn a_wasm_plugin_has_the_fields_of_istio_and_priorities_keep_the_order() {
    let bundle = export(RICH, Target::Istio, None).unwrap();
    let plugins = file(&bundle, "wasm-plugin.yaml");
    let (first, second) = plugins.split_once("---\n").unwrap();
    for words in [
        "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata:\n  name: my-filter\n",
        "url: \"oci://REGISTRY/my-filter:1.0\"\n",
        "pluginName: root\n",
        "pluginConfig:\n    b: [1, true]\n    a:\n      c: null\n",
        "failStrategy: FAIL_RELOAD\n",
        "vmConfig:\n    env:\n    - name: A\n      value: b\n",
        "priority: 20\n",
    ] {
        has(first, words);
    }
    has(second, "name: my-filter-2\n");
    has(second, "priority: 10\n");
    assert!(!second.contains("pluginConfig"), "{second}");
    let extensions = file(&bundle, "traffic-extension.yaml");
    has(extensions, "kind: TrafficExtension\n");
    has(extensions, "  wasm:\n    url: ");
}

#[test]
fn an_envoy_filter_has_each_filter_word_for_word_before_the_router() {
    let bundle = of_file("tests/it/labs/native-cors.yaml", Target::Istio);
    let filter = file(&bundle, "envoy-filter.yaml");
    for words in [
        "kind: EnvoyFilter\n",
        "applyTo: HTTP_FILTER\n",
        "context: GATEWAY\n",
        "operation: INSERT_BEFORE\n",
        "name: envoy.filters.http.cors\n",
        "subFilter:\n              name: envoy.filters.http.router\n",
    ] {
        has(filter, words);
    }
    let cors = filter.find("name: envoy.filters.http.cors").unwrap();
    assert!(cors < filter.find("name: envoy.filters.http.wasm").unwrap());
    let note = "The filter `envoy.filters.http.cors` is one of Envoy's own";
    assert!(
        bundle.notes.iter().any(|said| said.starts_with(note)),
        "{:?}",
        bundle.notes
    );
}

#[test]
fn what_istio_has_no_field_for_is_said_by_name() {
    let bundle = export(RICH, Target::Istio, None).unwrap();
    let readme = file(&bundle, "README.md");
    for words in [
        "`My Filter` has a `vm_id`, which Istio never sets",
        "`My Filter` has a configuration of its VM",
        "`My Filter` sets `allow_on_headers_stop_iteration`",
        "`my-filter` has a configuration that is no JSON object",
        "Access logs are set by Istio's Telemetry resource",
        "Routes and clusters are Istio's",
    ] {
        has(readme, words);
    }
}

#[test]
fn istios_own_plugins_come_back_as_they_were() {
    let bundle = of_file("tests/fuzz/seeds/istio.yaml", Target::Istio);
    let plugins = file(&bundle, "wasm-plugin.yaml");
    has(
        plugins,
        "url: \"oci://registry.example:5000/filters/hello:v1\"\n",
    );
    has(plugins, "failStrategy: FAIL_OPEN\n");
    has(
        plugins,
        "pluginConfig:\n    a: [x, true, null, 1.5]\n    b: 2\n",
    );
}

#[test]
fn samples_become_a_workspace_with_their_real_source() {
    let bundle = of_file("tests/it/labs/chain.yaml", Target::Project);
    has(
        file(&bundle, "Cargo.toml"),
        "members = [\"add-header\", \"block-path\", \"log-headers\"]",
    );
    let source =
        std::fs::read_to_string(root().join("content/filters/add-header/src/lib.rs")).unwrap();
    assert_eq!(file(&bundle, "add-header/src/lib.rs"), source);
    has(
        file(&bundle, "README.md"),
        "cargo build --release --target wasm32-unknown-unknown\n",
    );
    has(file(&bundle, "README.md"), "release/block_path.wasm`");
}

#[test]
fn assemblyscript_becomes_a_package_with_the_compiler_of_the_page() {
    let text = "name: AS\nenvoy: {http_filters: []}\nfiles:\n  /etc/envoy/hello.wasm: {assemblyscript: \"export function f(): void {}\\n\"}\n  /m.wasm: {wat: (module)}\n  /b.wasm: {base64: AGFzbQEAAAA=}\n";
    let bundle = export(text, Target::Project, None).unwrap();
    assert_eq!(
        file(&bundle, "assembly/hello.ts"),
        "export function f(): void {}\n"
    );
    assert_eq!(file(&bundle, "m.wat"), "(module)");
    let package: serde_json::Value = serde_json::from_str(file(&bundle, "package.json")).unwrap();
    let ours = std::fs::read_to_string(root().join("src/vendor/package.json")).unwrap();
    let ours: serde_json::Value = serde_json::from_str(&ours).unwrap();
    for name in ["assemblyscript", "@gcoredev/proxy-wasm-sdk-as"] {
        assert!(ours["dependencies"][name].is_string(), "{name}");
        assert_eq!(package["devDependencies"][name], ours["dependencies"][name]);
    }
    has(
        package["scripts"]["build"].as_str().unwrap(),
        "-o build/hello.wasm",
    );
    assert_eq!(
        bundle.notes,
        ["`/b.wasm` came to the lab as it is, without a source."]
    );
}

#[test]
fn no_file_of_a_bundle_takes_anothers_name() {
    let text = "name: Names\nfiles:\n  /a/f.wasm: {wat: (module)}\n  /b/f.wasm: {wat: '(module (memory 1))'}\n  /etc/README.md: {wat: (module)}\n\
                scenarios:\n- name: s\n  traffic:\n  - call: {module: /a/f.wasm, export: f, args: []}\n  - call: {module: /b/f.wasm, export: f, args: []}\n  - call: {module: /etc/README.md, export: f, args: []}\n";
    let project = export(text, Target::Project, None).unwrap();
    assert_eq!(file(&project, "f.wat"), "(module)");
    assert_eq!(file(&project, "b-f.wasm.wat"), "(module (memory 1))");
    has(file(&project, "README.md"), "wat2wasm b-f.wasm.wat\n");
    for target in Target::ALL {
        let bundle = export(text, target, None).unwrap();
        let mut names = paths(&bundle);
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
    }
}

#[test]
fn a_project_without_any_source_is_refused_with_its_place() {
    let text = "name: None\nfiles:\n  /b.wasm: {base64: AGFzbQEAAAA=}\n";
    let problem = export(text, Target::Project, None).expect_err("there is nothing to build");
    assert_eq!((problem.place.line, problem.place.column), (3, 3));
    has(&problem.message, "no file of the lab has a source");
    let sample = "name: One\nfiles:\n  /b.wasm: {sample: add-header}\n";
    let problem = export(sample, Target::Project, Some(&NoSources));
    assert!(
        problem.is_err(),
        "a sample whose source is not at hand is none"
    );
}

#[test]
fn what_is_written_for_istio_is_yaml_that_reads_back() {
    let bundle = export(RICH, Target::Istio, None).unwrap();
    for path in paths(&bundle)
        .into_iter()
        .filter(|path| path.ends_with(".yaml"))
    {
        for document in file(&bundle, path).split("---\n") {
            let tree = proxy_wasm_tour::model::yaml::parse(path, document);
            let tree = tree.unwrap_or_else(|why| panic!("{why}\n{document}"));
            assert_eq!(yaml_text(&tree), document, "{path}");
        }
    }
}
