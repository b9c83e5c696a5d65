//! Guests of the tests: a few lines of script for each callback, made into WebAssembly text.
//!
//! One command on a line; the statuses of host calls are read from the trace. Commands:
//! `log T` · `get MAP K` · `pairs MAP` · `add|set MAP K V` · `del MAP K` · `body BUF` ·
//! `put BUF START LEN T` · `prop a.b` · `setprop K V` · `reply CODE BODY [K=V ...]` ·
//! `continue N` · `close N` · `call CLUSTER MS [K=V ...]` · `effective ID` · `tick MS` ·
//! `share K V CAS` · `cas K V` (with the number last read) · `shared K` · `queue NAME` · `enqueue TOKEN V` · `dequeue TOKEN` · `metric NAME` · `count ID N` ·
//! `foreign NAME HEX` · `foreign_again NAME` (with the result of the last one as its argument) ·
//! `grpc SERVICE MS MESSAGE [K=V ...]` · `gstream SERVICE [K=V ...]` (to the method `/test.Echo/Say`; a
//! service `hex:…` is bytes) · `gsend TOKEN END MESSAGE` · `gcancel TOKEN` · `gclose TOKEN` · `status` · `done` ·
//! `return N` · `unless_end N` (returns N unless end_of_stream) · `unless_context ID N` · `trap`.

use proxy_wasm_tour::abi::{callback, host_call};

/// Text at the start of memory, interned.
#[derive(Default)]
struct Data(Vec<u8>);

impl Data {
    /// Pointer and size of a text as two constants.
    fn text(&mut self, text: &str) -> String {
        self.bytes(text.as_bytes())
    }

    /// Pointer and size of bytes as two constants.
    fn bytes(&mut self, bytes: &[u8]) -> String {
        let at = 1024 + self.0.len();
        self.0.extend(bytes);
        format!("(i32.const {at}) (i32.const {})", bytes.len())
    }

    /// Pointer and size of a gRPC service: a cluster's name, or bytes written as `hex:…`.
    fn service(&mut self, word: &str) -> String {
        let Some(hex) = word.strip_prefix("hex:") else {
            return self.text(word);
        };
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(digits).collect();
        self.bytes(&bytes)
    }

    /// Pointer and size of header pairs in their wire form.
    fn pairs(&mut self, words: &[&str]) -> String {
        let pairs: Vec<(&str, &str)> = words.iter().map(|w| w.split_once('=').unwrap()).collect();
        let mut out = (pairs.len() as u32).to_le_bytes().to_vec();
        for (key, value) in &pairs {
            out.extend((key.len() as u32).to_le_bytes());
            out.extend((value.len() as u32).to_le_bytes());
        }
        for (key, value) in &pairs {
            out.extend(format!("{key}\0{value}\0").bytes());
        }
        self.text(&String::from_utf8(out).unwrap())
    }
}

/// The module's text for a list of callbacks with their scripts.
pub(crate) fn guest(callbacks: &[(&str, &str)]) -> String {
    let mut data = Data::default();
    let mut used: Vec<&'static str> = Vec::new();
    let mut functions = String::new();
    for (name, script) in callbacks {
        let full = format!("proxy_{name}");
        let entry = callback(&full).unwrap_or_else(|| panic!("{full}"));
        let params = "i32 ".repeat(entry.params.len());
        let returns = entry.returns.wasm().len() == 1;
        let result = if returns { "(result i32)" } else { "" };
        let mut body = String::new();
        for line in script
            .split(['\n', ';'])
            .map(str::trim)
            .filter(|l| !l.is_empty())
        {
            body += &command(line, &mut data, &mut used);
        }
        let tail = match (returns, *name) {
            (true, "on_vm_start" | "on_configure" | "on_done") => "(i32.const 1)",
            (true, _) => "(i32.const 0)",
            (false, _) => "",
        };
        functions +=
            &format!("(func (export \"{full}\") (param {params}) {result} {body} {tail})\n");
    }
    let imports: String = used
        .iter()
        .map(|name| {
            let call = host_call("env", name).unwrap();
            let params: Vec<_> = call.wasm_params().iter().map(ToString::to_string).collect();
            format!(
                "(import \"env\" \"{name}\" (func ${name} (param {}) (result i32)))\n",
                params.join(" ")
            )
        })
        .collect();
    let escaped: String = data.0.iter().map(|b| format!("\\{b:02x}")).collect();
    format!(
        "(module {imports} (memory (export \"memory\") 40)
  (global $heap (mut i32) (i32.const 131072))
  (func (export \"malloc\") (param i32) (result i32)
    (global.get $heap) (global.set $heap (i32.add (global.get $heap) (local.get 0))))
  (func (export \"proxy_abi_version_0_2_1\"))
  (data (i32.const 1024) \"{escaped}\")
  {functions})"
    )
}

fn command(line: &str, data: &mut Data, used: &mut Vec<&'static str>) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let rest = line.split_once(' ').map_or("", |(_, rest)| rest);
    let number = |at: usize| format!("(i32.const {})", words[at].parse::<i64>().unwrap() as i32);
    let out = "(i32.const 0) (i32.const 4)";
    // A foreign function takes a pointer of 0 for a result that is not wanted.
    let result = "(i32.const 16) (i32.const 20)";
    let mut call = |name: &'static str, args: String| {
        if !used.contains(&name) {
            used.push(name);
        }
        format!("(drop (call ${name} {args}))\n")
    };
    match words[0] {
        "log" => {
            let text = data.text(rest);
            call("proxy_log", format!("(i32.const 2) {text}"))
        }
        "get" => {
            let args = format!("{} {} {out}", map(words[1]), data.text(words[2]));
            call("proxy_get_header_map_value", args)
        }
        "pairs" => call(
            "proxy_get_header_map_pairs",
            format!("{} {out}", map(words[1])),
        ),
        verb @ ("add" | "set") => {
            let args = format!(
                "{} {} {}",
                map(words[1]),
                data.text(words[2]),
                data.text(words[3])
            );
            match verb {
                "add" => call("proxy_add_header_map_value", args),
                _ => call("proxy_replace_header_map_value", args),
            }
        }
        "del" => {
            let args = format!("{} {}", map(words[1]), data.text(words[2]));
            call("proxy_remove_header_map_value", args)
        }
        "body" => {
            let args = format!("{} (i32.const 0) (i32.const 100000000) {out}", number(1));
            call("proxy_get_buffer_bytes", args)
        }
        "put" => {
            let text = data.text(words.get(4).unwrap_or(&""));
            call(
                "proxy_set_buffer_bytes",
                format!("{} {} {} {text}", number(1), number(2), number(3)),
            )
        }
        "prop" => {
            let path = data.text(&words[1].replace('.', "\0"));
            call("proxy_get_property", format!("{path} {out}"))
        }
        "prop_raw" => {
            let path = data.text(&rest.replace("\\0", "\0"));
            call("proxy_get_property", format!("{path} {out}"))
        }
        "setprop_raw" => {
            let path = data.text(&words[1].replace("\\0", "\0"));
            let args = format!("{path} {}", data.text(words[2]));
            call("proxy_set_property", args)
        }
        "setprop" => {
            let args = format!("{} {}", data.text(words[1]), data.text(words[2]));
            call("proxy_set_property", args)
        }
        "reply" => {
            let details = data.text("my details");
            let body = data.text(words.get(2).filter(|w| **w != "-").unwrap_or(&""));
            let pairs = data.pairs(words.get(3..).unwrap_or(&[]));
            call(
                "proxy_send_local_response",
                format!("{} {details} {body} {pairs} (i32.const -1)", number(1)),
            )
        }
        "continue" => call("proxy_continue_stream", number(1)),
        "close" => call("proxy_close_stream", number(1)),
        "call" => {
            let cluster = data.text(words[1]);
            let pairs = data.pairs(&words[3..]);
            let none = "(i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)";
            call(
                "proxy_http_call",
                format!("{cluster} {pairs} {none} {} (i32.const 8)", number(2)),
            )
        }
        "grpc" => {
            let service = data.service(words[1]);
            let method = format!("{} {}", data.text("test.Echo"), data.text("Say"));
            let pairs = data.pairs(words.get(4..).unwrap_or(&[]));
            let message = data.text(words.get(3).filter(|w| **w != "-").unwrap_or(&""));
            let args = format!("{service} {method} {pairs} {message} {}", number(2));
            call("proxy_grpc_call", format!("{args} (i32.const 8)"))
        }
        "gstream" => {
            let service = data.service(words[1]);
            let method = format!("{} {}", data.text("test.Echo"), data.text("Say"));
            let pairs = data.pairs(words.get(2..).unwrap_or(&[]));
            call(
                "proxy_grpc_stream",
                format!("{service} {method} {pairs} (i32.const 8)"),
            )
        }
        "gsend" => {
            let message = data.text(words.get(3).filter(|w| **w != "-").unwrap_or(&""));
            call(
                "proxy_grpc_send",
                format!("{} {message} {}", number(1), number(2)),
            )
        }
        "gcancel" => call("proxy_grpc_cancel", number(1)),
        "gclose" => call("proxy_grpc_close", number(1)),
        "status" => call("proxy_get_status", format!("(i32.const 12) {out}")),
        "done" => call("proxy_done", String::new()),
        "effective" => call("proxy_set_effective_context", number(1)),
        "tick" => call("proxy_set_tick_period_milliseconds", number(1)),
        "share" => {
            let args = format!(
                "{} {} {}",
                data.text(words[1]),
                data.text(words[2]),
                number(3)
            );
            call("proxy_set_shared_data", args)
        }
        "cas" => {
            let args = format!(
                "{} {} (i32.load (i32.const 8))",
                data.text(words[1]),
                data.text(words[2])
            );
            call("proxy_set_shared_data", args)
        }
        "shared" => call(
            "proxy_get_shared_data",
            format!("{} {out} (i32.const 8)", data.text(words[1])),
        ),
        "queue" => call(
            "proxy_register_shared_queue",
            format!("{} (i32.const 8)", data.text(words[1])),
        ),
        "enqueue" => call(
            "proxy_enqueue_shared_queue",
            format!("{} {}", number(1), data.text(words[2])),
        ),
        "dequeue" => call("proxy_dequeue_shared_queue", format!("{} {out}", number(1))),
        "metric" => call(
            "proxy_define_metric",
            format!(
                "(i32.const {}) {} (i32.const 8)",
                words.get(2).copied().unwrap_or("0"),
                data.text(words[1])
            ),
        ),
        "record" => call(
            "proxy_record_metric",
            format!("{} (i64.const {})", number(1), words[2]),
        ),
        "count" => call(
            "proxy_increment_metric",
            format!("{} (i64.const {})", number(1), words[2]),
        ),
        "config" => call(
            "proxy_get_buffer_bytes",
            format!("{} (i32.const 0) (i32.const 100000) {out}", number(1)),
        ),
        "foreign" => {
            let name = data.text(words[1]);
            let digits = words.get(2).copied().unwrap_or_default().as_bytes();
            let argument: Vec<u8> = digits
                .chunks(2)
                .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
                .collect();
            let argument = data.bytes(&argument);
            call(
                "proxy_call_foreign_function",
                format!("{name} {argument} {result}"),
            )
        }
        "foreign_again" => {
            let name = data.text(words[1]);
            let last = "(i32.load (i32.const 16)) (i32.load (i32.const 20))";
            call(
                "proxy_call_foreign_function",
                format!("{name} {last} {result}"),
            )
        }
        "return" => format!("(return {})\n", number(1)),
        "unless_context" => format!(
            "(if (i32.ne (local.get 0) {}) (then (return {})))\n",
            number(1),
            number(2)
        ),
        "unless_end" => format!(
            "(if (i32.eqz (local.get 2)) (then (return {})))\n",
            number(1)
        ),
        "trap" => "(unreachable)\n".to_owned(),
        other => panic!("no command {other}"),
    }
}

fn map(word: &str) -> String {
    let all = [
        "request",
        "request_trailers",
        "response",
        "response_trailers",
        "grpc_initial",
        "grpc_trailing",
        "call",
        "call_trailers",
    ];
    let at = all
        .iter()
        .position(|name| *name == word)
        .unwrap_or_else(|| panic!("no map {word}"));
    format!("(i32.const {at})")
}
