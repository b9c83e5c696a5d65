//! Lets a TCP connection pass when its first bytes are the ones in the plugin configuration.
//!
//! A TCP filter gets bytes as they come, in pieces of any size. As long as too few are here to
//! tell, it pauses: the next call then brings them again, with the new ones behind.

use proxy_wasm::traits::{Context, RootContext, StreamContext};
use proxy_wasm::types::{Action, ContextType, LogLevel, PeerType};
use std::rc::Rc;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_context_id| Box::new(Root::default()));
}}

#[derive(Default)]
struct Root {
    greeting: Rc<Vec<u8>>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        self.greeting = Rc::new(self.get_plugin_configuration().unwrap_or_default());
        !self.greeting.is_empty()
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::StreamContext)
    }

    fn create_stream_context(&self, _context_id: u32) -> Option<Box<dyn StreamContext>> {
        let greeting = Rc::clone(&self.greeting);
        let known = false;
        Some(Box::new(Guard { greeting, known }))
    }
}

struct Guard {
    greeting: Rc<Vec<u8>>,
    /// Whether this client has said the greeting.
    known: bool,
}

impl Context for Guard {}

impl StreamContext for Guard {
    fn on_downstream_data(&mut self, data_size: usize, end_of_stream: bool) -> Action {
        if self.known {
            return Action::Continue;
        }
        let wanted = self.greeting.len().min(data_size);
        let first = self.get_downstream_data(0, wanted).unwrap_or_default();
        let fits = self.greeting.starts_with(&first);
        if fits && first.len() == self.greeting.len() {
            self.known = true;
            return Action::Continue;
        }
        if !fits || end_of_stream {
            log::warn!("closed after {data_size} bytes");
            self.close_downstream();
        }
        Action::Pause
    }

    fn on_downstream_close(&mut self, peer: PeerType) {
        log::info!("closed by {peer:?}, known: {}", self.known);
    }
}
