//! Bodies, TCP data, configurations, answers of callouts.

use super::{Answer, Body, Call, Proxy, buffer_type};
use crate::host::call::Out;

pub(super) fn body<P: Proxy>(name: &str) -> Option<Body<P>> {
    Some(Body::Status(match name {
        "proxy_get_buffer_bytes" => get_bytes,
        "proxy_get_buffer_status" => get_status,
        "proxy_set_buffer_bytes" => set_bytes,
        _ => return None,
    }))
}

/// (buffer, offset, size, out value, out size)
///
/// Offset and size are clamped to what is there. Envoy's check for a sum beyond 32 bits can
/// never fire for a 32-bit module, so there is none.
fn get_bytes<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let buffer = buffer_type(call)?;
    let (start, size) = (call.word(1) as usize, call.word(2) as usize);
    let mut value = call.take_scratch();
    let bytes = call.proxy.buffer(call.at, buffer)?;
    let start = start.min(bytes.len());
    let end = start.saturating_add(size).min(bytes.len());
    value.extend_from_slice(&bytes[start..end]);
    call.give(Out::Bytes(3, value));
    Ok(())
}

/// (buffer, out size, out flags)
fn get_status<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let buffer = buffer_type(call)?;
    let length = call.proxy.buffer(call.at, buffer)?.len();
    call.give(Out::U32(1, length as u32));
    call.give(Out::U32(2, 0));
    Ok(())
}

/// (buffer, offset, size, value, size)
fn set_bytes<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let buffer = buffer_type(call)?;
    let (at, start, size) = (call.at, call.word(1), call.word(2));
    call.proxy.buffer_exists(at, buffer)?;
    let (value, proxy) = call.bytes_and_proxy(3)?;
    proxy.set_buffer(at, buffer, start, size, value)
}
