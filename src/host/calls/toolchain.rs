//! What toolchains import beside the ABI.

use super::{Answer, Body, Call, Proxy, Refusal, Status};

pub(super) fn body<P: Proxy>(name: &str) -> Option<Body<P>> {
    Some(match name {
        "pthread_equal" => Body::Number(|call| u32::from(call.word(0) == call.word(1))),
        "emscripten_notify_memory_growth" => Body::Number(|_| 0),
        "envoy_resolve_dns" => Body::Status(resolve_dns),
        _ => return None,
    })
}

/// (name, size, out token)
fn resolve_dns<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    call.bytes(0)?;
    let reason = "the simulated proxy has no DNS";
    Err(Refusal::new(Status::Unimplemented, reason))
}
