//! Lets a request pass when its `x-api-key` is one of the keys in the plugin configuration.
//!
//! The configuration is text, one key per line. Without a key there is nothing to check
//! against, so such a configuration is refused.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use std::rc::Rc;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_context_id| Box::new(Root::default()));
}}

#[derive(Default)]
struct Root {
    keys: Rc<Vec<String>>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        match parse_keys(&self.get_plugin_configuration().unwrap_or_default()) {
            Ok(keys) => {
                log::info!("{} keys loaded", keys.len());
                self.keys = Rc::new(keys);
                true
            }
            Err(reason) => {
                log::error!("bad configuration: {reason}");
                false
            }
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        let keys = Rc::clone(&self.keys);
        Some(Box::new(ApiKey { keys }))
    }
}

/// Reads one key per line. Empty lines do not count.
fn parse_keys(text: &[u8]) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8 text")?;
    let mut keys = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !line.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!(
                "key {} has a character that no header can carry",
                keys.len() + 1
            ));
        }
        keys.push(line.to_string());
    }
    if keys.is_empty() {
        return Err("it has no key; write one per line".to_string());
    }
    Ok(keys)
}

struct ApiKey {
    keys: Rc<Vec<String>>,
}

impl Context for ApiKey {}

impl HttpContext for ApiKey {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        let given = self.get_http_request_header_bytes("x-api-key");
        if given.is_some_and(|given| self.keys.iter().any(|key| key.as_bytes() == given)) {
            // The key has done its work. The upstream need not learn it.
            self.set_http_request_header("x-api-key", None);
            return Action::Continue;
        }
        let headers = vec![("www-authenticate", "ApiKey")];
        self.send_http_response(401, headers, Some(b"Send a valid x-api-key.\n"));
        Action::Pause
    }
}
