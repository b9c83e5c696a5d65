//! Exit code 2: one message with the place, what was expected and what to do; nothing on stdout.

use super::{Folder, Tour, tour, tour_alone};

/// Asserts that `tour` refuses with exactly this message.
fn refused(args: &[&str], message: &str) {
    let ran = tour(args);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (2, ""),
        "{args:?}: {}",
        ran.err
    );
    assert_eq!(ran.err, format!("tour: {message}\n"), "{args:?}");
}

/// Asserts that `tour` refuses with one message that has all of these words.
fn refused_with(args: &[&str], words: &[&str]) {
    all_said(tour(args), args, words);
}

fn all_said(ran: Tour, args: &[&str], words: &[&str]) {
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (2, ""),
        "{args:?}: {}",
        ran.err
    );
    for word in words {
        assert!(
            ran.err.contains(word),
            "{args:?}: no {word:?} in {}",
            ran.err
        );
    }
    assert_eq!(ran.err.matches("tour: ").count(), 1, "{}", ran.err);
}

fn with_module(source: &str) -> String {
    format!(
        "envoy:\n  http_filters:\n  - name: envoy.filters.http.wasm\n    typed_config:\n      \
         '@type': type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n      \
         config: {{name: f, vm_config: {{runtime: envoy.wasm.runtime.v8, code: {{local: {{filename: /f.wasm}}}}}}}}\n\
         files:\n  /f.wasm: {source}\n"
    )
}

#[test]
fn unknown_words_and_options() {
    refused(&["rnu"], "unknown command `rnu`\n  Did you mean `run`?");
    refused(
        &["run", "--jsn"],
        "unknown option `--jsn`\n  Did you mean `--json`?",
    );
    refused(
        &["run"],
        "the lab file is missing\n  `tour help` shows what to write.",
    );
    refused(
        &["run", "a.yaml", "b.yaml"],
        "`b.yaml` is one word too many: the lab file is one",
    );
    refused(
        &["run", "a.yaml", "--json", "--json"],
        "--json stands there twice",
    );
    refused(
        &["run", "a.yaml", "--body", "x"],
        "--body goes with --wasm FILTER.wasm\n  A lab file holds its own traffic.",
    );
    refused(
        &[
            "run",
            "--wasm",
            "target/filters/add-header.wasm",
            "--request",
            "GET x",
        ],
        "--request `GET x`: the path begins with /\n  Write 'GET /path'.",
    );
}

#[test]
fn options_that_make_no_request() {
    let filter = "target/filters/add-header.wasm";
    refused(
        &["run", "--wasm", filter, "--header", "bad name: x"],
        "the options: `bad name` is no header name\n  Names are letters, digits and -_.!#$%&'*+^`|~ without spaces.",
    );
    refused(
        &["run", "--wasm", filter, "--header", "x"],
        "--header `x`: expected name: value",
    );
    refused(
        &["run", "--wasm", filter, "--body", "@nowhere"],
        "--body @nowhere: no such file\n  Give the text itself, or the path of a file after @.",
    );
    refused(
        &["run", "--wasm", filter, "--request", "GET x y"],
        "--request `GET x y`: expected a method and a path\n  Write 'GET /path'.",
    );
    refused(
        &["run", "x.yaml", "--wasm", filter],
        "`x.yaml` beside --wasm: run a lab file or one filter, not both",
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_no_success() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tour"))
        .arg("help")
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("cannot be written")
    );
}

#[test]
fn words_and_values_that_are_not_there_or_too_many() {
    const LAB: &str = "tests/it/labs/add-header.yaml";
    for (args, message) in [
        (
            &["run", ""][..],
            "an empty word\n  Is a variable of your shell unset?",
        ),
        (
            &["run", LAB, "--scenario"],
            "--scenario wants a value\n  `tour help` shows what to write.",
        ),
        (
            &["run", LAB, "--json=1"],
            "--json takes no value, and `1` was given\n  Write --json alone.",
        ),
        (
            &["trace", "--json", "x.log"],
            "unknown option `--json`\n  This command takes none.",
        ),
        (
            &["run", LAB, "--parts", "solutoin"],
            "--parts solutoin: there is no such folder beside tests/it/labs/add-header.yaml\n  Name one that holds the lab's editable parts: `start` or `solution`.",
        ),
        (
            &["new", "lesson", "content/en/00-start/09-Say_it"],
            "`Say_it` cannot be a lesson's id\n  It stands in the address: lower-case letters, digits and hyphens, as in 02-my-lesson.",
        ),
    ] {
        refused(args, message);
    }
}

#[test]
fn forms_of_the_output_stand_alone() {
    let lab = "tests/it/labs/add-header.yaml";
    for (first, second) in [
        (&["--json"][..], &["--trace"][..]),
        (&["--trace"], &["--stats", "text"]),
        (&["--json"], &["--stats", "text"]),
        (&["--stats", "text"], &["--envoy-log"]),
        (&["--json"], &["--admin", "clusters"]),
        (&["--at", "3"], &["--admin", "clusters"]),
    ] {
        let args: Vec<&str> = [&["run", lab][..], second, first].concat();
        refused(
            &args,
            &format!(
                "{} beside {}: each is another form of the output\n  Ask for one of them at a time.",
                second[0], first[0]
            ),
        );
    }
}

#[test]
fn a_byte_that_is_no_text_is_named_by_its_place() {
    let folder = Folder::new("utf8");
    let file = folder.file("lab.yaml", b"name: a\nenvoy: {\xc3\xa9: \xff}\n");
    for command in ["run", "race", "bench", "import"] {
        refused(
            &[command, &file],
            &format!("{file}:2:12: a byte that is no UTF-8\n  Save the file as UTF-8 text."),
        );
    }
}

#[test]
fn help_names_every_option_of_every_command() {
    let help = tour(&["help"]).out;
    let of = |command: &str| {
        let head = format!("Options of `{command}`:");
        let after = help
            .split_once(&head)
            .unwrap_or_else(|| panic!("no {head}"))
            .1;
        after.split("Options of").next().unwrap().to_owned()
    };
    for command in [
        "run", "race", "check", "export", "import", "doctor", "bench",
    ] {
        let ran = tour(&[command, "--qqqqqqqq"]);
        let (_, known) = ran.err.split_once("Known here: ").expect("a list");
        for option in known.trim_end_matches(".\n").split(", ") {
            let mut place = of(command);
            if command == "run" {
                place += &of("run --wasm");
            }
            let alone = option == "--wasm" || place.contains(option);
            assert!(alone, "help tells nothing of `{command} {option}`");
        }
    }
}

#[test]
fn a_missing_file() {
    refused(
        &["run", "nowhere.yaml"],
        "nowhere.yaml: no such file\n  Give the path of a lab file, as LAB.yaml.",
    );
    refused(
        &["run", "src"],
        "src: is a directory\n  Give the path of a lab file, as LAB.yaml.",
    );
    refused(
        &["run", "--wasm", "nowhere.wasm"],
        "nowhere.wasm: no such file\n  Give the path of a module: --wasm FILTER.wasm.",
    );
    let folder = Folder::new("missing");
    let lab = folder.file("lab.yaml", with_module("{path: gone.wasm}"));
    refused(
        &["run", &lab],
        &format!("{lab}:8:3: gone.wasm: no such file\n  The path is relative to the lab file."),
    );
    let lab = folder.file("sample.yaml", with_module("{sample: add-haeder}"));
    refused_with(
        &["run", &lab],
        &[
            "sample.yaml:8:3: ",
            "`add-haeder`",
            "Did you mean `add-header`?",
        ],
    );
}

#[test]
fn a_wrong_key_in_yaml() {
    let folder = Folder::new("key");
    let lab = folder.file("lab.yaml", "name: x\nscenarios:\n- trafic: []\n");
    refused(
        &["run", &lab],
        &format!("{lab}:3:3: unknown key `trafic`\n  Did you mean `traffic`?"),
    );
    let lab = folder.file(
        "envoy.yaml",
        "envoy:\n  http_filters:\n  - nmae: envoy.filters.http.router\n",
    );
    refused_with(&["run", &lab], &["envoy.yaml:3:5: ", "`nmae`", "name"]);
    let lab = folder.file("no.yaml", "a: [\n");
    refused_with(&["run", &lab], &["no.yaml:", "not YAML"]);
    let lab = folder.file("tab.yaml", "name: a\nenvoy:\n\tclusters: []\n");
    refused_with(
        &["run", &lab],
        &["tab.yaml:3:", "not YAML", "Indent by spaces"],
    );
    let lab = folder.file("list.yaml", "- name: a\n");
    refused_with(
        &["run", &lab],
        &[
            "list.yaml:1:1: expected a map, found a list",
            "at its left edge",
        ],
    );
    let lab = folder.file("part.yaml", "envoy: {edit: envoy.yaml}\n");
    folder.file("start/envoy.yaml", "\nhttp_filtres: []\n");
    refused_with(
        &["run", &lab],
        &["tour: envoy.yaml:2:1: ", "`http_filtres`", "http_filters"],
    );
}

#[test]
fn a_scenario_that_is_not_there() {
    refused(
        &["run", "tests/it/labs/add-header.yaml", "--scenario", "GTE"],
        "tests/it/labs/add-header.yaml: no scenario is named `GTE`\n  Did you mean `GET`?",
    );
}

#[test]
fn bytes_that_are_no_module() {
    let folder = Folder::new("bytes");
    let module = folder.file("text.wasm", "this is text");
    refused_with(
        &["run", "--wasm", &module],
        &["text.wasm: Failed to load Wasm bytecode", "00 61 73 6d"],
    );
    let lab = folder.file("lab.yaml", with_module("{text: this is text}"));
    refused_with(&["run", &lab], &["lab.yaml:8:3: ", "Wasm bytecode"]);
}

#[test]
fn a_module_with_an_unknown_import() {
    let folder = Folder::new("import");
    let wat = r#"{wat: '(module (import "env" "proxy_fly" (func)) (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1")) (func (export "malloc") (param i32) (result i32) i32.const 0))'}"#;
    let lab = folder.file("lab.yaml", with_module(wat));
    refused_with(&["run", &lab], &["lab.yaml:8:3: ", "proxy_fly"]);
}

#[test]
fn a_module_without_the_abi_marker() {
    let folder = Folder::new("abi");
    let lab = folder.file(
        "lab.yaml",
        with_module("{wat: '(module (memory (export \"memory\") 1))'}"),
    );
    refused_with(&["run", &lab], &["lab.yaml:8:3: ", "proxy_abi_version"]);
}

#[test]
fn assemblyscript_without_a_compiler() {
    let folder = Folder::new("as");
    let lab = folder.file("lab.yaml", with_module("{assemblyscript: 'let x = 1'}"));
    let args = ["run", &lab];
    let words = ["lab.yaml:8:30: ", "AssemblyScript cannot be compiled"];
    all_said(tour_alone(&args), &args, &words);
}

#[test]
fn a_directory_for_a_module_is_told_by_its_option_not_by_a_lab_nobody_wrote() {
    refused(
        &["run", "--wasm", "src"],
        "src: is a directory\n  Give the path of a module: --wasm FILTER.wasm.",
    );
}

#[test]
fn a_missing_file_of_an_option_names_the_option() {
    refused(
        &[
            "run",
            "--wasm",
            "target/filters/add-header.wasm",
            "--config",
            "@nowhere",
        ],
        "--config @nowhere: no such file\n  Give the text itself, or the path of a file after @.",
    );
}
