//! Serialised pairs and property paths.

use super::mutate;
use arbitrary::{Result, Unstructured};
use proxy_wasm_tour::abi::pairs::{MAX_PAIRS, decode, encode};

/// Pairs: any bytes, right ones, and right ones with damage.
pub(crate) fn make(u: &mut Unstructured) -> Result<Vec<u8>> {
    if u.ratio(1, 4)? {
        return Ok(u.bytes(u.len())?.to_vec());
    }
    let count = if u.ratio(1, 8)? {
        *u.choose(&[MAX_PAIRS - 1, MAX_PAIRS, MAX_PAIRS + 1])?
    } else {
        u.int_in_range(0..=8)?
    };
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        pairs.push((short(u)?, short(u)?));
    }
    let bytes = encode(pairs.iter().map(|(k, v)| (k.as_slice(), v.as_slice())));
    if u.ratio(1, 3)? {
        return Ok(bytes);
    }
    mutate::damage(u, bytes)
}

fn short(u: &mut Unstructured) -> Result<Vec<u8>> {
    let length = u.int_in_range(0..=12)?.min(u.len());
    Ok(u.bytes(length)?.to_vec())
}

/// What decodes encodes to the same bytes; nothing at all is the one form that is not canonical.
pub(crate) fn run(input: &[u8]) {
    if let Ok(pairs) = decode(input) {
        assert!(pairs.len() <= MAX_PAIRS);
        let again = encode(pairs.iter().copied());
        assert!(
            input.is_empty() || again == input,
            "decoded {input:?} to {pairs:?}"
        );
    }
}

/// A property path: known segments in any order, and any bytes.
pub(crate) fn path(u: &mut Unstructured) -> Result<Vec<u8>> {
    let mut path = Vec::new();
    for n in 0..u.int_in_range(0..=6)? {
        if n > 0 || u.ratio(1, 16)? {
            path.push(0);
        }
        if u.ratio(1, 6)? {
            path.extend(short(u)?);
        } else {
            path.extend(u.choose(&SEGMENTS)?.as_bytes());
        }
    }
    Ok(path)
}

/// First segments, fields, keys and list indices.
const SEGMENTS: [&str; 56] = [
    "request",
    "response",
    "connection",
    "upstream",
    "source",
    "destination",
    "metadata",
    "filter_state",
    "upstream_filter_state",
    "xds",
    "node",
    "cluster_name",
    "cluster_metadata",
    "route_name",
    "route_metadata",
    "listener_direction",
    "listener_metadata",
    "upstream_host_metadata",
    "plugin_name",
    "plugin_root_id",
    "plugin_vm_id",
    "connection_id",
    "path",
    "url_path",
    "query",
    "host",
    "scheme",
    "method",
    "headers",
    ":path",
    "x-a",
    "time",
    "duration",
    "size",
    "total_size",
    "protocol",
    "code",
    "code_details",
    "flags",
    "grpc_status",
    "trailers",
    "backend_latency",
    "address",
    "port",
    "id",
    "mtls",
    "filter_metadata",
    "envoy.filters.http.wasm",
    "virtual_host_name",
    "locality",
    "wasm.x",
    "x",
    "0",
    "-1",
    "18446744073709551616",
    "",
];
