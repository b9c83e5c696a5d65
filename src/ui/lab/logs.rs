//! Log lines and the access log.

use super::state::LabState;
use crate::ui::logic::text;
use crate::ui::strings;
use leptos::prelude::*;

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
        let lines = logs
            .into_iter()
            .map(|line| {
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
            })
            .collect_view();
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
            <ol class="logs">{lines}</ol>
            {access}
        }
        .into_any()
    }
}
