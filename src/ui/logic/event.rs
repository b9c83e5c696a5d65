//! One event of the trace as a sentence, with its actor.

use super::text;
use crate::model::trace::{Arg, Event, Kind, Outcome, Value};

/// Who acts: each has a colour, a shape and a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The client.
    Client,
    /// The proxy and its native filters.
    Proxy,
    /// The Wasm module.
    Wasm,
    /// The host that serves the module.
    Host,
    /// The upstream.
    Upstream,
}

impl Actor {
    /// The actor's name in class attributes.
    pub fn class(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Proxy => "native",
            Self::Wasm => "wasm",
            Self::Host => "host",
            Self::Upstream => "upstream",
        }
    }
}

/// Who acts in an event.
pub fn actor(event: &Event) -> Actor {
    match event.kind {
        Kind::Callback | Kind::Trap => Actor::Wasm,
        Kind::HostCall | Kind::State => Actor::Host,
        Kind::Log if event.vm.is_some() => Actor::Wasm,
        Kind::Log | Kind::Chain | Kind::Cut => Actor::Proxy,
        Kind::Upstream => Actor::Upstream,
        Kind::Client => Actor::Client,
    }
}

/// The sort of event, in words.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Callback => say!(kind_callback),
        Kind::HostCall => say!(kind_host_call),
        Kind::Log => say!(kind_log),
        Kind::Chain => say!(kind_chain),
        Kind::Upstream => say!(kind_upstream),
        Kind::Client => say!(kind_client),
        Kind::State => say!(kind_state),
        Kind::Trap => say!(kind_trap),
        Kind::Cut => say!(kind_cut),
    }
}

/// The name without the ABI's prefix, which every call carries.
pub fn name(event: &Event) -> &str {
    event.name.strip_prefix("proxy_").unwrap_or(&event.name)
}

/// The arguments in one line: `request_headers, "x-hello", "world"`.
///
/// Numbers carry their names, flags are their names where they are set.
pub fn args(event: &Event) -> String {
    let words: Vec<String> = event.args.iter().filter_map(word).collect();
    words.join(", ")
}

/// The arguments as they stand behind the name: in brackets where it was called.
pub fn called(event: &Event) -> String {
    match event.kind {
        Kind::Callback | Kind::HostCall => format!("({})", args(event)),
        _ => format!(" {}", args(event)),
    }
}

/// The whole event in one line: `add_header_map_value(request_headers, "a", "b") → Ok`.
pub fn sentence(event: &Event) -> String {
    let result = event.result.as_ref().map(result).unwrap_or_default();
    let arrow = if result.is_empty() { "" } else { " → " };
    format!("{}{}{arrow}{result}", name(event), called(event))
}

fn word(arg: &Arg) -> Option<String> {
    match &arg.value {
        Value::Word(word) if word == "true" => Some(arg.name.to_string()),
        Value::Word(word) if word == "false" => None,
        Value::Int(n) => Some(format!("{} {n}", arg.name)),
        value => Some(short(value)),
    }
}

/// How it ended, in a word or two: `Ok`, `Ok "world"`.
pub fn result(outcome: &Outcome) -> String {
    match &outcome.value {
        Some(value) if outcome.status.is_empty() => short(value),
        Some(value) => format!("{} {}", outcome.status, short(value)),
        None => outcome.status.to_string(),
    }
}

/// The ABI's status words that say that a call did not do what was asked.
///
/// `Continue`, `Pause` and other results of callbacks are not among them.
pub fn failed(event: &Event) -> bool {
    const BAD: [&str; 13] = [
        "NotFound",
        "BadArgument",
        "SerializationFailure",
        "ParseFailure",
        "BadExpression",
        "InvalidMemoryAccess",
        "Empty",
        "CasMismatch",
        "ResultMismatch",
        "InternalFailure",
        "BrokenConnection",
        "Unimplemented",
        "Trap",
    ];
    event.kind == Kind::Trap
        || event.result.as_ref().is_some_and(|outcome| {
            let plain: String = outcome.status.chars().filter(|c| *c != '_').collect();
            BAD.iter().any(|bad| plain.eq_ignore_ascii_case(bad))
        })
}

/// A value in few characters.
pub fn short(value: &Value) -> String {
    match value {
        Value::Int(n) => n.to_string(),
        Value::Word(word) => word.to_string(),
        Value::Bytes(bytes) => match bytes.as_str() {
            Some(text) => format!(
                "\"{}\"",
                text::shorten(&text.escape_debug().to_string(), 48)
            ),
            None => format!(say!(binary), size = text::size(bytes.len() as u64)),
        },
        Value::Pairs(pairs) => match pairs.len() {
            1 => say!(pairs_one).into(),
            n => format!(say!(pairs_many), n = n),
        },
    }
}

/// A value in full, as lines.
pub fn full(value: &Value) -> Vec<String> {
    match value {
        Value::Int(n) => vec![n.to_string()],
        Value::Word(word) => vec![word.to_string()],
        Value::Bytes(bytes) => vec![text::show(bytes)],
        Value::Pairs(pairs) => pairs
            .iter()
            .map(|(name, value)| format!("{}: {}", text::show(name), text::show(value)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::trace::{Trace, arg};

    fn event(kind: Kind, result: Option<Outcome>) -> Event {
        let mut trace = Trace::new(true, 8);
        trace.record(
            kind,
            "proxy_add_header_map_value",
            Some(1),
            Some(2),
            vec![
                arg("map_type", "request_headers"),
                arg("key", &b"x-hello"[..]),
                arg("value", &[0xff_u8][..]),
            ],
            result,
        );
        trace.events.remove(0)
    }

    #[test]
    fn a_host_call_reads_as_a_sentence() {
        let event = event(Kind::HostCall, Some(Outcome::status("Ok")));
        assert_eq!(name(&event), "add_header_map_value");
        assert_eq!(args(&event), "request_headers, \"x-hello\", 1 B of binary");
        assert_eq!(
            sentence(&event),
            "add_header_map_value(request_headers, \"x-hello\", 1 B of binary) → Ok"
        );
        assert_eq!(actor(&event), Actor::Host);
        assert!(!failed(&event));
    }

    #[test]
    fn numbers_and_flags_carry_their_names() {
        let mut trace = Trace::new(true, 8);
        let args_of = vec![
            arg("num_headers", 6_u32),
            arg("end_of_stream", "true"),
            arg("reused", "false"),
        ];
        trace.record(Kind::Chain, "x", None, None, args_of, None);
        assert_eq!(args(&trace.events[0]), "num_headers 6, end_of_stream");
    }

    #[test]
    fn failures_are_told_from_results() {
        assert!(failed(&event(
            Kind::HostCall,
            Some(Outcome::status("UNIMPLEMENTED"))
        )));
        assert!(!failed(&event(
            Kind::Callback,
            Some(Outcome::status("Pause"))
        )));
        assert!(failed(&event(Kind::Trap, None)));
    }

    #[test]
    fn values_show_in_full() {
        let pairs = Value::Pairs(vec![("a".into(), "1".into()), ("b".into(), "2".into())]);
        assert_eq!(short(&pairs), "2 pairs");
        assert_eq!(full(&pairs), ["a: 1", "b: 2"]);
    }
}
