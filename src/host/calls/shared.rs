//! Shared data and queues.

use super::{Answer, Body, Call, Proxy};
use crate::host::call::Out;

pub(super) fn body<P: Proxy>(name: &str) -> Option<Body<P>> {
    Some(Body::Status(match name {
        "proxy_get_shared_data" => get_data,
        "proxy_set_shared_data" => set_data,
        "proxy_register_shared_queue" => register,
        "proxy_resolve_shared_queue" => resolve,
        "proxy_enqueue_shared_queue" => enqueue,
        "proxy_dequeue_shared_queue" => dequeue,
        _ => return None,
    }))
}

/// (key, size, out value, out size, out cas)
fn get_data<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let at = call.at;
    let (key, proxy) = call.bytes_and_proxy(0)?;
    let (value, cas) = proxy.shared_data(at, key)?;
    call.give(Out::Bytes(2, value));
    call.give(Out::U32(4, cas));
    Ok(())
}

/// (key, size, value, size, cas)
fn set_data<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let (at, cas) = (call.at, call.word(4));
    let (key, value, proxy) = call.two_and_proxy(0, 2)?;
    proxy.set_shared_data(at, key, value, cas)
}

/// (name, size, out token)
fn register<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let at = call.at;
    let (name, proxy) = call.bytes_and_proxy(0)?;
    let token = proxy.register_queue(at, name)?;
    call.give(Out::U32(2, token));
    Ok(())
}

/// (vm id, size, name, size, out token)
fn resolve<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let at = call.at;
    let (vm_id, name, proxy) = call.two_and_proxy(0, 2)?;
    let token = proxy.resolve_queue(at, vm_id, name)?;
    call.give(Out::U32(4, token));
    Ok(())
}

/// (token, value, size)
fn enqueue<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let (at, token) = (call.at, call.word(0));
    let (value, proxy) = call.bytes_and_proxy(1)?;
    proxy.enqueue(at, token, value)
}

/// (token, out value, out size)
fn dequeue<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let value = call.proxy.dequeue(call.at, call.word(0))?;
    call.give(Out::Bytes(1, value));
    Ok(())
}
