//! The exporter's worker without its browser: what it asks for, and that its archives hold what
//! `tour export` writes.

use crate::support::{brought, root, sample, samples};
use proxy_wasm_tour::export::{
    Disk, Exporter, FromExporter, Sources as _, Target, Text, ToExporter,
};
use proxy_wasm_tour::model::{Problem, Request};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A lab as a page has it.
#[derive(Default)]
struct Page {
    lab: String,
    edits: BTreeMap<String, String>,
    request: Option<Request>,
    own: Vec<(&'static str, Vec<u8>)>,
}

impl Page {
    /// The lab file at a path, with the parts that it begins with.
    fn of(lab: &str) -> Self {
        let path = root().join(lab);
        let mut edits = BTreeMap::new();
        for file in std::fs::read_dir(path.with_file_name("start"))
            .into_iter()
            .flatten()
        {
            let file = file.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            edits.insert(name, std::fs::read_to_string(file).unwrap());
        }
        Self {
            lab: std::fs::read_to_string(path).unwrap(),
            edits,
            ..Self::default()
        }
    }

    fn message(&self, target: &str) -> (ToExporter, Vec<Vec<u8>>) {
        let message = ToExporter::Export {
            target: target.to_owned(),
            lab: self.lab.clone(),
            edits: self.edits.clone(),
            request: self.request.clone(),
            own: self
                .own
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
        };
        // As it travels.
        let json = serde_json::to_string(&message).unwrap();
        let buffers = self.own.iter().map(|(_, bytes)| bytes.clone()).collect();
        (serde_json::from_str(&json).unwrap(), buffers)
    }
}

/// What was saved.
#[derive(Debug)]
struct Saved {
    name: String,
    files: BTreeMap<String, Vec<u8>>,
    archive: Vec<u8>,
    notes: Vec<String>,
    /// What was asked for on the way.
    asked: Vec<String>,
}

/// Exports as the page does: it brings whatever is asked for.
fn exported(page: &Page, target: &str) -> Result<Saved, Problem> {
    let mut exporter = Exporter::default();
    let (message, buffers) = page.message(target);
    let mut answer = exporter.handle(message, buffers);
    let mut asked = Vec::new();
    loop {
        let (name, script) = match answer {
            (FromExporter::Need { name, script }, None) => (name, script),
            (FromExporter::Bundle { name, files, notes }, Some(archive)) => {
                let inside = unzipped(&archive, &name);
                assert_eq!(inside.keys().len(), files.len());
                return Ok(Saved {
                    name,
                    files: inside,
                    archive,
                    notes,
                    asked,
                });
            }
            (FromExporter::Refused { problem }, None) => return Err(problem),
            other => panic!("{other:?}"),
        };
        let bytes = match name.strip_prefix("source:") {
            Some(name) => source(name),
            None => brought(&name, script.as_ref()),
        };
        asked.push(name.clone());
        answer = exporter.handle(ToExporter::Given { name, error: None }, vec![bytes]);
    }
}

/// A sample's sources as the site has them.
fn source(name: &str) -> Vec<u8> {
    let mut disk = Disk::around(Path::new(""));
    disk.samples = samples().to_owned();
    let files = disk.source(name).unwrap().into_iter();
    let files: Vec<_> = files
        .map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap()))
        .collect();
    serde_json::to_vec(&files).unwrap()
}

/// The files of an archive by their path in its folder.
fn unzipped(archive: &[u8], folder: &str) -> BTreeMap<String, Vec<u8>> {
    let archive = rawzip::ZipArchive::from_slice(archive).unwrap();
    let mut entries = archive.entries();
    let mut files = BTreeMap::new();
    while let Some(entry) = entries.next_entry().unwrap() {
        let path = entry
            .file_path()
            .try_normalize()
            .unwrap()
            .as_ref()
            .to_owned();
        let path = path.strip_prefix(&format!("{folder}/")).unwrap().to_owned();
        let inside = archive.get_entry(entry.wayfinder()).unwrap();
        files.insert(path, inside.data().to_vec());
    }
    files
}

/// A directory that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("tour-exporter-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The files that `tour export` writes.
fn written(lab: &Path, target: &str, dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let output = Command::new(env!("CARGO_BIN_EXE_tour"))
        .current_dir(root())
        .arg("export")
        .args([lab, Path::new(target), dir])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut files = BTreeMap::new();
    gather(dir, "", &mut files);
    files
}

fn gather(dir: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
        match path.is_dir() {
            true => gather(&path, &format!("{name}/"), files),
            false => drop(files.insert(name, std::fs::read(&path).unwrap())),
        }
    }
}

#[test]
fn every_target_holds_the_files_that_the_command_writes_byte_for_byte() {
    let labs = [
        "tests/it/labs/add-header.yaml",
        "tests/it/labs/bootstrap.yaml",
        "tests/it/labs/plain-module.yaml",
        "content/playground/lab.yaml",
        "content/playground/lua/lab.yaml",
        "content/en/04-first-http-filters/01-add-a-header/lab.yaml",
    ];
    samples();
    for lab in labs {
        let page = Page::of(lab);
        for target in Target::ALL.map(Target::word) {
            let folder = Folder::new(target);
            let saved = exported(&page, target).unwrap_or_else(|why| panic!("{lab}: {why}"));
            let files = written(&root().join(lab), target, &folder.0);
            assert_eq!(
                saved.files.keys().collect::<Vec<_>>(),
                files.keys().collect::<Vec<_>>(),
                "{lab}, {target}"
            );
            for (path, bytes) in files {
                assert!(
                    saved.files[&path] == bytes,
                    "{lab}, {target}: {path} differs"
                );
            }
        }
    }
}

#[test]
fn a_module_of_ones_own_and_an_edited_request_are_in_the_files() {
    let lab = "name: Mine!\nenvoy:\n  http_filters:\n  - name: envoy.filters.http.wasm\n    typed_config:\n      \
        \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n      \
        config: {name: f, vm_config: {runtime: envoy.wasm.runtime.v8, code: {local: {filename: /etc/envoy/my-own.wasm}}}}\n  \
        - name: envoy.filters.http.router\n    typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}\n\
        scenarios:\n- name: s\n  traffic:\n  - request: {path: /before}\n";
    let request: Request = serde_json::from_str(
        r#"{"method":"POST","path":"/after","authority":"a.test","headers":[["x-a","1"],["x-b","2"],["x-a","3"]],
            "body":"on: off\n","chunks":[2],"trailers":[["x-t",{"base64":"/w=="}]]}"#,
    )
    .unwrap();
    let page = Page {
        lab: lab.to_owned(),
        request: Some(request.clone()),
        own: vec![("my own.wasm", sample("block-path"))],
        ..Page::default()
    };
    let saved = exported(&page, "envoy").unwrap();
    assert_eq!(saved.name, "mine-envoy");
    assert_eq!(saved.files["my-own.wasm"], sample("block-path"));
    let text = |name: &str| String::from_utf8(saved.files[name].clone()).unwrap();
    let imported = import(
        &[
            ("envoy.yaml", &text("envoy.yaml")),
            ("surroundings.yaml", &text("surroundings.yaml")),
        ],
        &["my-own.wasm"],
    );
    let FromExporter::Lab {
        lab,
        request: sent,
        scenarios,
        ..
    } = imported.unwrap()
    else {
        panic!("no lab");
    };
    assert_eq!(scenarios, ["s"]);
    let sent = sent.unwrap();
    assert_eq!(
        (sent.path, sent.body, sent.chunks, sent.trailers),
        (request.path, request.body, request.chunks, request.trailers)
    );
    assert_eq!(
        sent.headers.get_all("x-a").collect::<Vec<_>>(),
        [b"1", b"3"]
    );
    assert!(
        lab.contains("my-own.wasm\": {path: my-own.wasm}") || lab.contains("path: my-own.wasm"),
        "{lab}"
    );
    let compose = exported(&page, "compose").unwrap();
    let verify = String::from_utf8(compose.files["verify.sh"].clone()).unwrap();
    assert!(verify.contains("/after"), "{verify}");
}

/// `python3` reads archives as other people's tools do.
#[test]
fn another_reader_finds_the_archive_whole_and_the_script_runnable() {
    let saved = exported(&Page::of("tests/it/labs/add-header.yaml"), "compose").unwrap();
    let folder = Folder::new("zip");
    let path = folder.0.join("x.zip");
    std::fs::write(&path, &saved.archive).unwrap();
    let script = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
        for i in z.infolist(): print(oct(i.external_attr >> 16 & 0o777), i.filename)\n";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let listed = String::from_utf8(output.stdout).unwrap();
    assert!(
        listed.contains("0o755 add-header-compose/verify.sh")
            || listed
                .lines()
                .any(|line| line.starts_with("0o755 ") && line.ends_with("/verify.sh")),
        "{listed}"
    );
    assert_eq!(
        listed
            .lines()
            .filter(|line| line.starts_with("0o644 "))
            .count(),
        saved.files.len() - 1,
        "{listed}"
    );
    let again = exported(&Page::of("tests/it/labs/add-header.yaml"), "compose").unwrap();
    assert!(
        saved.archive == again.archive,
        "an archive depends on its lab alone"
    );
}

#[test]
fn only_what_a_target_needs_is_asked_for_and_only_once() {
    let page = Page::of("tests/it/labs/add-header.yaml");
    assert_eq!(exported(&page, "envoy").unwrap().asked, ["add-header"]);
    assert_eq!(
        exported(&page, "project").unwrap().asked,
        ["source:add-header"]
    );
    let mut exporter = Exporter::default();
    let mut ask = |given: Option<&str>| {
        let (message, buffers) = match given {
            None => page.message("envoy"),
            Some(name) => (
                ToExporter::Given {
                    name: name.to_owned(),
                    error: None,
                },
                vec![sample(name)],
            ),
        };
        exporter.handle(message, buffers).0
    };
    assert!(matches!(ask(None), FromExporter::Need { .. }));
    assert!(matches!(
        ask(Some("add-header")),
        FromExporter::Bundle { .. }
    ));
    assert!(
        matches!(ask(None), FromExporter::Bundle { .. }),
        "it is still here"
    );
}

#[test]
fn what_cannot_be_had_is_said_and_asked_for_anew() {
    let page = Page::of("tests/it/labs/add-header.yaml");
    let mut exporter = Exporter::default();
    let (message, _) = page.message("envoy");
    exporter.handle(message.clone(), Vec::new());
    let given = ToExporter::Given {
        name: "add-header".into(),
        error: Some("could not be fetched".into()),
    };
    let FromExporter::Refused { problem } = exporter.handle(given, Vec::new()).0 else {
        panic!()
    };
    assert!(
        problem.message.contains("could not be fetched"),
        "{problem}"
    );
    assert!(matches!(
        exporter.handle(message, Vec::new()).0,
        FromExporter::Need { .. }
    ));
    // Without its source a project says so, and is made of the rest.
    let both = format!(
        "{}  /etc/envoy/t.wasm: {{wat: (module)}}\n",
        "files:\n  /etc/envoy/f.wasm: {sample: add-header}\n"
    );
    let (message, _) = Page {
        lab: both,
        ..Page::default()
    }
    .message("project");
    exporter.handle(message, Vec::new());
    let given = ToExporter::Given {
        name: "source:add-header".into(),
        error: Some("gone".into()),
    };
    let FromExporter::Bundle { notes, files, .. } = exporter.handle(given, Vec::new()).0 else {
        panic!()
    };
    assert!(notes[0].contains("is not at hand"), "{notes:?}");
    assert!(files.contains(&"t.wat".to_owned()), "{files:?}");
}

#[test]
fn what_is_wrong_with_a_lab_is_refused_with_its_place() {
    let cases = [
        ("envoy", "envoy: {http_filterz: []}\n", "lab.yaml:1:9: "),
        ("envoy", "name: [\n", "lab.yaml:2:"),
        ("envoy", "", "lab.yaml: the lab file is empty"),
        (
            "project",
            "name: n\n",
            "lab.yaml: no file of the lab has a source",
        ),
        (
            "nowhere",
            "name: n\n",
            "lab.yaml: nothing is exported to this target",
        ),
    ];
    for (target, lab, start) in cases {
        let page = Page {
            lab: lab.to_owned(),
            ..Page::default()
        };
        let why = exported(&page, target)
            .expect_err("it is refused")
            .to_string();
        assert!(why.starts_with(start), "{target}, {lab}: {why}");
    }
}

/// Names and texts.
type Files<'a> = &'a [(&'a str, &'a str)];

/// Imports as the page does.
fn import(files: Files<'_>, modules: &[&str]) -> Result<FromExporter, Problem> {
    let text = |(name, text): &(&str, &str)| Text {
        name: (*name).into(),
        text: (*text).into(),
    };
    let message = ToExporter::Import {
        files: files.iter().map(text).collect(),
        modules: modules.iter().map(|name| (*name).to_owned()).collect(),
        samples: vec!["add-header".into(), "block-path".into()],
    };
    match Exporter::default().handle(message, Vec::new()) {
        (FromExporter::Refused { problem }, None) => Err(problem),
        (answer, None) => Ok(answer),
        (other, Some(_)) => panic!("{other:?}"),
    }
}

#[test]
fn an_exported_bootstrap_comes_back_with_its_surroundings_and_modules() {
    let saved = exported(&Page::of("tests/it/labs/add-header.yaml"), "envoy").unwrap();
    assert_eq!(saved.notes, Vec::<String>::new());
    let text = |name: &str| String::from_utf8(saved.files[name].clone()).unwrap();
    let (bootstrap, around) = (text("envoy.yaml"), text("surroundings.yaml"));
    let both = [
        ("surroundings.yaml", around.as_str()),
        ("envoy.yaml", bootstrap.as_str()),
    ];
    let FromExporter::Lab { lab, stand_ins, .. } = import(&both, &["add-header.wasm"]).unwrap()
    else {
        panic!()
    };
    assert!(stand_ins.is_empty());
    // What the command makes of the same files.
    let folder = Folder::new("import");
    for (path, bytes) in &saved.files {
        std::fs::write(folder.0.join(path), bytes).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_tour"))
        .arg("import")
        .arg(folder.0.join("envoy.yaml"))
        .output()
        .unwrap();
    assert_eq!(lab, String::from_utf8(output.stdout).unwrap());
    // Without the module the sample of its name stands in, and it is said.
    let FromExporter::Lab {
        lab,
        stand_ins,
        scenarios,
        ..
    } = import(&both, &[]).unwrap()
    else {
        panic!()
    };
    assert_eq!(stand_ins.len(), 1, "{stand_ins:?}");
    assert_eq!(stand_ins[0].1, "add-header");
    assert!(lab.contains("sample: add-header"), "{lab}");
    assert!(!scenarios.is_empty());
}

#[test]
fn the_whole_folder_of_an_export_comes_back_with_its_script() {
    let saved = exported(&Page::of("content/playground/lua/lab.yaml"), "envoy").unwrap();
    let texts = saved
        .files
        .iter()
        .filter(|(path, _)| !path.ends_with(".wasm"));
    let mut texts: Vec<(&str, String)> = texts
        .map(|(path, bytes)| (path.as_str(), String::from_utf8(bytes.clone()).unwrap()))
        .collect();
    // The page gives the bootstrap first.
    texts.sort_by_key(|(path, _)| *path != "envoy.yaml");
    let files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    let FromExporter::Lab { lab, .. } = import(&files, &["add-header.wasm"]).unwrap() else {
        panic!("no lab");
    };
    assert!(lab.contains("handle:headers():add"), "{lab}");
    assert!(
        lab.contains("path: \"add-header.wasm\"") || lab.contains("path: add-header.wasm"),
        "{lab}"
    );
}

#[test]
fn a_lab_file_is_opened_as_it_is() {
    let lab = std::fs::read_to_string(root().join("tests/it/labs/add-header.yaml")).unwrap();
    let FromExporter::Lab {
        lab: same, request, ..
    } = import(&[("lab.yaml", &lab)], &[]).unwrap()
    else {
        panic!()
    };
    assert_eq!(same, lab);
    assert!(request.is_some());
}

#[test]
fn a_wrong_import_says_what_is_wrong_and_where() {
    let saved = exported(&Page::of("tests/it/labs/add-header.yaml"), "envoy").unwrap();
    let text = |name: &str| String::from_utf8(saved.files[name].clone()).unwrap();
    let (whole, around) = (text("envoy.yaml"), text("surroundings.yaml"));
    let other = whole.replace("add-header.wasm", "other.wasm");
    let around_other = around
        .replace("path: \"add-header.wasm\"", "path: \"other.wasm\"")
        .replace("path: add-header.wasm", "path: other.wasm");
    let cut = &whole[..whole.len() / 2];
    let cases: [(Files<'_>, &str, &str); 7] = [
        (
            &[("envoy.yaml", "name: a\nname: b\n")],
            "envoy.yaml:2:1: ",
            "`name`",
        ),
        (
            &[("envoy.yaml", "a: [1,\n b: }\n")],
            "envoy.yaml:3:1: ",
            "not YAML",
        ),
        (
            &[("envoy.yaml", "just words")],
            "envoy.yaml:1:1: ",
            "this is no bootstrap",
        ),
        (
            &[("envoy.yaml", "static_resources: {listenerz: []}\n")],
            "envoy.yaml:1:",
            "Did you mean `listeners`?",
        ),
        (
            &[("envoy.yaml", &other)],
            "envoy.yaml:",
            "there is no file `/etc/envoy/other.wasm`",
        ),
        (
            &[("envoy.yaml", &whole), ("surroundings.yaml", &around_other)],
            "surroundings.yaml:",
            "there is no file `other.wasm`",
        ),
        (&[], "envoy.yaml: ", "there is no text"),
    ];
    for (files, start, words) in cases {
        let why = import(files, &[]).expect_err("it is refused").to_string();
        assert!(
            why.starts_with(start) && why.contains(words),
            "{start}: {why}"
        );
    }
    // Cut off in the middle it is refused, or it is a smaller bootstrap; never a panic.
    let _ = import(&[("envoy.yaml", cut)], &[]);
}
