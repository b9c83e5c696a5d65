//! Host profiles: tables that take calls away or change them, never other code.

/// What a profile does with a host call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The host does not export it: a module that imports it does not load.
    Absent,
    /// It answers Unimplemented.
    Unimplemented,
    /// It answers Ok and does nothing.
    Ignored,
}

/// A host that the simulator can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in lab files.
    pub name: &'static str,
    /// One sentence about it.
    pub about: &'static str,
    /// The host calls that differ from Envoy's, in groups.
    pub calls: &'static [&'static [(&'static str, Change)]],
    /// The callbacks that it never makes, in groups.
    pub callbacks: &'static [&'static [&'static str]],
    /// The only properties that it has, where they are so few.
    pub properties: Option<&'static [&'static str]>,
    /// The linear memory that it gives a VM, in bytes, where that is less than Envoy's.
    pub memory_bytes: Option<u64>,
    /// Whether StopIteration from headers is kept (Envoy's `allow_on_headers_stop_iteration`).
    pub allow_on_headers_stop_iteration: bool,
}

use Change::{Absent, Ignored, Unimplemented};

const TCP: &[&str] = &[
    "proxy_on_new_connection",
    "proxy_on_downstream_data",
    "proxy_on_upstream_data",
    "proxy_on_downstream_connection_close",
    "proxy_on_upstream_connection_close",
];

const TRAILERS: &[&str] = &["proxy_on_request_trailers", "proxy_on_response_trailers"];

const GRPC: &[&str] = &[
    "proxy_on_grpc_receive_initial_metadata",
    "proxy_on_grpc_receive",
    "proxy_on_grpc_receive_trailing_metadata",
    "proxy_on_grpc_close",
];

const NO_GRPC: &[(&str, Change)] = &[
    ("proxy_grpc_call", Unimplemented),
    ("proxy_grpc_stream", Unimplemented),
    ("proxy_grpc_send", Unimplemented),
    ("proxy_grpc_cancel", Unimplemented),
    ("proxy_grpc_close", Unimplemented),
];

const NO_SHARED: &[(&str, Change)] = &[
    ("proxy_get_shared_data", Unimplemented),
    ("proxy_set_shared_data", Unimplemented),
    ("proxy_register_shared_queue", Unimplemented),
    ("proxy_resolve_shared_queue", Unimplemented),
    ("proxy_enqueue_shared_queue", Unimplemented),
    ("proxy_dequeue_shared_queue", Unimplemented),
];

const NO_METRICS: &[(&str, Change)] = &[
    ("proxy_define_metric", Unimplemented),
    ("proxy_increment_metric", Unimplemented),
    ("proxy_record_metric", Unimplemented),
    ("proxy_get_metric", Unimplemented),
];

const ENVOY: Profile = Profile {
    name: "envoy",
    about: "Envoy, and what is built on it: Istio, Envoy Gateway, kgateway.",
    calls: &[],
    callbacks: &[],
    properties: None,
    memory_bytes: None,
    allow_on_headers_stop_iteration: false,
};

/// Every profile.
pub const PROFILES: &[Profile] = &[
    ENVOY,
    Profile {
        name: "envoy-stop-iteration",
        about: "Envoy with allow_on_headers_stop_iteration: bodies are delivered while headers are held.",
        allow_on_headers_stop_iteration: true,
        ..ENVOY
    },
    Profile {
        name: "kong",
        about: "Kong's nginx module ngx_wasm_module: no TCP, no trailers, no gRPC, no queue callbacks.",
        calls: &[
            NO_GRPC,
            &[
                ("proxy_get_log_level", Unimplemented),
                ("proxy_close_stream", Unimplemented),
                ("proxy_resolve_shared_queue", Unimplemented),
                ("proxy_done", Unimplemented),
                ("proxy_get_status", Unimplemented),
            ],
        ],
        callbacks: &[
            TCP,
            GRPC,
            TRAILERS,
            &[
                "proxy_on_request_metadata",
                "proxy_on_response_metadata",
                "proxy_on_queue_ready",
            ],
        ],
        ..ENVOY
    },
    Profile {
        name: "apisix",
        about: "APISIX and OpenResty with wasm-nginx-module: request and response headers, local replies, callouts.",
        calls: &[
            NO_GRPC,
            NO_SHARED,
            &[
                ("proxy_set_header_map_pairs", Unimplemented),
                ("proxy_get_header_map_size", Absent),
                ("proxy_set_buffer_bytes", Unimplemented),
                ("proxy_get_buffer_status", Absent),
                ("proxy_get_log_level", Absent),
                ("proxy_get_current_time_nanoseconds", Unimplemented),
                ("proxy_set_tick_period_milliseconds", Unimplemented),
                ("proxy_continue_stream", Ignored),
                ("proxy_close_stream", Ignored),
                ("proxy_define_metric", Ignored),
                ("proxy_increment_metric", Ignored),
                ("proxy_record_metric", Ignored),
                ("proxy_get_metric", Ignored),
                ("proxy_done", Unimplemented),
                ("proxy_get_status", Unimplemented),
                ("proxy_call_foreign_function", Unimplemented),
            ],
        ],
        callbacks: &[
            TCP,
            GRPC,
            TRAILERS,
            &[
                "proxy_on_tick",
                "proxy_on_queue_ready",
                "proxy_on_foreign_function",
            ],
        ],
        ..ENVOY
    },
    Profile {
        name: "mosn",
        about: "MOSN's first host (ABI 0.1.0): old import names, so most modules of today do not load.",
        calls: &[
            NO_METRICS,
            &[
                ("proxy_get_header_map_size", Absent),
                ("proxy_get_buffer_status", Absent),
                ("proxy_get_log_level", Absent),
                ("proxy_get_status", Absent),
                ("proxy_send_local_response", Absent),
                ("proxy_continue_stream", Absent),
                ("proxy_close_stream", Absent),
                ("proxy_continue_request", Absent),
                ("proxy_continue_response", Absent),
                ("proxy_grpc_call", Absent),
                ("proxy_grpc_stream", Absent),
                ("proxy_grpc_send", Absent),
                ("proxy_grpc_cancel", Absent),
                ("proxy_grpc_close", Absent),
                ("proxy_set_tick_period_milliseconds", Unimplemented),
                ("proxy_set_property", Unimplemented),
                ("proxy_done", Unimplemented),
                ("proxy_call_foreign_function", Unimplemented),
            ],
        ],
        callbacks: &[&["proxy_on_tick"]],
        ..ENVOY
    },
    Profile {
        name: "ats",
        about: "Apache Traffic Server's wasm plugin: Envoy's host library without TCP, trailers and gRPC.",
        calls: &[NO_GRPC],
        callbacks: &[TCP, GRPC, TRAILERS],
        ..ENVOY
    },
    Profile {
        name: "service-extensions",
        about: "Google Cloud Service Extensions: headers, bodies and local replies in 16 MiB of memory; no callouts, timers, shared data or metrics.",
        properties: Some(&["plugin_root_id"]),
        memory_bytes: Some(16 << 20),
        calls: &[
            NO_GRPC,
            NO_METRICS,
            NO_SHARED,
            &[
                ("proxy_get_log_level", Unimplemented),
                ("proxy_set_tick_period_milliseconds", Unimplemented),
                ("proxy_set_property", Unimplemented),
                ("proxy_continue_stream", Unimplemented),
                ("proxy_close_stream", Unimplemented),
                ("proxy_http_call", Unimplemented),
                ("proxy_done", Unimplemented),
                ("proxy_get_status", Unimplemented),
                ("proxy_call_foreign_function", Unimplemented),
            ],
        ],
        callbacks: &[
            TCP,
            GRPC,
            &[
                "proxy_on_tick",
                "proxy_on_queue_ready",
                "proxy_on_http_call_response",
                "proxy_on_foreign_function",
            ],
        ],
        ..ENVOY
    },
];

impl Default for Profile {
    fn default() -> Self {
        ENVOY
    }
}

impl Profile {
    /// The profile of this name.
    pub fn named(name: &str) -> Option<Self> {
        PROFILES
            .iter()
            .find(|profile| profile.name == name)
            .copied()
    }

    /// What this host does otherwise with a call.
    pub fn change(&self, call: &str) -> Option<Change> {
        let mut calls = self.calls.iter().copied().flatten();
        let (_, change) = calls.find(|(name, _)| *name == call)?;
        Some(*change)
    }

    /// Whether it never makes this callback.
    pub fn keeps_back(&self, callback: &str) -> bool {
        let mut callbacks = self.callbacks.iter().copied().flatten();
        callbacks.any(|name| *name == callback)
    }
}
