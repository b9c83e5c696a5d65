//! Log, clock, timer, context, properties, foreign functions, configuration.

use super::{Answer, Body, Call, Proxy, Refusal, Status, named};
use crate::abi::property::dotted;
use crate::abi::{BufferType, LogLevel};
use crate::host::call::{Out, last_words};
use crate::host::port::ForeignCall;

pub(super) fn body<P: Proxy>(name: &str) -> Option<Body<P>> {
    Some(Body::Status(match name {
        "proxy_log" => log,
        "proxy_get_log_level" => get_log_level,
        "proxy_get_status" => get_status,
        "proxy_set_tick_period_milliseconds" => set_tick_period,
        "proxy_get_current_time_nanoseconds" => get_current_time,
        "proxy_set_effective_context" => set_effective_context,
        "proxy_done" => done,
        "proxy_get_property" => get_property,
        "proxy_set_property" => set_property,
        "proxy_call_foreign_function" => call_foreign_function,
        "proxy_get_configuration" => get_configuration,
        _ => return None,
    }))
}

/// (level, text, size)
fn log<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let word = call.word(0);
    let level = named(word, "log_level", 5, LogLevel::from_u32(word))?;
    let (at, length) = (call.at, call.bytes(1)?.len());
    if call.within_log_limit(length) {
        let (message, proxy) = call.bytes_and_proxy(1)?;
        let said = last_words(level, message);
        proxy.log(at, level, message);
        call.remember(said);
    }
    Ok(())
}

/// (out level)
fn get_log_level<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let level = call.proxy.log_level().number();
    call.give(Out::U32(0, level));
    Ok(())
}

/// (out code, out text, out size)
fn get_status<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let (code, message) = call.proxy.status(call.at);
    call.give(Out::U32(0, code));
    call.give(Out::Bytes(1, message));
    Ok(())
}

/// (milliseconds)
fn set_tick_period<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let period = call.word(0);
    call.proxy.set_tick_period(call.at, period);
    Ok(())
}

/// (out nanoseconds)
fn get_current_time<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let now = call.proxy.wall_clock_ns();
    call.give(Out::U64(0, now));
    Ok(())
}

/// (context)
fn set_effective_context<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let id = call.word(0);
    if id != 0 && !call.state().contexts.contains_key(&id) {
        let reason = format!("there is no context {id}");
        return Err(Refusal::new(Status::BadArgument, reason));
    }
    call.state().effective = id;
    Ok(())
}

/// ()
fn done<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    call.proxy.done(call.at)
}

/// (path, size, out value, out size)
fn get_property<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let at = call.at;
    let known = call.state().profile.properties;
    let (path, proxy) = call.bytes_and_proxy(0)?;
    if path.is_empty() {
        let reason = "the path is empty";
        return Err(Refusal::new(Status::SerializationFailure, reason));
    }
    if let Some(known) = known
        && !known.contains(&&*dotted(path))
    {
        let reason = format!("this host has no property but {}", known.join(", "));
        return Err(Refusal::new(Status::NotFound, reason));
    }
    let value = proxy.property(at, path)?;
    call.give(Out::Bytes(2, value));
    Ok(())
}

/// (path, size, value, size)
fn set_property<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let at = call.at;
    let (path, value, proxy) = call.two_and_proxy(0, 2)?;
    proxy.set_property(at, path, value)
}

/// (name, size, argument, size, out result, out size)
fn call_foreign_function<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let (at, current) = (call.at, call.state().current);
    let (name, argument, proxy) = call.two_and_proxy(0, 2)?;
    let mut asked = ForeignCall {
        name,
        argument,
        current,
        work: 0,
        kept: 0,
        note: "".into(),
    };
    let answer = proxy.foreign_function(at, &mut asked);
    let ForeignCall {
        work, kept, note, ..
    } = asked;
    if kept > 0 {
        call.count_kept(kept);
    }
    call.walked += usize::try_from(work).unwrap_or(usize::MAX >> 1);
    call.note(note);
    match answer {
        Ok(result) => {
            call.give(Out::Optional(4, result));
            Ok(())
        }
        Err(refusal) => {
            // A function that exists writes its result words even when it fails.
            if refusal.status != Status::NotFound {
                call.give(Out::Optional(4, Vec::new()));
                call.outs_always = true;
            }
            Err(refusal)
        }
    }
}

/// (out value, out size)
fn get_configuration<P: Proxy>(call: &mut Call<'_, P>) -> Answer<()> {
    let buffer = match call.state().configuring {
        true => BufferType::PluginConfiguration,
        false => BufferType::VmConfiguration,
    };
    let at = call.at;
    let bytes = match call.proxy.buffer(at, buffer) {
        Ok(bytes) => bytes.to_vec(),
        Err(_) => Vec::new(),
    };
    call.give(Out::Bytes(0, bytes));
    Ok(())
}
