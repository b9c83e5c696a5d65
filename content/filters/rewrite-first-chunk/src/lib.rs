//! Means to replace `secret` by `[redacted]` in response bodies, and takes the first chunk for the
//! whole of it.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, LogLevel};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_http_context(|_context_id, _root_context_id| Box::<RewriteBody>::default());
}}

#[derive(Default)]
struct RewriteBody {
    rewritten: bool,
}

impl RewriteBody {
    /// Rewrites what there is of the body.
    fn rewrite(&self) {
        if let Some(body) = self.get_http_response_body(0, usize::MAX) {
            self.set_http_response_body(0, body.len(), &redact(&body));
        }
    }
}

/// Works on bytes: what surrounds the word need not be text.
fn redact(mut body: &[u8]) -> Vec<u8> {
    let mut redacted = Vec::with_capacity(body.len());
    while let Some((&first, tail)) = body.split_first() {
        match body.strip_prefix(b"secret") {
            Some(after) => {
                redacted.extend_from_slice(b"[redacted]");
                body = after;
            }
            None => {
                redacted.push(first);
                body = tail;
            }
        }
    }
    redacted
}

impl Context for RewriteBody {}

impl HttpContext for RewriteBody {
    fn on_http_response_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        if !end_of_stream {
            // The body may get another length, and these headers leave before it does.
            self.set_http_response_header("content-length", None);
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, _body_size: usize, _end_of_stream: bool) -> Action {
        if !self.rewritten {
            self.rewrite();
            self.rewritten = true;
        }
        Action::Continue
    }
}
