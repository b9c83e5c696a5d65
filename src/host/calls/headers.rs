//! Header maps, trailers and gRPC metadata.

use super::{Answer, Body, Call, Proxy, Refusal, Status, map_type, pairs};
use crate::abi::{AbiVersion, MapType, pairs as codec};
use crate::host::call::Out;
use crate::host::port::At;
use crate::model::Headers;

pub(super) fn body<P: Proxy>(name: &str) -> Option<Body<P>> {
    Some(Body::Status(match name {
        "proxy_get_header_map_size" => get_size,
        "proxy_get_header_map_pairs" => get_pairs,
        "proxy_set_header_map_pairs" => set_pairs,
        "proxy_get_header_map_value" => get_value,
        "proxy_add_header_map_value" => add_value,
        "proxy_replace_header_map_value" => replace_value,
        "proxy_remove_header_map_value" => remove_value,
        _ => return None,
    }))
}

/// The map to be written. Types 4 to 7 never are.
fn map_mut<P: Proxy>(proxy: &mut P, at: At, map: MapType) -> Answer<&mut Headers> {
    if !map.is_writable() {
        let reason = format!("{map} is read-only");
        return Err(Refusal::new(Status::BadArgument, reason));
    }
    proxy.header_map_mut(at, map)
}

/// (map, out size)
fn get_size<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let map = map_type(call)?;
    let headers = map_mut(&mut *call.proxy, call.at, map)?;
    let size = headers.byte_size();
    call.walked = headers.len();
    call.give(Out::U32(1, size as u32));
    Ok(())
}

/// (map, out pairs, out size)
fn get_pairs<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let map = map_type(call)?;
    let mut bytes = call.take_scratch();
    match call.proxy.header_map(call.at, map) {
        Some(headers) if !headers.is_empty() => {
            let length = codec::encoded_len(headers.iter());
            bytes.resize(length, 0);
            codec::encode_into(|| headers.iter(), &mut bytes);
        }
        Some(_) => {}
        None => call.note("this context has no such map now: Envoy answers Ok and nothing"),
    }
    call.give(Out::Pairs(1, bytes));
    Ok(())
}

/// (map, pairs, size)
fn set_pairs<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let map = map_type(call)?;
    let at = call.at;
    let (bytes, proxy) = call.bytes_and_proxy(1)?;
    let (headers, wrong) = pairs(bytes);
    *map_mut(proxy, at, map)? = headers;
    if let Some(wrong) = wrong {
        call.note(format!(
            "{wrong}: Envoy takes it for no pairs and clears the map"
        ));
    }
    Ok(())
}

/// (map, key, size, out value, out size)
fn get_value<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let map = map_type(call)?;
    let (at, old) = (call.at, call.state().abi == AbiVersion::V0_1_0);
    let mut value = call.take_scratch();
    let (key, proxy) = call.bytes_and_proxy(1)?;
    let (found, absent_in_log, walked) = match proxy.header_map(at, map) {
        Some(headers) => match headers.get(key) {
            Some(found) => {
                value.extend_from_slice(found);
                (true, false, headers.len())
            }
            None => (false, true, headers.len()),
        },
        None => (false, proxy.in_log(at), 0),
    };
    call.walked = walked;
    if !found && !absent_in_log {
        let reason = "this context has no such map now";
        return Err(Refusal::new(Status::BadArgument, reason));
    }
    if !found && !old {
        let reason = "the map has no such key";
        return Err(Refusal::new(Status::NotFound, reason));
    }
    if !found {
        call.note("there is no such key: ABI 0.1.0 answers Ok and nothing");
    }
    call.give(Out::Bytes(3, value));
    Ok(())
}

/// (map, key, size, value, size)
fn add_value<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let map = map_type(call)?;
    let at = call.at;
    let (key, value, proxy) = call.two_and_proxy(1, 3)?;
    let headers = map_mut(proxy, at, map)?;
    let join = |old: &mut Vec<u8>| {
        if !old.is_empty() && !value.is_empty() {
            old.push(b',');
        }
        old.extend_from_slice(value);
    };
    let walked = headers.len();
    if is_inline(key) && headers.edit_first(key, join) {
        call.walked = walked;
        call.note("Envoy keeps one value of this header: joined with a comma");
        return Ok(());
    }
    headers.push(key, value);
    Ok(())
}

/// (map, key, size, value, size)
fn replace_value<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let map = map_type(call)?;
    let at = call.at;
    let (key, value, proxy) = call.two_and_proxy(1, 3)?;
    let headers = map_mut(proxy, at, map)?;
    let walked = headers.len();
    headers.set(key, value);
    call.walked = walked;
    Ok(())
}

/// (map, key, size)
fn remove_value<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let map = map_type(call)?;
    let at = call.at;
    let (key, proxy) = call.bytes_and_proxy(1)?;
    let headers = map_mut(proxy, at, map)?;
    let walked = headers.len();
    headers.remove(key);
    call.walked = walked;
    Ok(())
}

/// The headers that Envoy keeps in places of their own, one value each. `add` joins their values.
const INLINE: [&[u8]; 30] = [
    b":authority",
    b":method",
    b":path",
    b":protocol",
    b":scheme",
    b":status",
    b"connection",
    b"content-length",
    b"content-type",
    b"date",
    b"expect",
    b"forwarded",
    b"grpc-message",
    b"grpc-status",
    b"grpc-timeout",
    b"host",
    b"keep-alive",
    b"proxy-connection",
    b"proxy-status",
    b"server",
    b"te",
    b"transfer-encoding",
    b"upgrade",
    b"user-agent",
    b"via",
    b"x-client-trace-id",
    b"x-forwarded-client-cert",
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-request-id",
];

fn is_inline(name: &[u8]) -> bool {
    INLINE
        .iter()
        .any(|inline| inline.eq_ignore_ascii_case(name))
}
