//! Loops for ever when the path is `/spin`: a filter to learn what a host's limits are for.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_http_context(|_context_id, _root_context_id| Box::new(Spin));
}}

struct Spin;

impl Context for Spin {}

impl HttpContext for Spin {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        if self.get_http_request_header_bytes(":path").as_deref() == Some(b"/spin") {
            loop {
                std::hint::spin_loop();
            }
        }
        Action::Continue
    }
}
