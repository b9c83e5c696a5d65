//! The trace as nested rows, and which window of it to ask for next.

use crate::model::trace::Event;

/// How many rows are asked for at a time: one screen and a half of a large display.
pub const WINDOW: usize = 150;

/// How deep each event stands, in the order given.
///
/// A parent that is not among the events (another window, a search) does not count.
pub fn depths(events: &[Event]) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(events.len());
    for event in events {
        // Events are in ascending order of their number, and parents come first.
        let parent = event.parent.and_then(|n| {
            events[..depths.len()]
                .binary_search_by_key(&n, |e| e.n)
                .ok()
        });
        depths.push(parent.map_or(0, |at| depths[at] + 1));
    }
    depths
}

/// The next window to ask for when `have` of `total` rows are there; `None` when all are.
pub fn next_window(have: usize, total: usize) -> Option<(usize, usize)> {
    (have < total).then(|| (have, WINDOW.min(total - have)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::trace::{Kind, Trace};

    #[test]
    fn rows_nest_below_their_parents() {
        let mut trace = Trace::new(true, 100);
        let record = |trace: &mut Trace, kind| trace.record(kind, "x", None, None, vec![], None);
        let step = record(&mut trace, Kind::Chain);
        trace.open(step);
        let callback = record(&mut trace, Kind::Callback);
        trace.open(callback);
        record(&mut trace, Kind::HostCall);
        trace.close(step, None, None);
        record(&mut trace, Kind::Client);
        assert_eq!(depths(&trace.events), [0, 1, 2, 0]);
        assert_eq!(depths(&trace.events[1..]), [0, 1, 0]);
    }

    #[test]
    fn windows_end_with_the_trace() {
        assert_eq!(next_window(0, 0), None);
        assert_eq!(next_window(0, 10), Some((0, 10)));
        assert_eq!(next_window(150, 1000), Some((150, 150)));
    }
}
