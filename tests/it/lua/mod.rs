//! The Lua interpreter: scripts, and what they print. Rows are named for what of Lua they show.

mod errors;
mod language;
mod limits;
mod random;

use proxy_wasm_tour::lua::{Failure, Host, Limits, Lua, Reply, Value};

/// A host without objects that keeps what is printed.
#[derive(Default)]
pub(super) struct Printed(pub(super) Vec<String>);

impl Host for Printed {
    fn method(&self, _: u32, _: &[u8]) -> Option<&'static str> {
        None
    }

    fn call(
        &mut self,
        _: &mut Lua,
        _: u32,
        method: &'static str,
        _: &[Value],
    ) -> Result<Reply, String> {
        Err(format!("no {method}"))
    }

    fn print(&mut self, line: &[u8]) {
        self.0.push(String::from_utf8_lossy(line).into_owned());
    }

    fn seconds(&self) -> f64 {
        1_767_225_600.5
    }
}

/// What a script may use here.
pub(super) fn limits() -> Limits {
    Limits {
        instructions: 2_000_000,
        memory: 2 << 20,
    }
}

/// Runs a script: what it prints by line, or how it fails.
pub(super) fn run(script: &str) -> Result<String, Failure> {
    let mut host = Printed::default();
    let mut lua = Lua::new(limits(), 0);
    lua.exec(script.as_bytes(), &mut host)?;
    Ok(host.0.join("\n"))
}

/// Runs rows of name, script and what it prints.
pub(super) fn check(rows: &[(&str, &str, &str)]) {
    let wrong = rows.iter().filter_map(|(name, script, expected)| {
        let got = match run(script) {
            Ok(printed) => printed,
            Err(failure) => format!("failed: {}", failure.message),
        };
        (got != *expected).then(|| format!("{name}:\n  {got:?}\n  {expected:?}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
