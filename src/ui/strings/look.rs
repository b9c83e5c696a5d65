//! Words of the timeline and the picture.
//!
//! Must not know: anything but words.

/// No picture yet.
pub const NO_PICTURE_YET: &str = "No run yet. After a run, the client, the filters and the \
    upstreams stand here, and a message moves through them, event by event.";
/// A VM that is dead.
pub const VM_DEAD: &str = "This VM has failed and is gone.";
/// “Picture”
pub const PICTURE: &str = "Picture";
/// The stations of the picture.
pub const CHAIN: &str = "From the client to the upstream";
/// The threads of the picture.
pub const THREADS: &str = "Threads and their VMs";
/// The thread that the event is of.
pub const RUNS_NOW: &str = "runs now";
/// The way of a message.
pub const TO_UPSTREAM: &str = "towards the upstream";
/// The way of a message.
pub const TO_CLIENT: &str = "towards the client";
/// No row is wanted by these filters.
pub const NO_ROWS: &str = "No event fits. Change the text, the lane or the kind.";
/// No row of the timeline is picked.
pub const NO_EVENT_PICKED: &str =
    "Choose an event to see all of it. Arrow keys go from one to the next, Enter opens its state.";
/// The rows of the timeline.
pub const TIMELINE_CAPTION: &str = "Events of the run, in order";
/// The choice of a lane.
pub const LANE: &str = "Thread or VM";
/// Every lane.
pub const ALL_LANES: &str = "All threads and VMs";
/// The choice of a sort of event.
pub const KIND: &str = "Kind of event";
/// Every sort.
pub const ALL_KINDS: &str = "All kinds";
/// The choice between table and diagram.
pub const VIEW: &str = "View";
/// “Table”
pub const AS_TABLE: &str = "Table";
/// “Diagram”
pub const AS_DIAGRAM: &str = "Diagram";
