//! Lets three requests pass in ten seconds and answers 429 to the rest: a first attempt.
//!
//! The count lives in this VM. A proxy with four workers has four VMs, so it lets up to
//! twelve requests pass.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const LIMIT: u32 = 3;
const WINDOW: Duration = Duration::from_secs(10);

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_context_id| Box::new(Root::default()));
}}

struct Window {
    began: SystemTime,
    passed: u32,
}

struct Root {
    window: Rc<RefCell<Window>>,
}

impl Default for Root {
    fn default() -> Self {
        let window = Window {
            began: UNIX_EPOCH,
            passed: 0,
        };
        Self {
            window: Rc::new(RefCell::new(window)),
        }
    }
}

impl Context for Root {}

impl RootContext for Root {
    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        let window = Rc::clone(&self.window);
        Some(Box::new(RateLimiter { window }))
    }
}

struct RateLimiter {
    window: Rc<RefCell<Window>>,
}

impl Context for RateLimiter {}

impl HttpContext for RateLimiter {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        let now = self.get_current_time();
        let mut window = self.window.borrow_mut();
        // A clock that was set back counts as no time passed.
        let mut age = now.duration_since(window.began).unwrap_or_default();
        if age >= WINDOW {
            *window = Window {
                began: now,
                passed: 0,
            };
            age = Duration::ZERO;
        }
        if window.passed < LIMIT {
            window.passed += 1;
            return Action::Continue;
        }
        let wait = (WINDOW - age).as_millis().div_ceil(1000).to_string();
        let headers = vec![("retry-after", wait.as_str())];
        self.send_http_response(429, headers, Some(b"Too many requests.\n"));
        Action::Pause
    }
}
