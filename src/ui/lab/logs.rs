//! Log lines and the access log.

use super::state::LabState;
use crate::ui::logic::text;
use crate::ui::parts::{More, keyed};
use crate::ui::strings;
use leptos::prelude::*;
use std::sync::Arc;

/// How many lines are shown unasked.
const LINES: usize = 200;

/// The logs of the shown scenario.
#[component]
pub(super) fn Logs(state: LabState) -> impl IntoView {
    move || {
        let logs = state.with_scenario(|s| (s.logs.clone(), s.access_log.clone()));
        let Some((logs, access)) = logs else {
            return view! { <p class="empty">{strings::NO_LOGS_YET}</p> }.into_any();
        };
        let none = logs
            .is_empty()
            .then(|| view! { <p class="empty">{strings::NO_LOGS}</p> });
        let count = logs.len();
        let logs = StoredValue::new(logs);
        let shown = RwSignal::new(LINES.min(count));
        let keys = move || (0..shown.get() as u64).collect();
        let line = move |at: u64| {
            let line = logs.with_value(|logs| logs.get(at as usize).cloned());
            let line = line.map(|line| {
                let plugin = match line.plugin.is_empty() {
                    true => strings::PROXY.to_owned(),
                    false => line.plugin,
                };
                let class = format!("log {}", line.level);
                view! {
                    <li class=class>
                        <span class="time">{text::time(line.t_ns)}</span>
                        <span class="level">{line.level}</span>
                        <span class="plugin">{plugin}</span>
                        <span class="message">{line.message}</span>
                    </li>
                }
            });
            line.into_any()
        };
        let access = (!access.is_empty()).then(|| {
            let lines = access
                .into_iter()
                .map(|line| view! { <li>{line}</li> })
                .collect_view();
            view! {
                <h3>{strings::ACCESS_LOG}</h3>
                <ol class="access-log">{lines}</ol>
            }
        });
        view! {
            {none}
            <ol class="logs">
                {keyed(Box::new(keys), Arc::new(line))}
            </ol>
            <More shown count few=LINES />
            {access}
        }
        .into_any()
    }
}
