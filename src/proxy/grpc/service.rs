//! Where a gRPC callout goes: Envoy's `GrpcService`, serialized, or a cluster's name.
//!
//! Envoy tries the bytes as a Protobuf message first. Only what is none is a cluster's name.

use super::super::protobuf::{Wire, fields};
use crate::model::Headers;

/// What Envoy makes of the bytes.
#[derive(Debug, PartialEq)]
pub(super) enum Service {
    /// They are no message: a cluster's name.
    Name(String),
    /// A message with a target of `envoy_grpc`.
    Envoy(Target),
    /// A message without a target, on which Envoy aborts.
    NoTarget,
    /// A message with something that is not simulated.
    NotSimulated(&'static str),
}

/// `GrpcService` with `envoy_grpc`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Target {
    /// The cluster.
    pub(super) cluster: String,
    /// `:authority`; empty means the cluster's name.
    pub(super) authority: String,
    /// The longest message that is taken from the server; 0 is no limit.
    pub(super) message_max: u32,
    /// Whether `x-envoy-internal` is left out.
    pub(super) bare: bool,
    /// Metadata of the service, sent before the call's own.
    pub(super) metadata: Headers,
}

/// Reads the first argument of `proxy_grpc_call` and `proxy_grpc_stream`.
pub(super) fn service(bytes: &[u8]) -> Service {
    match message(bytes) {
        Some(service) => service,
        None => Service::Name(String::from_utf8_lossy(bytes).into_owned()),
    }
}

/// `envoy.config.core.v3.GrpcService`. A known field of another wire type is an unknown field.
fn message(bytes: &[u8]) -> Option<Service> {
    let mut target: Option<Target> = None;
    let mut metadata = Headers::default();
    let mut google = false;
    let mut missing = None;
    for (number, wire) in fields(bytes)? {
        match (number, wire) {
            (1, Wire::Bytes(inner)) => {
                google = false;
                envoy_grpc(inner, target.get_or_insert_default(), &mut missing)?;
            }
            (2, Wire::Bytes(inner)) => {
                fields(inner)?;
                (google, target) = (true, None);
            }
            // `timeout` is for Envoy's own callers; a plugin's call has a timeout of its own.
            (3, Wire::Bytes(inner)) => drop(fields(inner)?),
            (5, Wire::Bytes(inner)) => {
                let (key, value) = header_value(inner)?;
                if value.contains('%') {
                    missing = Some("initial_metadata with a `%` operator is not simulated");
                }
                metadata.set(key, value);
            }
            (6, Wire::Bytes(inner)) => {
                fields(inner)?;
                missing = Some("retry_policy of a GrpcService is not simulated");
            }
            _ => {}
        }
    }
    Some(match (target, google, missing) {
        (_, true, _) => Service::NotSimulated(
            "a GrpcService with google_grpc is not simulated: use envoy_grpc and a cluster",
        ),
        (_, _, Some(missing)) => Service::NotSimulated(missing),
        (None, ..) => Service::NoTarget,
        (Some(target), ..) => Service::Envoy(Target { metadata, ..target }),
    })
}

/// `GrpcService.EnvoyGrpc`, merged into what an earlier field of the same number has said.
fn envoy_grpc(bytes: &[u8], target: &mut Target, missing: &mut Option<&'static str>) -> Option<()> {
    for (number, wire) in fields(bytes)? {
        match (number, wire) {
            (1, Wire::Bytes(name)) => target.cluster = text(name)?,
            (2, Wire::Bytes(name)) => target.authority = text(name)?,
            (3, Wire::Bytes(inner)) => {
                fields(inner)?;
                *missing = Some("retry_policy of a GrpcService is not simulated");
            }
            (4, Wire::Bytes(inner)) => {
                for (number, wire) in fields(inner)? {
                    if let (1, Wire::Varint(n)) = (number, wire) {
                        target.message_max = n as u32;
                    }
                }
            }
            (5, Wire::Varint(n)) => target.bare = n != 0,
            _ => {}
        }
    }
    Some(())
}

/// `envoy.config.core.v3.HeaderValue`.
fn header_value(bytes: &[u8]) -> Option<(String, String)> {
    let (mut key, mut value) = (String::new(), String::new());
    for (number, wire) in fields(bytes)? {
        match (number, wire) {
            (1, Wire::Bytes(text_of_key)) => key = text(text_of_key)?,
            (2 | 3, Wire::Bytes(bytes)) => value = text(bytes)?,
            _ => {}
        }
    }
    Some((key, value))
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_message_are_a_clusters_name() {
        for name in ["cluster", "web", "auth", "grpc_backend"] {
            assert!(
                matches!(service(name.as_bytes()), Service::Name(n) if n == name),
                "{name}"
            );
        }
    }

    #[test]
    fn a_name_that_happens_to_be_a_message_has_no_target() {
        // `e` is the tag of a field of four bytes.
        assert_eq!(service(b"echo1"), Service::NoTarget);
        assert_eq!(service(b""), Service::NoTarget);
    }

    #[test]
    fn an_envoy_grpc_target_is_read_with_its_authority_limit_and_metadata() {
        let bytes = b"\x0a\x0c\x0a\x03web\x12\x01h\x22\x02\x08\x07\x2a\x07\x0a\x02x-\x12\x01v";
        let Service::Envoy(target) = service(bytes) else {
            panic!("{:?}", service(bytes));
        };
        assert_eq!((&*target.cluster, &*target.authority), ("web", "h"));
        assert_eq!(target.message_max, 7);
        assert_eq!(target.metadata.get_str("x-"), Some("v"));
    }

    #[test]
    fn what_is_not_simulated_is_said() {
        let cases: [&[u8]; 3] = [
            b"\x12\x00",
            b"\x0a\x05\x0a\x03web\x32\x00",
            b"\x0a\x05\x0a\x03web\x2a\x07\x0a\x01x\x12\x02%A",
        ];
        for bytes in cases {
            assert!(
                matches!(service(bytes), Service::NotSimulated(_)),
                "{bytes:?}"
            );
        }
    }
}
