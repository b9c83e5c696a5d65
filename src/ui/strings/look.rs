//! Words of the timeline and the picture.
//!
//! Must not know: anything but words.

/// No picture yet.
pub const NO_PICTURE_YET: &str = say!(no_picture_yet);
/// A VM that is dead.
pub const VM_DEAD: &str = say!(vm_dead);
/// “Picture”
pub const PICTURE: &str = say!(picture);
/// The stations of the picture.
pub const CHAIN: &str = say!(chain);
/// The threads of the picture.
pub const THREADS: &str = say!(threads);
/// The thread that the event is of.
pub const RUNS_NOW: &str = say!(runs_now);
/// The way of a message.
pub const TO_UPSTREAM: &str = say!(to_upstream);
/// The way of a message.
pub const TO_CLIENT: &str = say!(to_client);
/// No row is wanted by these filters.
pub const NO_ROWS: &str = say!(no_rows);
/// No row of the timeline is picked.
pub const NO_EVENT_PICKED: &str = say!(no_event_picked);
/// The rows of the timeline.
pub const TIMELINE_CAPTION: &str = say!(timeline_caption);
/// The choice of a lane.
pub const LANE: &str = say!(lane);
/// Every lane.
pub const ALL_LANES: &str = say!(all_lanes);
/// The choice of a sort of event.
pub const KIND: &str = say!(kind);
/// Every sort.
pub const ALL_KINDS: &str = say!(all_kinds);
/// The choice between table and diagram.
pub const VIEW: &str = say!(view);
/// “Table”
pub const AS_TABLE: &str = say!(as_table);
/// “Diagram”
pub const AS_DIAGRAM: &str = say!(as_diagram);
