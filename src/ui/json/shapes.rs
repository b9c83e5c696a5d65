//! The fields of what the page reads, each by its name in JSON, which is its name in Rust.
//!
//! A field that is missing here does not compile; a variant that is missing neither.

use super::{Read, Value, field, variant};
use crate::model::picture::{self, Picture, ThreadShape, VmShape};
use crate::model::race::{Breaking, Race};
use crate::model::report::{
    CallResult, Check, Closer, Connection, ConnectionOutcome, Exchange, ExchangeOutcome, Graded,
    KnownMistake, LogLine, Message, Report, Response, ScenarioReport, UpstreamConnection,
    UpstreamRequest, VmReport,
};
use crate::model::trace::{self, Arg, Event, Kind, Outcome};
use crate::model::{Bytes, Exercise, Headers, Place, Problem, Request, Section, Told};
use crate::protocol::{self, FromEngine, Lane, Script};
use crate::ui::logic::request::{RequestForm, Row, Rows};
use crate::ui::page;

macro_rules! objects {
    ($($type:ty { $($name:ident)* })*) => {$(
        impl Read for $type {
            fn read(value: &Value) -> Option<Self> {
                Some(Self { $($name: field(value, stringify!($name))?,)* })
            }
        }
    )*};
}

/// Enums whose variants are words.
macro_rules! words {
    ($($type:ty { $($word:literal = $variant:ident)* })*) => {$(
        impl Read for $type {
            fn read(value: &Value) -> Option<Self> {
                const fn listed(all: &$type) {
                    match all { $(<$type>::$variant => {})* }
                }
                const { let _: fn(&$type) = listed; }
                match value.as_str()? {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

objects! {
    Report { ok scenarios mistake exercises }
    Graded { id passed scenario checks mistake right }
    KnownMistake { name say see }
    ScenarioReport {
        name hidden ok rejected stopped exchanges upstream_requests connections calls logs
        access_log stats gauges histograms hosts shared_data queues vms peak_buffer events checks
    }
    Exchange { worker outcome request upstream_requests response }
    Connection { worker name outcome closed_by sent received upstream flags details }
    UpstreamConnection { cluster received sent outcome }
    Message { headers body trailers }
    UpstreamRequest { cluster headers body trailers callout response }
    Response { status headers body trailers flags details }
    CallResult { export results trap }
    LogLine { t_ns thread plugin level message }
    VmReport { vm thread vm_id plugins memory_bytes fuel_max failed failure limit }
    Check { ok what expected actual hint why event }
    Event { n t_ns thread vm context kind name args result fuel parent }
    Arg { name value }
    Outcome { status reason value }
    Place { file line column }
    Problem { place message help }
    Section { title rows }
    Told { title path sections dump }
    Picture { stations threads }
    picture::Station { actor kind name here back notes failed }
    ThreadShape { name runs vms }
    VmShape { name detail failed }
    Race { scenario ok orders complete breaking shortest }
    Breaking { schedule switches checks }
    Script { language file source }
    Lane { name actor }
    protocol::Place { depth from to }
    Request { method path authority headers body chunks trailers }
    Exercise { id kind task scenarios hints why }
    RequestForm { method path authority headers body base64 chunks trailers }
    Rows { rows next }
    Row { id name value }
    page::Page { path title description body }
    page::Text { html }
    page::Lesson { id html lab }
    page::Lab { id text open parts solution request touched scenarios exercises }
    page::ScenarioName { name hidden }
}

words! {
    ExchangeOutcome { "completed" = Completed "reset" = Reset "stalled" = Stalled }
    ConnectionOutcome {
        "open" = Open "half_closed" = HalfClosed "closed" = Closed "reset" = Reset
        "stalled" = Stalled
    }
    Closer { "client" = Client "proxy" = Proxy }
    Kind {
        "callback" = Callback "host_call" = HostCall "log" = Log "chain" = Chain
        "upstream" = Upstream "client" = Client "state" = State "trap" = Trap "cut" = Cut
    }
}

impl Read for Bytes {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text.as_str().into()),
            other => Self::from_base64(other.get("base64")?.as_str()?).ok(),
        }
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

impl Read for Headers {
    fn read(value: &Value) -> Option<Self> {
        let pairs = Vec::<(Bytes, Bytes)>::read(value)?;
        let pairs = pairs.into_iter();
        Some(pairs.map(|(name, value)| (name.0, value.0)).collect())
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

impl Read for trace::Value {
    fn read(value: &Value) -> Option<Self> {
        let (name, value) = variant(value)?;
        Some(match name {
            "int" => Self::Int(Read::read(value)?),
            "word" => Self::Word(Read::read(value)?),
            "bytes" => Self::Bytes(Read::read(value)?),
            "pairs" => Self::Pairs(Read::read(value)?),
            _ => return None,
        })
    }
}

impl Read for page::Body {
    fn read(value: &Value) -> Option<Self> {
        let (name, value) = variant(value)?;
        Some(match name {
            "lesson" => Self::Lesson(Read::read(value)?),
            "playground" => Self::Playground(Read::read(value)?),
            "text" => Self::Text(Read::read(value)?),
            _ => return None,
        })
    }
}

impl Read for FromEngine {
    fn read(value: &Value) -> Option<Self> {
        let (name, of) = variant(value)?;
        /// A variant with fields.
        macro_rules! with {
            ($variant:ident { $($name:ident)* }) => {
                Self::$variant { $($name: field(of, stringify!($name))?,)* }
            };
        }
        Some(match name {
            "ready" => with!(Ready { version }),
            "need_sample" => with!(NeedSample { name script }),
            "checked" => with!(Checked { problem }),
            "done" => with!(Done { run report events }),
            "refused" => with!(Refused { run problem }),
            "module" => with!(Module { found }),
            "raced" => with!(Raced { run race over }),
            "rows" => with!(Rows { run scenario from total lanes places rows }),
            "state" => with!(State { run scenario event state picture }),
            _ => return None,
        })
    }
}
