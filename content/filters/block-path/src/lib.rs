//! Answers 403 for `/admin` and everything below it. The upstream never sees such a request.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_http_context(|_context_id, _root_context_id| Box::new(BlockPath));
}}

struct BlockPath;

impl Context for BlockPath {}

impl HttpContext for BlockPath {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        let path = self
            .get_http_request_header_bytes(":path")
            .unwrap_or_default();
        if is_blocked(&path) {
            let headers = vec![("content-type", "text/plain")];
            self.send_http_response(403, headers, Some(b"Not for you.\n"));
            // The reply is on its way, so this request must go no further.
            return Action::Pause;
        }
        Action::Continue
    }
}

/// `/admin`, `/admin?x=1` and `/admin/users`, but not `/administrator`.
fn is_blocked(path: &[u8]) -> bool {
    match path.strip_prefix(b"/admin") {
        Some(rest) => matches!(rest.first(), None | Some(b'/' | b'?')),
        None => false,
    }
}
