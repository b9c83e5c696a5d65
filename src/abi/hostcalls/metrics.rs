//! Counters, gauges and histograms.

use super::{MEMORY, OUT};
use crate::abi::Status::{self, *};
use crate::abi::table::{ALL, Group::Metrics, HostCall, ParamKind::*, Returns, p};

const UNKNOWN: (Status, &str) = (NotFound, "no counter or gauge has this id");

pub(super) const CALLS: &[HostCall] = &[
    HostCall {
        name: "proxy_define_metric",
        group: Metrics,
        versions: ALL,
        params: &[
            p("metric_type", Metric),
            p("name", Bytes),
            p("return_metric_id", OutU32),
        ],
        returns: Returns::Status,
        statuses: &[
            MEMORY,
            (BadArgument, "the metric type is greater than 2"),
            OUT,
        ],
        rust_ok: &[Ok],
        doc: "Makes a metric, or another id for one of the same name.",
    },
    HostCall {
        name: "proxy_increment_metric",
        group: Metrics,
        versions: ALL,
        params: &[p("metric_id", U32), p("offset", I64)],
        returns: Returns::Status,
        statuses: &[
            UNKNOWN,
            (
                BadArgument,
                "a counter only grows, and a histogram is recorded",
            ),
        ],
        rust_ok: &[Ok, NotFound, BadArgument],
        doc: "Adds to a counter, or moves a gauge up or down.",
    },
    HostCall {
        name: "proxy_record_metric",
        group: Metrics,
        versions: ALL,
        params: &[p("metric_id", U32), p("value", I64)],
        returns: Returns::Status,
        statuses: &[(NotFound, "no metric has this id")],
        rust_ok: &[Ok, NotFound],
        doc: "Sets a gauge, observes a histogram, or adds to a counter.",
    },
    HostCall {
        name: "proxy_get_metric",
        group: Metrics,
        versions: ALL,
        params: &[p("metric_id", U32), p("return_value", OutU64)],
        returns: Returns::Status,
        statuses: &[UNKNOWN, (BadArgument, "a histogram cannot be read"), OUT],
        rust_ok: &[Ok, NotFound, BadArgument],
        doc: "Reads a counter or gauge.",
    },
];
