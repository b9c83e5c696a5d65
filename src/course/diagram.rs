//! The ```` ```diagram ```` block: who sends what to whom, as a picture with lanes.
//!
//! ```text
//! alt: what a reader who cannot see the picture must know
//! lanes: [client, add-header: wasm, upstream]
//! steps:
//! - client -> add-header: GET /
//! - add-header: adds x-hello
//! ```

use super::markdown::escape;
use crate::model::Problem;
use crate::model::yaml::{Fields, Node, Value, nearest};

/// Sorts of actor: each has its colour and its shape.
const ACTORS: [&str; 6] = ["client", "native", "lua", "wasm", "upstream", "host"];
const LANE: usize = 170;
const ROW: usize = 44;
const HEAD: usize = 56;

struct Lane {
    name: String,
    actor: String,
}

enum Step {
    Message {
        from: usize,
        to: usize,
        text: String,
    },
    Note {
        at: usize,
        text: String,
    },
}

/// Draws a diagram as inline SVG; colours come from the page's styles.
///
/// # Errors
/// The first key that is missing, unknown or not as it should be.
pub(super) fn draw(node: &Node) -> Result<String, Problem> {
    let mut fields = Fields::of(node)?;
    let alt = fields.require("alt")?.as_str()?;
    let lanes: Vec<Lane> = (fields.require("lanes")?.as_list()?.iter())
        .map(lane)
        .collect::<Result<_, _>>()?;
    let steps: Vec<Step> = (fields.require("steps")?.as_list()?.iter())
        .map(|node| step(node, &lanes))
        .collect::<Result<_, _>>()?;
    fields.finish()?;

    let (width, height) = (lanes.len() * LANE, HEAD + steps.len() * ROW + 16);
    let mut svg = format!(
        "<figure class=\"diagram\"><svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n",
        escape(alt)
    );
    for (at, lane) in lanes.iter().enumerate() {
        let x = center(at);
        svg.push_str(&format!(
            "<g class=\"lane actor-{}\"><line x1=\"{x}\" y1=\"40\" x2=\"{x}\" y2=\"{height}\"/>\
             <rect x=\"{}\" y=\"6\" width=\"{}\" height=\"34\" rx=\"6\"/><text x=\"{x}\" y=\"28\">{}</text></g>\n",
            lane.actor,
            x - LANE / 2 + 8,
            LANE - 16,
            escape(&lane.name)
        ));
    }
    for (row, step) in steps.iter().enumerate() {
        svg.push_str(&step_svg(step, HEAD + row * ROW + 26));
    }
    svg.push_str("</svg></figure>\n");
    Ok(svg)
}

fn lane(node: &Node) -> Result<Lane, Problem> {
    let (name, actor, place) = match &node.value {
        Value::Map(entries) if entries.len() == 1 => (
            entries[0].0.text.as_str(),
            entries[0].1.as_str()?,
            &entries[0].1.place,
        ),
        _ => (node.as_str()?, node.as_str()?, &node.place),
    };
    if !ACTORS.contains(&actor) {
        let message = format!("`{actor}` is no sort of actor");
        let help = format!("Write `{name}: KIND` with one of {}.", ACTORS.join(", "));
        return Err(Problem::at(place, message, help));
    }
    Ok(Lane {
        name: name.to_string(),
        actor: actor.to_string(),
    })
}

fn step(node: &Node, lanes: &[Lane]) -> Result<Step, Problem> {
    let [(key, value)] = node.as_map()? else {
        return Err(node.expected("`client -> upstream: what it sends`"));
    };
    let find = |name: &str| {
        let known = lanes.iter().map(|lane| lane.name.as_str());
        lanes
            .iter()
            .position(|lane| lane.name == name)
            .ok_or_else(|| {
                let help = match nearest(name, known) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => "Name a lane.".to_string(),
                };
                Problem::at(&key.place, format!("there is no lane `{name}`"), help)
            })
    };
    let text = value.as_str()?.to_string();
    match key.text.split_once("->") {
        Some((from, to)) => {
            let (from, to) = (find(from.trim())?, find(to.trim())?);
            if from == to {
                return Err(Problem::at(
                    &key.place,
                    "a message to oneself",
                    "Write `lane: text`.",
                ));
            }
            Ok(Step::Message { from, to, text })
        }
        None => Ok(Step::Note {
            at: find(&key.text)?,
            text,
        }),
    }
}

fn step_svg(step: &Step, y: usize) -> String {
    match step {
        Step::Message { from, to, text } => {
            let (x1, x2) = (center(*from), center(*to));
            // The head of the arrow: 8 wide, towards where it goes.
            let (tip, back) = if x2 > x1 {
                (x2 - 2, x2 - 10)
            } else {
                (x2 + 2, x2 + 10)
            };
            format!(
                "<g class=\"message\"><line x1=\"{x1}\" y1=\"{y}\" x2=\"{back}\" y2=\"{y}\"/>\
                 <path d=\"M{tip} {y} L{back} {} L{back} {} Z\"/><text x=\"{}\" y=\"{}\">{}</text></g>\n",
                y - 5,
                y + 5,
                (x1 + x2) / 2,
                y - 8,
                escape(text)
            )
        }
        Step::Note { at, text } => format!(
            "<g class=\"note\"><circle cx=\"{0}\" cy=\"{1}\" r=\"4\"/><text x=\"{0}\" y=\"{2}\">{3}</text></g>\n",
            center(*at),
            y,
            y - 10,
            escape(text)
        ),
    }
}

fn center(lane: usize) -> usize {
    lane * LANE + LANE / 2
}
