//! Iteration over the filter chain: Envoy's `FilterManager`, both directions by one code.
//!
//! A pass moves a part by one filter. What comes next is pushed to the front of the thread's queue,
//! so that it happens before anything else, as nested calls do in Envoy.

use super::shared::Shared;
use super::stream::{Half, Iteration, Life, Stream};
use super::task::{Call, ContinueBody, Direction, Part, Pass, Task};
use crate::model::trace::{Arg, Kind, Outcome, arg};

/// What a filter's callback says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Go on.
    Continue,
    /// Headers or trailers stop here; later frames still come to this filter.
    Stop,
    /// Headers stop, and nothing more comes here; the body is held up to the limit.
    StopAllBuffer,
    /// As above with back-pressure.
    StopAllWatermark,
    /// The body is held up to the limit.
    Buffer,
    /// The body is held with back-pressure.
    Watermark,
    /// The chunk is not kept.
    NoBuffer,
}

impl Verdict {
    /// Envoy's reading of a guest's return value (`convertVmCallResultToFilter…Status`).
    pub(super) fn of(part: &Part, value: u32, allow_stop_iteration: bool) -> Self {
        match (part, value) {
            // ContinueAndEndStream (2) is not known to Envoy's conversion: Continue.
            (_, 0) | (Part::Headers, 2) => Self::Continue,
            (Part::Headers, 1) if allow_stop_iteration => Self::Stop,
            (Part::Headers, 3) => Self::StopAllBuffer,
            (Part::Headers, _) => Self::StopAllWatermark,
            (Part::Data(_), 1) => Self::Buffer,
            (Part::Data(_), 2) => Self::Watermark,
            (Part::Data(_), _) => Self::NoBuffer,
            (Part::Trailers, _) => Self::Stop,
        }
    }

    /// The status after a local reply in the callback, and on a failed VM.
    pub(super) fn forced(part: &Part) -> Self {
        match part {
            Part::Headers => Self::StopAllWatermark,
            Part::Data(_) => Self::NoBuffer,
            Part::Trailers => Self::Stop,
        }
    }

    /// Envoy's name of it.
    fn word(self, part: &Part) -> &'static str {
        match (self, part) {
            (Self::Continue, _) => "Continue",
            (Self::Stop, _) => "StopIteration",
            (Self::StopAllBuffer, _) => "StopAllIterationAndBuffer",
            (Self::StopAllWatermark, _) => "StopAllIterationAndWatermark",
            (Self::Buffer, _) => "StopIterationAndBuffer",
            (Self::Watermark, _) => "StopIterationAndWatermark",
            (Self::NoBuffer, _) => "StopIterationNoBuffer",
        }
    }
}

impl Half {
    /// Appends to what is held.
    pub(super) fn hold(&mut self, bytes: Vec<u8>) {
        let held = self.held.get_or_insert_with(Vec::new);
        match held.is_empty() {
            true => *held = bytes,
            false => held.extend(bytes),
        }
        self.peak = self.peak.max(held.len());
    }
}

impl Stream {
    /// Whether frames of this direction still reach filters.
    pub(super) fn iterates(&mut self, direction: Direction) -> bool {
        self.life == Life::Running && !self.half(direction).aborted
    }
}

impl Shared {
    /// Starts a part on its way at the first filter of its direction, behind what is running.
    pub(super) fn begin_pass(
        &mut self,
        stream: usize,
        direction: Direction,
        part: Part,
        end: bool,
    ) -> Pass {
        let at = self.streams[stream].next(None, direction);
        // A filter that has stopped for all frame types keeps the body from the first one on;
        // it is found on the way.
        Pass {
            stream,
            direction,
            part,
            at,
            end,
            trailers_from: None,
            event: None,
        }
    }

    /// Moves a part by one filter.
    pub(super) fn pass(&mut self, mut pass: Pass) -> Option<Call> {
        let index = pass.stream;
        if !self.streams[index].iterates(pass.direction) {
            return None;
        }
        let Some(filter) = pass.at else {
            self.at_the_end(pass);
            return None;
        };
        let stream = &mut self.streams[index];
        let has_trailers = stream.half(pass.direction).trailers.is_some();
        let side = stream.side(filter, pass.direction);
        match &mut pass.part {
            Part::Data(bytes) => {
                if side.stopped_all() {
                    let streaming = side.state == Iteration::StopAllWatermark;
                    let bytes = std::mem::take(bytes);
                    stream.half(pass.direction).streaming = streaming;
                    self.hold(index, pass.direction, bytes);
                    self.after_data(&pass);
                    return None;
                }
                if side.ended {
                    return None;
                }
                // A filter before this one may have added trailers.
                pass.end &= !has_trailers;
            }
            Part::Trailers if side.stopped_all() => return None,
            Part::Trailers => pass.end = true,
            Part::Headers => {}
        }
        side.ended |= pass.end;
        if self.trace.capture && pass.event.is_none() {
            let name = self.filter_name(filter).as_bytes().to_vec();
            pass.event = self.open_step(&pass, &name);
        }
        self.filter_pass(pass, filter)
    }

    /// Records the step of a filter, and nests what happens in it.
    pub(super) fn open_step(&mut self, pass: &Pass, filter: &[u8]) -> Option<u32> {
        if !self.trace.capture {
            return None;
        }
        let name = match (pass.direction, &pass.part) {
            (Direction::Decode, Part::Headers) => "decode_headers",
            (Direction::Decode, Part::Data(_)) => "decode_data",
            (Direction::Decode, Part::Trailers) => "decode_trailers",
            (Direction::Encode, Part::Headers) => "encode_headers",
            (Direction::Encode, Part::Data(_)) => "encode_data",
            (Direction::Encode, Part::Trailers) => "encode_trailers",
        };
        let mut args = vec![arg("stream", pass.stream), arg("filter", filter)];
        if let Part::Data(bytes) = &pass.part {
            args.push(arg("size", bytes.len()));
        }
        let end = if pass.end { "true" } else { "false" };
        args.push(arg("end_of_stream", end));
        self.open_event(name, None, args)
    }

    /// Records something of the proxy's own, and nests what happens in it until it is closed.
    pub(super) fn open_event(
        &mut self,
        name: &'static str,
        vm: Option<u32>,
        args: Vec<Arg>,
    ) -> Option<u32> {
        let event = self.record(Kind::Chain, name, vm, None, args);
        self.trace.open(event);
        event
    }

    /// A filter has answered: Envoy's `commonHandleAfter{Headers,Data,Trailers}Callback`.
    pub(super) fn settle(&mut self, mut pass: Pass, filter: usize, verdict: Verdict) {
        self.trace.close(
            pass.event,
            Some(Outcome::status(verdict.word(&pass.part))),
            None,
        );
        pass.event = None;
        let (index, direction) = (pass.stream, pass.direction);
        let stream = &mut self.streams[index];
        if !stream.iterates(direction) {
            return;
        }
        match &mut pass.part {
            Part::Headers => {
                let side = stream.side(filter, direction);
                match verdict {
                    Verdict::Continue => side.headers_continued = true,
                    Verdict::StopAllBuffer => side.state = Iteration::StopAllBuffer,
                    Verdict::StopAllWatermark => side.state = Iteration::StopAllWatermark,
                    _ => side.state = Iteration::StopSingle,
                }
                if verdict != Verdict::Continue {
                    return;
                }
            }
            Part::Data(bytes) => {
                let stopped = stream.side(filter, direction).state == Iteration::StopSingle;
                if verdict == Verdict::Continue && !stopped {
                    if pass.end && stream.half(direction).trailers.is_some() {
                        // Trailers made in the last body callback: the end is now in them.
                        pass.trailers_from.get_or_insert(filter);
                        pass.end = false;
                    }
                } else {
                    let bytes = std::mem::take(bytes);
                    match verdict {
                        Verdict::Continue => {
                            // The headers stop here: they go on first, then all that is held.
                            self.after_data(&pass);
                            let stream = &mut self.streams[index];
                            if !bytes.is_empty() || stream.half(direction).held.is_none() {
                                stream.half(direction).hold(bytes);
                            }
                            let trailers = pass.trailers_from.is_none();
                            self.push_front(Task::Continue(index, filter, direction, trailers));
                        }
                        Verdict::NoBuffer => {
                            stream.side(filter, direction).state = Iteration::StopSingle;
                            let half = stream.half(direction);
                            if half.complete && half.trailers.is_none() && half.held.is_none() {
                                // An empty frame carries the end of the stream on later.
                                half.hold(Vec::new());
                            }
                            self.after_data(&pass);
                        }
                        _ => {
                            stream.side(filter, direction).state = Iteration::StopSingle;
                            stream.half(direction).streaming = verdict == Verdict::Watermark;
                            self.hold(index, direction, bytes);
                            self.after_data(&pass);
                        }
                    }
                    return;
                }
            }
            Part::Trailers => {
                let side = stream.side(filter, direction);
                if verdict != Verdict::Continue {
                    side.state = Iteration::StopSingle;
                    return;
                }
                if side.state == Iteration::StopSingle {
                    self.push_front(Task::Continue(index, filter, direction, true));
                    return;
                }
            }
        }
        pass.at = self.streams[index].next(Some(filter), direction);
        self.push_front(Task::Pass(pass));
    }

    /// A body's pass is over: trailers that were added on the way start behind their filter.
    pub(super) fn after_data(&mut self, pass: &Pass) {
        let Some(filter) = pass.trailers_from else {
            return;
        };
        let at = self.streams[pass.stream].next(Some(filter), pass.direction);
        self.push_front(Task::ContinueTrailers(pass.stream, pass.direction, at));
    }

    /// Envoy's `commonContinue`: what a filter has stopped goes on. `trailers` says whether they do
    /// too, or are on their way already.
    pub(super) fn continue_filter(
        &mut self,
        index: usize,
        filter: usize,
        direction: Direction,
        trailers: bool,
    ) {
        let stream = &mut self.streams[index];
        if !stream.iterates(direction) {
            return;
        }
        let next = stream.next(Some(filter), direction);
        let side = stream.side(filter, direction);
        let stopped_all = side.stopped_all();
        if side.state == Iteration::Continue {
            // Not stopped: nothing to do.
            return;
        }
        side.state = Iteration::Continue;
        let headers = !side.headers_continued;
        side.headers_continued = true;
        // Body and trailers come to the filter itself if it saw none of them, else to the next.
        let start = if stopped_all { Some(filter) } else { next };
        let half = stream.half(direction);
        let had_trailers = half.trailers.is_some();
        let end = half.complete && half.held.is_none() && !had_trailers;
        let body = ContinueBody {
            stream: index,
            direction,
            at: start,
            had_trailers,
            trailers,
        };
        self.push_front(Task::ContinueBody(body));
        if headers {
            let part = Part::Headers;
            let pass = Pass {
                stream: index,
                direction,
                part,
                at: next,
                end,
                trailers_from: None,
                event: None,
            };
            self.push_front(Task::Pass(pass));
        }
    }

    /// The held body goes on, once the headers have; then trailers.
    pub(super) fn continue_body(&mut self, body: ContinueBody) {
        let ContinueBody {
            stream: index,
            direction,
            at,
            had_trailers,
            trailers,
        } = body;
        if !self.streams[index].iterates(direction) {
            return;
        }
        if had_trailers && trailers {
            self.push_front(Task::ContinueTrailers(index, direction, at));
        }
        let half = self.streams[index].half(direction);
        let end = half.complete && !had_trailers;
        if let Some(bytes) = half.held.take() {
            let part = Part::Data(bytes);
            let pass = Pass {
                stream: index,
                direction,
                part,
                at,
                end,
                trailers_from: None,
                event: None,
            };
            self.push_front(Task::Pass(pass));
        }
        self.drained(index, direction);
    }

    /// Trailers go on.
    pub(super) fn continue_trailers(
        &mut self,
        stream: usize,
        direction: Direction,
        at: Option<usize>,
    ) {
        let part = Part::Trailers;
        let pass = Pass {
            stream,
            direction,
            part,
            at,
            end: true,
            trailers_from: None,
            event: None,
        };
        self.push_front(Task::Pass(pass));
    }

    /// Holds bytes back. Over the limit: back-pressure, or the end of the exchange.
    pub(super) fn hold(&mut self, index: usize, direction: Direction, bytes: Vec<u8>) {
        let half = self.streams[index].half(direction);
        let limit = half.limit.unwrap_or(self.config.buffer_limit);
        half.hold(bytes);
        self.check_limit(index, direction, limit);
    }

    /// Envoy's watermark callbacks of a stream's buffer.
    pub(super) fn check_limit(&mut self, index: usize, direction: Direction, limit: usize) {
        let half = self.streams[index].half(direction);
        let held = half.held.as_ref().map_or(0, Vec::len);
        self.peak_buffer = self.peak_buffer.max(held as u64);
        if limit == 0 || held <= limit {
            return;
        }
        if half.streaming {
            half.paused = true;
            return;
        }
        self.too_large(index, direction);
    }
}
