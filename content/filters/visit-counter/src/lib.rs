//! Counts requests in shared data, under the key `visits`.
//!
//! Without configuration it reads the number and writes the next one. Another thread may do the
//! same in between, and one visit is lost. Configured with `cas`, it writes only if nobody has
//! written since it read, and begins again otherwise. A key that was never written has no version
//! to compare, so that mode writes a 0 before the first request.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

const KEY: &str = "visits";

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_context_id| Box::new(Root { cas: false }));
}}

struct Root {
    cas: bool,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _configuration_size: usize) -> bool {
        let configuration = self.get_plugin_configuration().unwrap_or_default();
        self.cas = configuration == b"cas";
        if self.cas && self.get_shared_data(KEY).0.is_none() {
            let _ = self.set_shared_data(KEY, Some(b"0"), None);
        }
        // Anything else would be counted in a way that nobody asked for.
        self.cas || configuration.is_empty()
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(VisitCounter { cas: self.cas }))
    }
}

struct VisitCounter {
    cas: bool,
}

impl VisitCounter {
    /// One try; `false` when another thread was faster.
    fn count(&self) -> bool {
        let (value, version) = self.get_shared_data(KEY);
        let visits = value.and_then(|digits| String::from_utf8(digits.to_vec()).ok());
        let visits: u64 = visits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let next = (visits + 1).to_string();
        // Without a version the write always wins.
        let version = if self.cas { version } else { None };
        self.set_shared_data(KEY, Some(next.as_bytes()), version)
            .is_ok()
    }
}

impl Context for VisitCounter {}

impl HttpContext for VisitCounter {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        while !self.count() {}
        Action::Continue
    }
}
