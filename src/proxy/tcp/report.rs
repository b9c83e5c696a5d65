//! What the report says of connections.

use super::Tcp;
use super::connection::Connection;
use super::upstream::Upstream;
use crate::model::report::Connection as Report;

impl Tcp {
    /// The connections as they stand.
    pub(in crate::proxy) fn report(self) -> Vec<Report> {
        let one = |connection: Connection| {
            let upstream = connection.upstream.as_ref().map(Upstream::report);
            Report {
                outcome: connection.outcome(),
                upstream: upstream.into_iter().collect(),
                ..connection.report
            }
        };
        self.connections.into_iter().map(one).collect()
    }
}
