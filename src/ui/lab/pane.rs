//! The panes of a lab, of which a narrow screen shows one.

/// Which pane a narrow screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Pane {
    /// The lesson's text.
    Read,
    /// The editors.
    Edit,
    /// The result.
    Result,
}

impl Pane {
    /// Its name in attributes.
    pub(in crate::ui) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Edit => "edit",
            Self::Result => "result",
        }
    }
}
