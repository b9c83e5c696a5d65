//! Counters, gauges, histograms.

use super::{Answer, Body, Call, Proxy, metric_type};
use crate::host::call::Out;

pub(super) fn body<P: Proxy>(name: &str) -> Option<Body<P>> {
    Some(Body::Status(match name {
        "proxy_define_metric" => define,
        "proxy_increment_metric" => increment,
        "proxy_record_metric" => record,
        "proxy_get_metric" => get,
        _ => return None,
    }))
}

/// (kind, name, size, out id)
fn define<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let (at, word) = (call.at, call.word(0));
    let (name, proxy) = call.bytes_and_proxy(1)?;
    let id = proxy.define_metric(at, metric_type(word)?, name)?;
    call.give(Out::U32(3, id));
    Ok(())
}

/// (id, i64 delta)
fn increment<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let (id, delta) = (call.word(0), call.long(1) as i64);
    call.proxy.increment_metric(call.at, id, delta)
}

/// (id, i64 value)
fn record<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let (id, value) = (call.word(0), call.long(1));
    call.proxy.record_metric(call.at, id, value)
}

/// (id, out value)
fn get<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let value = call.proxy.metric(call.at, call.word(0))?;
    call.give(Out::U64(1, value));
    Ok(())
}
