//! WebAssembly text to a module.
//!
//! A feature of its own: the engine in the page does without it, and has another worker assemble
//! what a lab brings (`src/bin/assembler.rs`), because most labs bring none. Must not know: what a
//! lab is.

/// Why a text is no module, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// Why.
    pub message: String,
}

/// Assembles a text.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn assemble(text: &str) -> Result<Vec<u8>, Refusal> {
    wat::parse_str(text).map_err(|error| {
        // The assembler tells its place only in its message: `--> <anon>:LINE:COLUMN`.
        let whole = error.to_string();
        let mut lines = whole.lines();
        let message = lines.next().unwrap_or("not WebAssembly text").to_owned();
        let at = lines.next().and_then(|line| {
            let mut numbers = line.rsplit(':').map(|n| n.trim().parse::<u32>());
            let column = numbers.next()?.ok()?;
            let line = numbers.next()?.ok()?;
            Some((line, column))
        });
        let (line, column) = at.unwrap_or((1, 1));
        Refusal {
            line,
            column,
            message,
        }
    })
}
