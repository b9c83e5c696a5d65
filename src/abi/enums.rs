//! The enums of the ABI, with the words that stand for them in traces and reference pages.

/// Defines an enum with fixed numbers, checked conversion from a guest's number, and words.
macro_rules! words {
    ($(#[$outer:meta])* pub enum $name:ident { $($(#[$inner:meta])* $variant:ident = $n:literal => $word:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum $name { $($(#[$inner])* $variant = $n,)* }

        impl $name {
            /// Every value, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The value with this number; `None` when there is none.
            pub fn from_u32(n: u32) -> Option<Self> {
                match n { $($n => Some(Self::$variant),)* _ => None }
            }

            /// The number that travels.
            pub fn number(self) -> u32 {
                self as u32
            }

            /// The word for it in traces and reference pages.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}
pub(super) use words;

words! {
    /// Levels of `proxy_log`, least grave first.
    pub enum LogLevel {
        /// 0.
        Trace = 0 => "trace",
        /// 1.
        Debug = 1 => "debug",
        /// 2.
        Info = 2 => "info",
        /// 3.
        Warn = 3 => "warn",
        /// 4.
        Error = 4 => "error",
        /// 5.
        Critical = 5 => "critical",
    }
}

words! {
    /// Header maps, trailers and metadata that a guest can name.
    pub enum MapType {
        /// Headers of the request.
        RequestHeaders = 0 => "request_headers",
        /// Trailers of the request.
        RequestTrailers = 1 => "request_trailers",
        /// Headers of the response.
        ResponseHeaders = 2 => "response_headers",
        /// Trailers of the response.
        ResponseTrailers = 3 => "response_trailers",
        /// Initial metadata of a gRPC callout's answer; read-only.
        GrpcReceiveInitialMetadata = 4 => "grpc_receive_initial_metadata",
        /// Trailing metadata of a gRPC callout's answer; read-only.
        GrpcReceiveTrailingMetadata = 5 => "grpc_receive_trailing_metadata",
        /// Headers of an HTTP callout's answer; read-only.
        HttpCallResponseHeaders = 6 => "http_call_response_headers",
        /// Trailers of an HTTP callout's answer; read-only.
        HttpCallResponseTrailers = 7 => "http_call_response_trailers",
    }
}

impl MapType {
    /// Whether a guest can write it at all: only the four of its own stream.
    pub fn is_writable(self) -> bool {
        self.number() <= Self::ResponseTrailers.number()
    }
}

words! {
    /// Buffers that a guest can name.
    pub enum BufferType {
        /// Body of the request.
        HttpRequestBody = 0 => "http_request_body",
        /// Body of the response.
        HttpResponseBody = 1 => "http_response_body",
        /// TCP bytes from the client.
        DownstreamData = 2 => "downstream_data",
        /// TCP bytes from the upstream.
        UpstreamData = 3 => "upstream_data",
        /// Body of an HTTP callout's answer; read-only.
        HttpCallResponseBody = 4 => "http_call_response_body",
        /// Message of a gRPC callout's answer; read-only.
        GrpcReceiveBuffer = 5 => "grpc_receive_buffer",
        /// The VM's configuration; read-only.
        VmConfiguration = 6 => "vm_configuration",
        /// The plugin's configuration; read-only.
        PluginConfiguration = 7 => "plugin_configuration",
        /// Argument of a foreign function's callback.
        CallData = 8 => "call_data",
    }
}

words! {
    /// Directions of a stream.
    pub enum StreamType {
        /// HTTP, towards the upstream.
        Request = 0 => "request",
        /// HTTP, towards the client.
        Response = 1 => "response",
        /// TCP, from the client.
        Downstream = 2 => "downstream",
        /// TCP, from the upstream.
        Upstream = 3 => "upstream",
    }
}

words! {
    /// Kinds of metric.
    pub enum MetricType {
        /// Only grows.
        Counter = 0 => "counter",
        /// Goes up and down.
        Gauge = 1 => "gauge",
        /// Collects observations; cannot be read back.
        Histogram = 2 => "histogram",
    }
}

words! {
    /// Who closed a TCP connection.
    pub enum PeerType {
        /// Not known.
        Unknown = 0 => "unknown",
        /// The proxy.
        Local = 1 => "local",
        /// The other side.
        Remote = 2 => "remote",
    }
}

words! {
    /// Versions of the ABI, told by a module's marker export.
    pub enum AbiVersion {
        /// `proxy_abi_version_0_1_0`.
        V0_1_0 = 0 => "0.1.0",
        /// `proxy_abi_version_0_2_0`.
        V0_2_0 = 1 => "0.2.0",
        /// `proxy_abi_version_0_2_1`.
        V0_2_1 = 2 => "0.2.1",
    }
}

impl AbiVersion {
    /// The export by which a module declares this version. It is never called.
    pub fn marker(self) -> &'static str {
        match self {
            Self::V0_1_0 => "proxy_abi_version_0_1_0",
            Self::V0_2_0 => "proxy_abi_version_0_2_0",
            Self::V0_2_1 => "proxy_abi_version_0_2_1",
        }
    }
}
