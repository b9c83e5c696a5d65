//! From a lab file to a report.
//!
//! `parse` reads the file, `modules` brings the bytes that it names. Must not know: where files
//! lie (that is [`Beside`]'s), how a report is shown.

mod assertions;
mod choose;
mod grade;
mod here;
mod hunt;
mod mistakes;
mod modules;
mod parse;
mod picture;
mod race;
mod replay;
mod rows;
mod run;
mod session;
mod wasm_log;

pub use assertions::check;
pub use choose::{REQUEST, put_modules, put_request, put_request_part, scenario_named};
pub use grade::{Right, grade, grade_one, right};
pub(crate) use here::{Here, own_path};
pub use mistakes::recognise;
pub use modules::{Beside, Compiled, Contents, Sample, Unresolved, resolve};
pub use parse::{expectations, parse};
pub use picture::picture;
pub use race::{RaceOptions, race};
pub use replay::{moment_text, replay};
pub use run::{RunOptions, run};
pub use session::{Session, event_line, trace_lines};
pub use wasm_log::{WasmLog, read_wasm_log};
