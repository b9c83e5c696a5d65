//! What went over a TCP connection: all that each side sent and got, and how it ended.

use super::exchange::{BodyView, Side};
use crate::model::Bytes;
use crate::model::report::Connection;
use crate::ui::logic::outcome;
use crate::ui::strings;
use leptos::prelude::*;

/// One connection: the client's bytes, its upstreams', and what came back.
#[component]
pub(super) fn ConnectionView(connection: Connection) -> impl IntoView {
    let ended = outcome::connection(&connection);
    let details = (!connection.details.is_empty()).then(|| {
        view! {
            <p class="details">{strings::DETAILS} " " <code>{connection.details}</code></p>
        }
    });
    let upstreams = connection
        .upstream
        .into_iter()
        .map(|up| {
            view! {
                <BytesSide
                    actor="upstream"
                    title=strings::UPSTREAM_SAW
                    note=up.cluster
                    bytes=up.received
                />
                <BytesSide
                    actor="upstream"
                    title=strings::UPSTREAM_SENT
                    note=String::new()
                    bytes=up.sent
                />
            }
        })
        .collect_view();
    view! {
        <div class="exchange">
            <BytesSide
                actor="client"
                title=strings::CLIENT_SENT
                note=String::new()
                bytes=connection.sent
            />
            {upstreams}
            <BytesSide
                actor="client"
                title=strings::CLIENT_GOT
                note=ended
                bytes=connection.received
            />
        </div>
        {details}
    }
}

#[component]
fn BytesSide(
    actor: &'static str,
    title: &'static str,
    note: String,
    bytes: Bytes,
) -> impl IntoView {
    let nothing = bytes
        .is_empty()
        .then(|| view! { <p class="empty">{strings::NO_BYTES}</p> });
    view! {
        <Side actor title note>
            {nothing}
            <BodyView body=bytes was=None />
        </Side>
    }
}
