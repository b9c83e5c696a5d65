//! The ```` ```trace ```` block: events of a real run as a table.
//!
//! ```text
//! scenario: GET
//! thread: worker_0
//! kinds: [callback, host_call]
//! ```

use super::markdown::escape;
use crate::model::trace::{Event, Kind, Value, thread_number};
use crate::model::yaml::{Fields, Node};
use crate::model::{Bytes, Problem};

/// Which events to show.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    /// The scenario; the lab's first when absent.
    pub(super) scenario: Option<String>,
    /// Only this thread, numbered as in events; all when absent.
    pub(super) thread: Option<u32>,
    /// Only these kinds; all when empty.
    pub(super) kinds: Vec<Kind>,
}

impl Query {
    /// Reads a trace block.
    ///
    /// # Errors
    /// The first key that is unknown or not as it should be.
    pub(super) fn read(node: &Node) -> Result<Self, Problem> {
        let mut fields = Fields::of(node)?;
        let query = Self {
            scenario: match fields.take("scenario") {
                Some(node) => Some(node.as_str()?.to_string()),
                None => None,
            },
            thread: fields.take("thread").map(thread).transpose()?,
            kinds: match fields.take("kinds") {
                Some(node) => node
                    .as_list()?
                    .iter()
                    .map(Kind::read)
                    .collect::<Result<_, _>>()?,
                None => Vec::new(),
            },
        };
        fields.finish()?;
        Ok(query)
    }

    /// The events as a table.
    pub(super) fn html(&self, events: &[Event]) -> String {
        let mut html = format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"trace\">\n\
             <thead><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>\n",
            say!(trace_label),
            say!(trace_event),
            say!(trace_what),
            say!(trace_result)
        );
        let shown = |event: &&Event| {
            (self.kinds.is_empty() || self.kinds.contains(&event.kind))
                && self.thread.is_none_or(|thread| event.thread == thread)
        };
        for event in events.iter().filter(shown) {
            let result = event.result.as_ref().map_or("", |result| &*result.status);
            html.push_str(&format!(
                "<tr class=\"{}\"><td>{}</td><td><code>{}</code></td><td>{}</td></tr>\n",
                event.kind.word(),
                event.n,
                escape(&sentence(event)),
                escape(result)
            ));
        }
        html.push_str("</tbody></table></div>\n");
        html
    }
}

/// An event as one would write the call: `proxy_log(level: info, message: "hello")`.
pub fn sentence(event: &Event) -> String {
    let args: Vec<String> = event
        .args
        .iter()
        .map(|arg| format!("{}: {}", arg.name, show(&arg.value)))
        .collect();
    format!("{}({})", event.name, args.join(", "))
}

fn show(value: &Value) -> String {
    match value {
        Value::Int(n) => n.to_string(),
        Value::Word(word) => word.to_string(),
        Value::Bytes(bytes) => quote(bytes),
        Value::Pairs(pairs) => {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(name, value)| format!("{}: {}", String::from_utf8_lossy(name), quote(value)))
                .collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

fn quote(bytes: &Bytes) -> String {
    match bytes.as_str() {
        Some(text) => format!("{text:?}"),
        None => format!("{} bytes", bytes.len()),
    }
}

/// A thread by Envoy's names.
fn thread(node: &Node) -> Result<u32, Problem> {
    match thread_number(node.as_str()?) {
        Some(thread) if thread <= 64 => Ok(thread),
        _ => Err(node.expected("main, or worker_0 and so on")),
    }
}
