//! Which events of a run a condition means.

use crate::model::exercise::Selector;
use crate::model::lab::Matcher;
use crate::model::report::ScenarioReport;
use crate::model::trace::{Event, Value};
use crate::proxy::matches;

/// The numbers of the events that are meant, in order.
pub(super) fn matching(selector: &Selector, ran: &ScenarioReport) -> Vec<u32> {
    let meant = ran
        .events
        .iter()
        .filter(|event| satisfies(selector, event, ran));
    match selector.nth {
        None => meant.map(|event| event.n).collect(),
        Some(nth) => meant.skip(nth).take(1).map(|event| event.n).collect(),
    }
}

/// Whether an event is like this, whichever of them it is.
pub(super) fn satisfies(selector: &Selector, event: &Event, ran: &ScenarioReport) -> bool {
    let Selector {
        kind,
        name,
        thread,
        filter,
        context,
        status,
        args,
        nth: _,
        place: _,
    } = selector;
    let named = |name: &String| {
        event.name == *name || event.name.strip_prefix("proxy_") == Some(name.as_str())
    };
    let of_filter = |filter: &String| {
        let of_vm = |vm: &crate::model::report::VmReport| {
            event.vm == Some(vm.vm) && vm.plugins.contains(filter)
        };
        ran.vms.iter().any(of_vm)
    };
    let ended =
        |status: &String| (event.result.as_ref()).is_some_and(|result| result.status == *status);
    kind.is_none_or(|kind| event.kind == kind)
        && name.as_ref().is_none_or(named)
        && thread.is_none_or(|thread| event.thread == thread)
        && filter.as_ref().is_none_or(of_filter)
        && context.is_none_or(|context| event.context == Some(context))
        && status.as_ref().is_none_or(ended)
        && args.iter().all(|(name, matcher)| has(event, name, matcher))
}

/// Whether an argument of this name is as the matcher wants it.
fn has(event: &Event, name: &str, matcher: &Matcher) -> bool {
    let arg = event.args.iter().find(|arg| arg.name == name);
    arg.is_some_and(|arg| match &arg.value {
        Value::Int(n) => matches(matcher, n.to_string().as_bytes()),
        Value::Word(word) => matches(matcher, word.as_bytes()),
        Value::Bytes(bytes) => matches(matcher, bytes),
        Value::Pairs(_) => false,
    })
}
