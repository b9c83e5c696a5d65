//! Logs every request and response header at level info, and changes nothing.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, Bytes, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_http_context(|context_id, _root_context_id| Box::new(LogHeaders { context_id }));
}}

struct LogHeaders {
    context_id: u32,
}

impl LogHeaders {
    fn log(&self, direction: &str, headers: Vec<(String, Bytes)>) {
        for (name, value) in headers {
            // A header value is bytes. Only the log needs text.
            let value = String::from_utf8_lossy(&value);
            log::info!("#{} {direction} {name}: {value}", self.context_id);
        }
    }
}

impl Context for LogHeaders {}

impl HttpContext for LogHeaders {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        self.log("->", self.get_http_request_headers_bytes());
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        self.log("<-", self.get_http_response_headers_bytes());
        Action::Continue
    }
}
