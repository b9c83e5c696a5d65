//! What several tests need: the sample filters as built modules, the repository's root
//! and what stands around a lab in it.

use proxy_wasm_tour::assembler::assemble;
use proxy_wasm_tour::export::{Bundle, Disk};
use proxy_wasm_tour::lab::{Beside, Compiled, Sample};
use proxy_wasm_tour::protocol::Script;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The directory with `NAME.wasm` of every package in `content/filters`, built once.
///
/// A cargo of its own with a target directory of its own, so that it never waits for the one that
/// runs the tests.
pub(crate) fn samples() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let names = filter_names();
        let target = root().join("target/filter-build");
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(root())
            .args([
                "build",
                "-q",
                "--profile",
                "filter",
                "--target",
                "wasm32-unknown-unknown",
            ])
            .arg("--target-dir")
            .arg(&target)
            // Set but empty, it outranks .cargo/config.toml, whose flags are for the page only.
            .env("CARGO_ENCODED_RUSTFLAGS", "");
        for name in &names {
            cargo.args(["-p", name]);
        }
        let output = cargo.output().expect("cargo starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let out = root().join("target/filters");
        std::fs::create_dir_all(&out).unwrap();
        for name in &names {
            let from = target
                .join("wasm32-unknown-unknown/filter")
                .join(format!("{}.wasm", name.replace('-', "_")));
            let bytes = std::fs::read(&from).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
            let to = out.join(format!("{name}.wasm"));
            if std::fs::read(&to).is_ok_and(|have| have == bytes) {
                continue;
            }
            // Renamed into place, so that another test process never reads half a file.
            let half = out.join(format!("{name}.wasm.{}", std::process::id()));
            std::fs::write(&half, bytes).unwrap();
            std::fs::rename(&half, &to).unwrap();
        }
        out
    })
}

/// A sample filter's bytes.
pub(crate) fn sample(name: &str) -> Vec<u8> {
    let path = samples().join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What the page brings when the engine asks for a module: a sample, or an assembled text.
pub(crate) fn brought(name: &str, script: Option<&Script>) -> Vec<u8> {
    match script {
        Some(script) => {
            assert_eq!(script.language, "wat", "there is no other compiler here");
            assemble(&script.source).unwrap_or_else(|e| panic!("{}: {e:?}", script.file))
        }
        None => sample(name),
    }
}

/// The keys of a lab's `envoy` with one Wasm filter, whose `config` this is.
pub(crate) fn one_filter(config: &str) -> String {
    format!(
        r#"envoy:
  http_filters:
  - name: envoy.filters.http.wasm
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config: {config}
"#
    )
}

/// The disk around a lab; a module takes the place of what a compiler makes, which may not be there.
pub(crate) struct Around(pub(crate) Disk);

impl Around {
    /// What stands around this file, with the sample filters and its parts of this folder.
    pub(crate) fn of(path: &Path, parts: &str) -> Self {
        let mut disk = Disk::around(path);
        disk.samples = samples().to_owned();
        disk.parts = parts.to_owned();
        Self(disk)
    }
}

impl Beside for Around {
    fn part(&self, name: &str) -> Option<String> {
        self.0.part(name)
    }

    fn sample(&self, name: &str) -> Sample {
        self.0.sample(name)
    }

    fn samples(&self) -> Vec<String> {
        self.0.samples()
    }

    fn compiled(&self, _: &str, _: &str) -> Compiled {
        Compiled::Bytes(sample("add-header").into())
    }

    fn path(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.path(path)
    }
}

/// A file of a bundle, as text.
pub(crate) fn file<'a>(bundle: &'a Bundle, path: &str) -> &'a str {
    let found = bundle.files.iter().find(|file| file.path == path);
    let there = || bundle.files.iter().map(|file| &file.path);
    let found =
        found.unwrap_or_else(|| panic!("no {path} among {:?}", there().collect::<Vec<_>>()));
    std::str::from_utf8(&found.bytes).unwrap()
}

/// Asserts that a text has these words.
pub(crate) fn has(text: &str, words: &str) {
    assert!(text.contains(words), "no {words:?} in\n{text}");
}

fn filter_names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("content/filters"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}
