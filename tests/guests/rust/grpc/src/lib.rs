//! A filter that asks a gRPC service before it lets a request through: by a call, or by a stream for
//! `/watch`. It must not know the host it runs in.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, LogLevel};
use std::time::Duration;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_http_context(|_, _| Box::new(Asks::default()));
}}

const SERVICE: &str = "users.v1.Users";

#[derive(Default)]
struct Asks {
    stream: Option<u32>,
    names: Vec<String>,
}

impl HttpContext for Asks {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        let path = self.get_http_request_header(":path").unwrap_or_default();
        let metadata = vec![("x-path", path.as_bytes())];
        if path == "/watch" {
            match self.open_grpc_stream("directory", SERVICE, "Watch", metadata) {
                Ok(token) => {
                    self.send_grpc_stream_message(token, Some(b"names"), false);
                    self.send_grpc_stream_message(token, Some(b"please"), true);
                    self.stream = Some(token);
                }
                Err(status) => tell(&format!("no stream: {status:?}")),
            }
        } else {
            let timeout = Duration::from_millis(250);
            let called =
                self.dispatch_grpc_call("directory", SERVICE, "Get", metadata, Some(b"who"), timeout);
            if let Err(status) = called {
                tell(&format!("no call: {status:?}"));
            }
        }
        Action::Pause
    }
}

impl Context for Asks {
    fn on_grpc_call_response(&mut self, _: u32, code: u32, size: usize) {
        if code == 0 {
            let name = text(self.get_grpc_call_response_body(0, size));
            self.add_http_request_header("x-user", &name);
            self.resume_http_request();
        } else {
            let (status, message) = self.get_grpc_status();
            let body = format!("{code} {status} {}", message.unwrap_or_default());
            self.send_http_response(503, vec![], Some(body.as_bytes()));
        }
    }

    fn on_grpc_stream_initial_metadata(&mut self, _: u32, _: u32) {
        let value = self.get_grpc_stream_initial_metadata_value("x-page");
        tell(&format!("page {}", text(value)));
    }

    fn on_grpc_stream_message(&mut self, _: u32, size: usize) {
        let name = text(self.get_grpc_stream_message(0, size));
        self.names.push(name);
    }

    fn on_grpc_stream_trailing_metadata(&mut self, _: u32, _: u32) {
        let value = self.get_grpc_stream_trailing_metadata_value("x-total");
        tell(&format!("total {}", text(value)));
    }

    fn on_grpc_stream_close(&mut self, token: u32, code: u32) {
        tell(&format!("closed {code}, ours: {}", self.stream == Some(token)));
        self.add_http_request_header("x-users", &self.names.join(" "));
        self.resume_http_request();
    }
}

fn tell(line: &str) {
    let _ = proxy_wasm::hostcalls::log(LogLevel::Info, line);
}

fn text(bytes: Option<Vec<u8>>) -> String {
    String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
}
