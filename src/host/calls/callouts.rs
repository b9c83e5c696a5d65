//! HTTP and gRPC callouts.

use super::{Answer, Body, Call, Proxy, Refusal, Status, pairs};
use crate::host::call::Out;
use crate::host::port::{GrpcCallout, HttpCallout};

pub(super) fn body<P: Proxy>(name: &str) -> Option<Body<P>> {
    Some(Body::Status(match name {
        "proxy_http_call" => http_call,
        "proxy_grpc_call" => grpc_call,
        "proxy_grpc_stream" => grpc_stream,
        "proxy_grpc_send" => grpc_send,
        "proxy_grpc_cancel" => grpc_cancel,
        "proxy_grpc_close" => grpc_close,
        _ => return None,
    }))
}

/// (upstream, size, headers, size, body, size, trailers, size, timeout, out token)
fn http_call<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let upstream = call.bytes(0)?.to_vec();
    let (headers, wrong) = pairs(call.bytes(2)?);
    let body = call.bytes(4)?.to_vec();
    let (trailers, _) = pairs(call.bytes(6)?);
    let timeout_ms = call.word(8);
    // Envoy probes the token's place before it sends anything.
    call.put_now(9, 0)?;
    if timeout_ms > i32::MAX as u32 {
        let reason = "timeout_milliseconds: longer than 2147483647";
        return Err(Refusal::new(Status::BadArgument, reason));
    }
    if let Some(wrong) = wrong {
        call.note(format!("no headers: {wrong}"));
    }
    let callout = HttpCallout {
        upstream,
        headers,
        body,
        trailers,
        timeout_ms,
    };
    let token = call.proxy.http_call(call.at, callout)?;
    call.give(Out::U32(9, token));
    Ok(())
}

/// The three names and the metadata that a call and a stream begin with.
fn grpc<P: Proxy>(call: &mut Call<'_, P>) -> Answer<GrpcCallout> {
    Ok(GrpcCallout {
        service: call.bytes(0)?.to_vec(),
        service_name: call.bytes(2)?.to_vec(),
        method: call.bytes(4)?.to_vec(),
        metadata: pairs(call.bytes(6)?).0,
        message: None,
        timeout_ms: 0,
    })
}

/// (service, size, service name, size, method, size, metadata, size, message, size, timeout, out token)
fn grpc_call<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let mut callout = grpc(call)?;
    callout.message = Some(call.bytes(8)?.to_vec());
    callout.timeout_ms = call.word(10);
    let token = call.proxy.grpc_call(call.at, callout)?;
    call.give(Out::U32(11, token));
    Ok(())
}

/// (service, size, service name, size, method, size, metadata, size, out token)
fn grpc_stream<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let callout = grpc(call)?;
    let token = call.proxy.grpc_call(call.at, callout)?;
    call.give(Out::U32(8, token));
    Ok(())
}

/// The last two bits of a token tell what it is: 0 an HTTP call, 1 a gRPC call, 2 a gRPC stream.
fn token<P: Proxy>(call: &Call<'_, P>, stream_only: bool) -> Answer<u32> {
    let token = call.word(0);
    match token & 3 {
        2 => Ok(token),
        1 if !stream_only => Ok(token),
        _ => {
            let what = if stream_only {
                "stream"
            } else {
                "call or stream"
            };
            let reason = format!("{token} is not the token of a gRPC {what} (its last two bits)");
            Err(Refusal::new(Status::BadArgument, reason))
        }
    }
}

/// (token, message, size, end)
fn grpc_send<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    call.bytes(1)?;
    let (at, token, end) = (call.at, token(call, true)?, call.word(3) != 0);
    let (message, proxy) = call.bytes_and_proxy(1)?;
    proxy.grpc_send(at, token, message, end)
}

/// (token)
fn grpc_cancel<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let token = token(call, false)?;
    call.proxy.grpc_cancel(call.at, token)
}

/// (token)
fn grpc_close<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let token = token(call, false)?;
    call.proxy.grpc_close(call.at, token)
}
