//! How streams end: resets, clients that leave, access logs, and the filters' last callbacks.

use super::shared::Shared;
use super::stream::Life;
use super::task::{Call, Task};
use crate::model::report::ExchangeOutcome;
use crate::model::trace::{Kind, Outcome, arg};

impl Shared {
    /// The stream is reset towards the client.
    pub(super) fn reset(&mut self, index: usize) {
        self.http_stat("downstream_rq_tx_reset", 1);
        self.record_reset(index, "reset");
        self.finish(index, ExchangeOutcome::Reset);
    }

    /// The client goes away.
    pub(super) fn client_gone(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        if stream.life != Life::Running {
            return;
        }
        stream.flag("DC");
        stream.info.details = "downstream_remote_disconnect".to_owned();
        self.http_stat("downstream_rq_rx_reset", 1);
        self.record_reset(index, "disconnect");
        self.finish(index, ExchangeOutcome::Reset);
    }

    fn record_reset(&mut self, index: usize, name: &'static str) {
        if self.trace.capture {
            let args = vec![arg("stream", index)];
            self.record(Kind::Client, name, None, None, args);
        }
    }

    /// Both sides are done: access logs, then the filters' ends.
    pub(super) fn finish(&mut self, index: usize, outcome: ExchangeOutcome) {
        let now = self.clock.now_ns;
        let stream = &mut self.streams[index];
        if stream.life != Life::Running {
            return;
        }
        stream.life = Life::Ending;
        stream.inbox.clear();
        stream.info.end_ns = Some(now);
        let took = now - stream.info.start_ns;
        // Fewer bytes than promised: the client goes on waiting.
        let short = stream
            .received
            .as_ref()
            .zip(stream.promised)
            .is_some_and(|(r, p)| r.body.len() < p);
        stream.exchange.outcome = match outcome {
            ExchangeOutcome::Completed if short => ExchangeOutcome::Stalled,
            outcome => outcome,
        };
        let name = format!(
            "http.{}.downstream_rq_time",
            self.config.manager.stat_prefix
        );
        self.time_stat(name, took);
        let stream = &mut self.streams[index];
        let promised = stream.promised.unwrap_or(0);
        let received = stream.received.as_ref().map_or(0, |r| r.body.len());
        if short && self.trace.capture {
            // content-length has promised more than came: an HTTP/1.1 client waits for the rest.
            let args = vec![
                arg("stream", index),
                arg("content_length", promised),
                arg("received", received),
            ];
            self.record(Kind::Client, "waits_for_body", None, None, args);
        }
        let stream = &mut self.streams[index];
        if let Some(id) = stream.idle.take() {
            self.clock.cancel(id);
        }
        self.abandon_upstream(index);
        self.push_front(Task::Log(index));
    }

    /// Access loggers write their lines; then every filter logs, is done and is deleted.
    pub(super) fn log_stream(&mut self, index: usize) {
        let event = match self.trace.capture {
            true => self.open_event("end_of_stream", None, vec![arg("stream", index)]),
            false => None,
        };
        self.write_access_log(index);
        self.push_front(Task::Ended(index, event));
        let count = self.streams[index].filters.len();
        for filter in (0..count).rev() {
            self.push_front(Task::FilterDelete(index, filter));
            self.push_front(Task::FilterDone(index, filter));
        }
        for filter in (0..count).rev() {
            self.push_front(Task::FilterLog(index, filter));
        }
        // The manager's own access loggers come before the filters.
        self.log_by_roots(index);
    }

    /// A filter's context was deleted.
    pub(super) fn deleted(&mut self, index: usize, filter: usize) {
        let wasm = &mut self.streams[index].filters[filter].wasm;
        if let (Some((vm, _)), Some(context)) = (wasm.handle, wasm.context.take()) {
            self.contexts.remove(&(vm as u32, context));
        }
    }

    /// Nothing is left of a stream but its report.
    pub(super) fn ended(&mut self, index: usize, event: Option<u32>) {
        let details = &self.streams[index].info.details;
        let words = if details.is_empty() {
            "ended".to_owned()
        } else {
            details.clone()
        };
        self.trace.close(event, Some(Outcome::status(words)), None);
        let stream = &mut self.streams[index];
        stream.life = Life::Ended;
        // What filters held is no longer needed.
        stream.request.held = None;
        stream.response.held = None;
        let traffic = stream.traffic;
        self.traffic_ended(traffic);
    }

    /// A guest call that comes at the end of a stream, or none.
    pub(super) fn filter_end(&mut self, task: &Task) -> Option<Call> {
        match *task {
            Task::FilterLog(stream, filter) => self.wasm_log(stream, filter),
            Task::FilterDone(stream, filter) => self.wasm_done(stream, filter),
            Task::FilterDelete(stream, filter) => {
                self.native_ends(stream, filter);
                self.wasm_delete(stream, filter)
            }
            _ => None,
        }
    }
}
