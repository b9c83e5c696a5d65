//! What a person chooses of a lab that has been read: one scenario, another request.

use super::{Beside, parse};
use crate::model::exercise::Asked;
use crate::model::lab::{Lab, TrafficAction};
use crate::model::yaml::nearest;
use crate::model::{Problem, Request};

/// The index of a scenario by name.
///
/// # Errors
/// When there is none, with the nearest name or all of them.
pub fn scenario_named(lab: &Lab, name: &str) -> Result<usize, Problem> {
    let names = || lab.scenarios.iter().map(|scenario| scenario.name.as_str());
    names().position(|other| other == name).ok_or_else(|| {
        let help = match nearest(name, names()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!(
                "Scenarios here: {}.",
                names().collect::<Vec<_>>().join(", ")
            ),
        };
        Problem::in_file(&lab.file, format!("no scenario is named `{name}`"), help)
    })
}

/// The part that stands for the page's request editor: it replaces the first scenario's first request.
pub const REQUEST: &str = "request.yaml";

/// Puts the request of the part [`REQUEST`] in its place, when there is such a part and the lab
/// does not use it elsewhere.
///
/// # Errors
/// When the part is no request, or the scenario at this index sends none.
pub fn put_request_part(
    lab: &mut Lab,
    scenario: usize,
    beside: &dyn Beside,
) -> Result<(), Problem> {
    if beside.part(REQUEST).is_none() || lab.parts.iter().any(|part| part == REQUEST) {
        return Ok(());
    }
    let text = format!("scenarios:\n- traffic:\n  - request: {{edit: {REQUEST}}}\n");
    let read = parse(REQUEST, &text, beside)?;
    match read
        .scenarios
        .first()
        .and_then(|one| one.traffic.first())
        .map(|one| &one.action)
    {
        Some(TrafficAction::Request(request)) => put_request(lab, scenario, request),
        _ => Err(Problem::in_file(REQUEST, "expected a request", "")),
    }
}

/// Puts the right module of each exercise that asks for one in its place.
pub fn put_modules(lab: &mut Lab) {
    for quest in &lab.quests {
        if let Asked::Own { file, solution } = &quest.asked
            && let Some(file) = lab.files.get_mut(file)
        {
            *file = file.with(solution.clone());
        }
    }
}

/// Puts a request in the place of the first one that the scenario at this index sends.
///
/// Empty method, path and authority become GET, / and example.com.
///
/// # Errors
/// When the scenario sends no request, and when this one could not be sent.
pub fn put_request(lab: &mut Lab, scenario: usize, request: &Request) -> Result<(), Problem> {
    let refuse = |message: String| Problem::in_file("the request", message, "");
    let chunks = request
        .chunks
        .iter()
        .fold(0_usize, |sum, n| sum.saturating_add(*n));
    if chunks > request.body.len() {
        return Err(refuse(format!(
            "the chunks add up to {chunks} bytes, the body has {}",
            request.body.len()
        )));
    }
    for (name, _) in request.headers.iter().chain(request.trailers.iter()) {
        let name = String::from_utf8_lossy(name);
        if !super::parse::is_header_name(&name) {
            return Err(refuse(format!(
                "`{name}` is no header name: use letters, digits and -"
            )));
        }
    }
    let traffic = lab
        .scenarios
        .get_mut(scenario)
        .map(|one| one.traffic.as_mut_slice())
        .unwrap_or_default();
    let slot = traffic
        .iter_mut()
        .find_map(|traffic| match &mut traffic.action {
            TrafficAction::Request(request) => Some(request),
            _ => None,
        });
    let Some(slot) = slot else {
        return Err(refuse(
            "this scenario sends no request that could be replaced".to_owned(),
        ));
    };
    *slot = request.clone();
    for (field, default) in [
        (&mut slot.method, "GET"),
        (&mut slot.path, "/"),
        (&mut slot.authority, "example.com"),
    ] {
        if field.is_empty() {
            *field = default.to_owned();
        }
    }
    lab.replaced = Some(scenario);
    Ok(())
}
