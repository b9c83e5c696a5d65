//! The guests' common job (`../../README.md`) with the published `proxy-wasm` crate.
//!
//! Built for wasm32-unknown-unknown, and for wasm32-wasip1, where the standard library works: there
//! it also prints, reads the environment and the clock, and draws random numbers at its start.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

/// What this build calls itself.
const SDK: &str = if cfg!(target_os = "wasi") {
    "rust-wasip1"
} else {
    "rust"
};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}

struct Root;

impl Context for Root {}

impl RootContext for Root {
    fn on_vm_start(&mut self, _size: usize) -> bool {
        let configuration = self.get_vm_configuration().unwrap_or_default();
        let text = String::from_utf8_lossy(&configuration);
        let _ = proxy_wasm::hostcalls::log(LogLevel::Info, &format!("configuration: {text}"));
        #[cfg(target_os = "wasi")]
        standard_library();
        true
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream {
            path: String::new(),
            bytes: 0,
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// Uses what WASI gives to the standard library, and prints what it got.
#[cfg(target_os = "wasi")]
fn standard_library() {
    use std::collections::HashMap;
    use std::hash::{BuildHasher, RandomState};
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    let mut environment: Vec<(String, String)> = std::env::vars().collect();
    environment.sort();
    println!("environment: {environment:?}");
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    println!("clock: {} s", since.map_or(0, |since| since.as_secs()));
    println!("elapsed: {:?}", Instant::now().elapsed().as_secs());
    let numbers: HashMap<&str, u32> = HashMap::from([("one", 1), ("two", 2)]);
    println!("map: {}", numbers["one"] + numbers["two"]);
    println!("random: {:016x}", RandomState::new().hash_one("seed"));
    eprintln!("arguments: {}", std::env::args().count());
}

struct Stream {
    path: String,
    bytes: usize,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        self.path = self.get_http_request_header(":path").unwrap_or_default();
        if self.path == "/deny" {
            let body = format!("denied by {SDK}");
            self.send_http_response(403, vec![], Some(body.as_bytes()));
            return Action::Pause;
        }
        self.add_http_request_header("x-sdk", SDK);
        Action::Continue
    }

    fn on_http_request_body(&mut self, size: usize, _end_of_stream: bool) -> Action {
        self.bytes += size;
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        self.add_http_response_header("x-bytes", &self.bytes.to_string());
        Action::Continue
    }

    fn on_log(&mut self) {
        let line = format!("{} done, {} bytes", self.path, self.bytes);
        let _ = proxy_wasm::hostcalls::log(LogLevel::Info, &line);
    }
}
