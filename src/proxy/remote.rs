//! Remote code: it is fetched while the configuration loads, and the listener waits for it.
//!
//! Envoy's `RemoteAsyncDataProvider`: an answer of 200 whose SHA-256 is the configured one, or
//! another attempt after a back-off, up to `num_retries`. In the end a plugin without code is there
//! all the same, with no VM: each stream then finds what its failure policy says.

use super::clock::Weight;
use super::config::{Code, FailurePolicy, Remote};
use super::shared::{Purpose, Shared};
use super::task::{Boot, Role, Task};
use crate::abi::LogLevel;
use crate::model::trace::{Kind, Outcome, arg};
use std::collections::BTreeSet;

/// Envoy's cache of remote code, as far as a scenario that loads one configuration needs it.
#[derive(Debug, Default)]
pub(super) struct CodeCache {
    /// The SHA-256 of what is being fetched, or was.
    asked: BTreeSet<String>,
}

impl Shared {
    fn remote_of(&self, plugin: usize) -> Option<Remote> {
        match &self.plugins[plugin].config.code {
            Code::Remote(remote) => Some((**remote).clone()),
            _ => None,
        }
    }

    /// A plugin's code is asked for, or asked for again.
    pub(super) fn fetch_code(&mut self, plugin: usize, attempt: u32) {
        let Some(remote) = self.remote_of(plugin).filter(|_| self.rejected.is_none()) else {
            return;
        };
        if attempt == 0 && !self.code_asked(plugin, &remote) {
            return;
        }
        if self.trace.capture {
            let args = vec![
                arg("plugin", self.plugins[plugin].config.name.as_bytes()),
                arg("uri", remote.uri.as_bytes()),
                arg("attempt", attempt),
            ];
            self.record(Kind::Chain, "fetch_code", None, None, args);
        }
        let delay = self.plugins[plugin]
            .fetch
            .as_ref()
            .map_or(0, |f| f.delay_ns);
        let task = Task::CodeFetched(plugin, attempt);
        self.clock.after(delay, 0, task, Weight::Work);
    }

    /// The cache is looked at. False when the configuration is rejected instead of waiting.
    fn code_asked(&mut self, plugin: usize, remote: &Remote) -> bool {
        if remote.agent {
            // Envoy's cache never hears of what Istio's agent fetches.
            return true;
        }
        let new = self.code_cache.asked.insert(remote.sha256.clone());
        let entries = self.code_cache.asked.len() as u64;
        self.remote_stat("remote_load_cache_misses", 1);
        let stats = &mut self.state.stats;
        stats.insert("wasm.remote_load_cache_entries".to_owned(), entries);
        if !new {
            // Another plugin is fetching it. Envoy says that it has failed, twice, and fetches on.
            self.remote_stat("remote_load_cache_negative_hits", 1);
            for how in ["in progress", "cached"] {
                let line = format!("createWasm: failed to load ({how}) from {}", remote.uri);
                self.own_log(LogLevel::Warn, line);
            }
        }
        if self.plugins[plugin].config.nack_on_miss {
            let name = self.plugins[plugin].config.name.clone();
            let line = format!("Failed to load Wasm code (fetching) from {}", remote.uri);
            self.own_log(LogLevel::Trace, line);
            self.reject(&name);
            return false;
        }
        true
    }

    /// An attempt is over.
    pub(super) fn code_fetched(&mut self, plugin: usize, attempt: u32) {
        let (Some(remote), Some(fetch)) =
            (self.remote_of(plugin), self.plugins[plugin].fetch.clone())
        else {
            return;
        };
        let failure = match attempt < fetch.failures {
            true => Some("the status is 503".to_owned()),
            false => fetch.fails,
        };
        if self.trace.capture {
            let name = self.plugins[plugin].config.name.as_bytes();
            let args = vec![arg("plugin", name), arg("attempt", attempt)];
            let event = self.record(Kind::Chain, "code_fetched", None, None, args);
            let outcome = Outcome {
                status: if failure.is_some() {
                    "failed"
                } else {
                    "fetched"
                }
                .into(),
                reason: failure.clone().unwrap_or_default().into(),
                ..Outcome::default()
            };
            self.trace.close(event, Some(outcome), None);
        }
        match failure {
            Some(why) => {
                let line = format!("fetch remote data [uri = {}]: {why}", remote.uri);
                self.own_log(LogLevel::Debug, line);
                self.fetch_again(plugin, attempt, &remote);
            }
            None => {
                if !remote.agent {
                    self.remote_stat("remote_load_fetch_successes", 1);
                }
                match fetch.broken {
                    Some(why) => {
                        self.own_log(LogLevel::Error, why);
                        self.plugin_without_code(plugin);
                    }
                    None => self.boot_fetched(plugin),
                }
            }
        }
    }

    fn fetch_again(&mut self, plugin: usize, attempt: u32, remote: &Remote) {
        if attempt == remote.retries {
            if !remote.agent {
                self.remote_stat("remote_load_fetch_failures", 1);
            }
            self.plugin_without_code(plugin);
            return;
        }
        // Full jitter: anything up to an interval that doubles.
        let doubled = remote.backoff_ns.saturating_mul(1 << attempt.min(32));
        let wait = self.random.below(doubled.min(remote.backoff_max_ns).max(1));
        let task = Task::FetchCode(plugin, attempt + 1);
        self.clock.after(wait, 0, task, Weight::Work);
    }

    /// The plugin starts as one whose code was at hand.
    fn boot_fetched(&mut self, plugin: usize) {
        let key = self.plugins[plugin].key;
        let is_base = |vm: &super::shared::VmInfo| {
            vm.role == Role::Base && !vm.failed && self.plugins[vm.plugin].key == key
        };
        let role = match self.vms.iter().any(is_base) {
            true => Role::Canary,
            false => Role::Base,
        };
        self.push_front(Task::Boot(Boot::new(plugin, role)));
    }

    /// The plugin goes on without a VM, on each thread that would have one.
    pub(super) fn plugin_without_code(&mut self, plugin: usize) {
        let config = &self.plugins[plugin].config;
        if config.policy == FailurePolicy::Open {
            return;
        }
        let threads = match self.plugins[plugin].purpose {
            Purpose::Service { singleton: true } => 1,
            _ => self.threads.len(),
        };
        let running = self.thread;
        for thread in 0..threads {
            self.enter(thread);
            let line = "Plugin configured to fail closed failed to load".to_owned();
            self.own_log(LogLevel::Critical, line);
        }
        self.enter(running);
    }

    /// Envoy does not take the configuration.
    pub(super) fn reject(&mut self, name: &str) {
        let message = format!("Unable to create Wasm plugin {name}");
        self.own_log(LogLevel::Critical, message.clone());
        self.rejected = Some(message);
    }

    fn remote_stat(&mut self, name: &str, by: u64) {
        let stat = self.state.stats.entry(format!("wasm.{name}")).or_insert(0);
        *stat += by;
    }
}
