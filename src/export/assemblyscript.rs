//! AssemblyScript for the command line and the gate: the page's own compiler, run by Node.js.
//!
//! The build leaves it in `target/vendor`. Must not know: what a lab means.

use crate::lab::Compiled;
use crate::model::Bytes;
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The compiler, below a directory `target`.
const SCRIPT: &str = "vendor/assemblyscript.js";

/// What the compiler answers.
#[derive(Deserialize)]
struct Answer {
    /// The module in base64.
    wasm: Option<String>,
    #[serde(default)]
    line: u32,
    #[serde(default)]
    column: u32,
    #[serde(default)]
    message: String,
}

thread_local! {
    /// What was compiled already: the gate runs a lesson's texts many times over, and the compiler
    /// takes a second for each.
    static DONE: RefCell<BTreeMap<(String, String), Compiled>> = const { RefCell::new(BTreeMap::new()) };
}

/// Compiles a text that stands in a file of this name.
pub(super) fn compile(name: &str, source: &str) -> Compiled {
    let key = (name.to_owned(), source.to_owned());
    if let Some(done) = DONE.with_borrow(|done| done.get(&key).cloned()) {
        return done;
    }
    let compiled = compile_anew(name, source);
    DONE.with_borrow_mut(|done| done.insert(key, compiled.clone()));
    compiled
}

fn compile_anew(name: &str, source: &str) -> Compiled {
    let Some(script) = script() else {
        return Compiled::NoCompiler(format!(
            "the compiler, target/{SCRIPT}, is not there; `cargo xtask build` makes it"
        ));
    };
    match answer(&script, name, source) {
        Ok(answer) => match answer.wasm {
            Some(text) => match Bytes::from_base64(&text) {
                Ok(bytes) => Compiled::Bytes(bytes.0.into()),
                Err(why) => Compiled::NoCompiler(why),
            },
            None => Compiled::Refused {
                line: answer.line,
                column: answer.column,
                message: answer.message,
            },
        },
        Err(why) => Compiled::NoCompiler(why),
    }
}

/// Where the compiler is: below `target` here, or above this command's own file.
fn script() -> Option<PathBuf> {
    let own = std::env::current_exe().unwrap_or_default();
    let above = own.ancestors().skip(1);
    std::iter::once(Path::new("target"))
        .chain(above)
        .map(|dir| dir.join(SCRIPT))
        .find(|path| path.is_file())
}

fn answer(script: &Path, name: &str, source: &str) -> Result<Answer, String> {
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|_| "it needs Node.js (`node`), which is not there".to_owned())?;
    let message = serde_json::json!({ "name": name, "source": source }).to_string();
    if let Some(mut input) = node.stdin.take() {
        input
            .write_all(message.as_bytes())
            .map_err(|e| format!("Node.js did not read it: {e}"))?;
    }
    let output = node
        .wait_with_output()
        .map_err(|e| format!("Node.js did not end: {e}"))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|_| "the compiler gave no answer (Node.js 20 or newer is needed)".to_owned())
}
