//! Panics when a request has a header `x-boom`: a filter to learn what a trap does.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_http_context(|_context_id, _root_context_id| Box::new(Panic));
}}

struct Panic;

impl Context for Panic {}

impl HttpContext for Panic {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        if self.get_http_request_header_bytes("x-boom").is_some() {
            panic!("x-boom asked for it");
        }
        Action::Continue
    }
}
