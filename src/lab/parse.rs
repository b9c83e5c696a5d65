//! The lab file: YAML to [`Lab`].
//!
//! Shapes are decided by their key, so that an error names the key and its place. A key that has
//! no meaning is an error. Must not know: what Envoy's configuration means (it stays a tree with
//! places), where files lie.

mod answers;
mod exercise;
mod expect;
mod files;
mod grpc;
mod parts;
mod select;
mod time;
mod traffic;
mod upstream;
mod values;

pub(crate) use values::is_header_name;

use super::Beside;
use crate::host::{PROFILES, Profile};
use crate::model::Problem;
use crate::model::lab::{Expectation, File, Lab, Mistake, Mutant, Scenario, Schedule, Source};
use crate::model::trace::thread_number;
use crate::model::yaml::{self, Fields, Node, Value, nearest};
use std::collections::BTreeMap;

/// More workers than that teach nothing and cost a VM each.
const CONCURRENCY_MAX: u32 = 64;
/// 2026-01-01T00:00:00Z.
const START_NS: u64 = 1_767_225_600_000_000_000;

/// Reads a lab file; `file` is its name in places, `beside` gives the texts of `{edit: NAME}`.
///
/// # Errors
/// The first thing that is not as it must be: file, line, column, what was expected, what to do.
pub fn parse(file: &str, text: &str, beside: &dyn Beside) -> Result<Lab, Problem> {
    let mut root = yaml::parse(file, text)?;
    if root.is_null() {
        return Err(Problem::in_file(
            file,
            "the lab file is empty",
            "Begin with `name:` and `envoy:`.",
        ));
    }
    let mut parts = parts::replace(&mut root, beside)?;
    let mut f = Fields::of(&root).map_err(|problem| Problem {
        help: "A lab file has keys at its left edge: `name:`, `envoy:`, `scenarios:`.".to_owned(),
        ..problem
    })?;
    let name = f.take("name").map(text_of).transpose()?.unwrap_or_default();
    let profile = f
        .take("profile")
        .map(profile)
        .transpose()?
        .unwrap_or_else(|| "envoy".to_owned());
    let concurrency = f
        .take("concurrency")
        .map(concurrency)
        .transpose()?
        .unwrap_or(1);
    let seed = f.take("seed").map(Node::as_u64).transpose()?.unwrap_or(0);
    let start_ns = f
        .take("start")
        .map(time::timestamp)
        .transpose()?
        .unwrap_or(START_NS);
    let schedule = f
        .take("schedule")
        .map(|node| schedule(node, concurrency))
        .transpose()?
        .unwrap_or_default();
    let envoy = f.take("envoy").cloned().unwrap_or_else(|| Node {
        place: root.place.clone(),
        value: Value::Map(Vec::new()),
    });
    let mut files = f
        .take("files")
        .map(files::files)
        .transpose()?
        .unwrap_or_default();
    let upstreams = f
        .take("upstreams")
        .map(upstream::upstreams)
        .transpose()?
        .unwrap_or_default();
    let scope = Scope {
        concurrency,
        files: &files,
    };
    let scenarios = match f.take("scenarios") {
        Some(node) => scenarios(node, &scope)?,
        None => vec![traffic::one_get(&root.place)],
    };
    let around = exercise::Around {
        scenarios: &scenarios,
        files: &files,
    };
    let (exercises, mut quests) = f
        .take("exercises")
        .map(|node| exercise::exercises(node, &around))
        .transpose()?
        .unwrap_or_default();
    let plays = answers::take(&exercises, &mut quests, &mut files, &mut parts, beside)?;
    let mistakes = f
        .take("mistakes")
        .map(mistakes)
        .transpose()?
        .unwrap_or_default();
    let mutants = f
        .take("mutants")
        .map(mutants)
        .transpose()?
        .unwrap_or_default();
    f.finish()?;
    Ok(Lab {
        file: file.to_owned(),
        name,
        profile,
        concurrency,
        seed,
        start_ns,
        schedule,
        envoy,
        files,
        upstreams,
        scenarios,
        exercises,
        quests,
        plays,
        mistakes,
        mutants,
        parts,
        tree: root.clone(),
        replaced: None,
    })
}

/// Reads a list of expectations that stands outside a lab file, such as those of a prediction.
///
/// # Errors
/// As [`parse`].
pub fn expectations(node: &Node) -> Result<Vec<Expectation>, Problem> {
    expect::expectations(node, None)
}

/// What a scenario may refer to.
struct Scope<'a> {
    concurrency: u32,
    files: &'a BTreeMap<String, File>,
}

fn profile(node: &Node) -> Result<String, Problem> {
    let name = node.as_str()?;
    if Profile::named(name).is_some() {
        return Ok(name.to_owned());
    }
    let names = PROFILES.iter().map(|profile| profile.name);
    let help = match nearest(name, names.clone()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Known profiles: {}.", names.collect::<Vec<_>>().join(", ")),
    };
    Err(Problem::at(
        &node.place,
        format!("unknown host profile `{name}`"),
        help,
    ))
}

fn concurrency(node: &Node) -> Result<u32, Problem> {
    match node.as_u32() {
        Ok(n) if (1..=CONCURRENCY_MAX).contains(&n) => Ok(n),
        _ => Err(node.expected(&format!("a number of workers from 1 to {CONCURRENCY_MAX}"))),
    }
}

fn schedule(node: &Node, concurrency: u32) -> Result<Schedule, Problem> {
    if let Value::List(list) = &node.value {
        return Ok(Schedule::Explicit(
            list.iter()
                .map(|item| thread(item, concurrency))
                .collect::<Result<_, _>>()?,
        ));
    }
    match node.as_str()? {
        "round-robin" => Ok(Schedule::RoundRobin),
        "seeded" => Ok(Schedule::Seeded),
        _ => Err(node.expected("round-robin, seeded, or a list of thread names")),
    }
}

/// A thread by Envoy's names: `main`, `worker_0`; the number is that of the trace.
fn thread(node: &Node, concurrency: u32) -> Result<u32, Problem> {
    match thread_number(node.as_str()?) {
        Some(thread) if thread <= concurrency => Ok(thread),
        _ => Err(node.expected(&format!("main, or worker_0 to worker_{}", concurrency - 1))),
    }
}

fn scenarios(node: &Node, scope: &Scope<'_>) -> Result<Vec<Scenario>, Problem> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for item in node.as_list()? {
        let mut f = Fields::of(item)?;
        let name_node = f.take("name");
        let name = match name_node {
            Some(node) => text_of(node)?,
            None => format!("scenario {}", scenarios.len() + 1),
        };
        if scenarios.iter().any(|other| other.name == name) {
            return Err(Problem::at(
                &name_node.unwrap_or(item).place,
                format!("a second scenario named `{name}`"),
                "Give each scenario a name of its own.",
            ));
        }
        let hidden = f
            .take("hidden")
            .map(Node::as_bool)
            .transpose()?
            .unwrap_or(false);
        let traffic = f
            .take("traffic")
            .map(|node| traffic::traffic(node, scope))
            .transpose()?
            .unwrap_or_default();
        let expect = f
            .take("expect")
            .map(|node| expect::expectations(node, Some(&traffic)))
            .transpose()?
            .unwrap_or_default();
        f.finish()?;
        scenarios.push(Scenario {
            name,
            hidden,
            traffic,
            expect,
        });
    }
    Ok(scenarios)
}

fn known_scenario(node: &Node, scenarios: &[Scenario]) -> Result<String, Problem> {
    let name = node.as_str()?;
    if scenarios.iter().any(|scenario| scenario.name == name) {
        return Ok(name.to_owned());
    }
    let names = scenarios.iter().map(|scenario| scenario.name.as_str());
    let help = match nearest(name, names.clone()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Scenarios here: {}.", names.collect::<Vec<_>>().join(", ")),
    };
    Err(Problem::at(
        &node.place,
        format!("no scenario is named `{name}`"),
        help,
    ))
}

fn mistakes(node: &Node) -> Result<Vec<Mistake>, Problem> {
    let read = |item: &Node| {
        let mut f = Fields::of(item)?;
        let mistake = Mistake {
            name: text_of(f.require("name")?)?,
            files: edits(f.take("files"))?,
            modules: modules(f.take("modules"))?,
            expect: expect::expectations(f.require("expect")?, None)?,
            say: text_of(f.require("say")?)?,
            see: f.take("see").map(text_of).transpose()?.unwrap_or_default(),
        };
        f.finish()?;
        Ok(mistake)
    };
    node.as_list()?.iter().map(read).collect()
}

fn mutants(node: &Node) -> Result<Vec<Mutant>, Problem> {
    let read = |item: &Node| {
        let mut f = Fields::of(item)?;
        let mutant = Mutant {
            name: text_of(f.require("name")?)?,
            files: edits(f.take("files"))?,
            modules: modules(f.take("modules"))?,
        };
        f.finish()?;
        Ok(mutant)
    };
    node.as_list()?.iter().map(read).collect()
}

/// Edits by the name of their part.
fn edits(node: Option<&Node>) -> Result<BTreeMap<String, String>, Problem> {
    let entries = node.map_or(Ok(&[][..]), Node::as_map)?;
    (entries.iter())
        .map(|(key, text)| Ok((key.text.clone(), text_of(text)?)))
        .collect()
}

/// Modules by the file that they stand in, in the place of a learner's own.
fn modules(node: Option<&Node>) -> Result<BTreeMap<String, Source>, Problem> {
    let entries = node.map_or(Ok(&[][..]), Node::as_map)?;
    let read = |(key, node): &(yaml::Key, Node)| {
        let mut f = Fields::of(node)?;
        let source = files::source(&mut f, node)?;
        f.finish()?;
        Ok((key.text.clone(), source))
    };
    entries.iter().map(read).collect()
}

fn text_of(node: &Node) -> Result<String, Problem> {
    node.as_str().map(str::to_owned)
}

fn texts(node: &Node) -> Result<Vec<String>, Problem> {
    node.as_list()?.iter().map(text_of).collect()
}

/// The one key of `kinds` that an item has, with its value.
///
/// A null value counts as there: `{reset: }` says too little, and the reader of the value tells so.
fn one_of<'a>(
    f: &mut Fields<'a>,
    kinds: &'static [&'static str],
    what: &str,
) -> Result<(&'static str, &'a Node), Problem> {
    let mut found = None;
    for kind in kinds {
        if let Some((key, node)) = f.take_entry(kind) {
            if let Some((first, _)) = found {
                return Err(Problem::at(
                    &key.place,
                    format!("`{kind}` beside `{first}`: {what} is one thing"),
                    "Make two items of it.",
                ));
            }
            found = Some((*kind, node));
        }
    }
    found.ok_or_else(|| {
        // An unknown key is the likelier cause, so it is told first.
        let unknown = f.node().as_map().ok().and_then(|entries| {
            entries
                .iter()
                .map(|(key, _)| key)
                .find(|key| nearest(&key.text, kinds.iter().copied()).is_some())
        });
        match unknown {
            Some(key) => yaml::unknown_key(key, kinds),
            None => Problem::at(
                &f.node().place,
                format!("{what} needs one of: {}", kinds.join(", ")),
                "",
            ),
        }
    })
}
