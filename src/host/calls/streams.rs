//! Continuing, closing and answering streams. Everything here is queued by the proxy until the
//! guest has returned.

use super::{Answer, Body, Call, Proxy, Refusal, Status, pairs, stream_type};
use crate::abi::StreamType;
use crate::host::port::LocalReply;

pub(super) fn body<P: Proxy>(name: &str) -> Option<Body<P>> {
    Some(Body::Status(match name {
        "proxy_continue_stream" => continue_stream,
        "proxy_close_stream" => close_stream,
        "proxy_continue_request" => continue_request,
        "proxy_continue_response" => continue_response,
        "proxy_clear_route_cache" => clear_route_cache,
        "proxy_send_local_response" => send_local_response,
        _ => return None,
    }))
}

/// (stream)
fn continue_stream<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let stream = stream_type(call)?;
    if stream == StreamType::Upstream {
        let reason = "Envoy cannot resume the upstream direction of a TCP connection";
        return Err(Refusal::new(Status::Unimplemented, reason));
    }
    call.proxy.continue_stream(call.at, stream)
}

/// (stream)
fn close_stream<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let stream = stream_type(call)?;
    call.proxy.close_stream(call.at, stream)
}

/// ()
fn continue_request<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    call.proxy.continue_stream(call.at, StreamType::Request)
}

/// ()
fn continue_response<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    call.proxy.continue_stream(call.at, StreamType::Response)
}

/// ()
fn clear_route_cache<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    call.proxy.clear_route_cache(call.at)
}

/// (status, details, size, body, size, headers, size, grpc status)
fn send_local_response<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let details = call.bytes(1)?.to_vec();
    let body = call.bytes(3)?.to_vec();
    let (headers, wrong) = pairs(call.bytes(5)?);
    let grpc_status = match call.word(7) as i32 {
        status @ 0..=16 => status,
        _ => -1,
    };
    let reply = LocalReply {
        status: call.word(0),
        details,
        body,
        headers,
        grpc_status,
    };
    if let Some(wrong) = wrong {
        call.note(format!("no extra headers: {wrong}"));
    }
    // Envoy ignores what becomes of it.
    if let Err(refusal) = call.proxy.send_local_reply(call.at, reply) {
        call.note(refusal.reason);
    }
    Ok(())
}
