//! What a worker does with each message: the engine without its browser.
//!
//! Holds the samples that have arrived, the run that waits for more of them, and the last report,
//! whose events stay here and leave by window. Must not know: how messages travel.

use super::here::{COMPILED, Here, own_path};
use super::hunt::{Hunt, put_schedule};
use super::rows::{Sheet, Wanted};
use super::run::run_prepared;
use super::wasm_log::read_wasm_log;
use super::{
    Contents, RunOptions, Sample, Unresolved, moment_text, parse, picture, put_request, resolve,
    scenario_named,
};
use crate::host::{doctor, words};
use crate::model::exercise::Asked;
use crate::model::lab::Lab;
use crate::model::moment::Window;
use crate::model::picture::Picture;
use crate::model::report::{LogLine, Report, ScenarioReport};
use crate::model::trace::Event;
use crate::model::{Problem, Request, Section, Told};
use crate::protocol::{FromEngine, Script, ToEngine, VERSION};
use crate::proxy::Prepared;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The name that places carry for a lab that came as text.
const LAB: &str = "lab.yaml";

/// How many compiled texts are kept: one is added each time the learner stops typing.
const COMPILED_KEPT: usize = 16;

/// One worker's state between messages.
#[derive(Debug, Default)]
pub struct Session {
    samples: BTreeMap<String, Sample>,
    /// Modules of the visitor's own, by their path in the lab.
    own: Contents,
    /// The one that was opened last: it is the answer where an exercise asks for a module.
    newest: Option<String>,
    /// Texts that are to be compiled, by the name that asks for them.
    scripts: RefCell<BTreeMap<String, Script>>,
    waiting: Option<Job>,
    last: Option<Last>,
    hunt: Option<Hunt>,
}

/// A lab, and what is wanted of it.
#[derive(Debug)]
struct Job {
    goal: Goal,
    lab: String,
    edits: BTreeMap<String, String>,
    request: Option<Request>,
    scenario: Option<String>,
    /// The order of the threads, where it is not the lab's own.
    schedule: Vec<String>,
}

/// What is wanted of a lab; a run and a search have a number.
#[derive(Clone, Copy, Debug)]
enum Goal {
    /// To know whether it could run.
    Check,
    Run(u32),
    /// To find an order of the threads in which a check fails.
    Race(u32),
}

impl Goal {
    /// The answer when there is something to mend first.
    fn refused(self, problem: Problem) -> FromEngine {
        match self {
            Self::Check => FromEngine::Checked {
                problem: Some(problem),
            },
            Self::Run(run) | Self::Race(run) => FromEngine::Refused { run, problem },
        }
    }
}

/// The last run's events, by scenario, and the rows that were wanted last.
#[derive(Debug)]
struct Last {
    run: u32,
    events: Vec<Vec<Event>>,
    /// The lanes of each scenario.
    sheets: Vec<Sheet>,
    found: Option<(usize, Wanted, Vec<usize>)>,
    /// What it was a run of, to be run again up to an event; nothing for a log.
    played: Option<Played>,
}

/// A lab that was run.
#[derive(Debug)]
struct Played {
    lab: Lab,
    prepared: Prepared,
    /// The one scenario that was run, when one was named.
    only: Option<usize>,
}

impl Session {
    /// Takes a message with the buffers that came along, and gives the answers in order.
    pub fn handle(&mut self, message: ToEngine, buffers: Vec<Vec<u8>>) -> Vec<FromEngine> {
        match message {
            ToEngine::Hello { .. } => vec![FromEngine::Ready { version: VERSION }],
            ToEngine::Run {
                run,
                lab,
                edits,
                request,
                scenario,
                schedule,
            } => self.begin(Job {
                goal: Goal::Run(run),
                lab,
                edits,
                request,
                scenario,
                schedule,
            }),
            ToEngine::Race {
                run,
                lab,
                edits,
                request,
                scenario,
            } => self.begin(Job {
                goal: Goal::Race(run),
                lab,
                edits,
                request,
                scenario: Some(scenario),
                schedule: Vec::new(),
            }),
            ToEngine::RaceOn { run } => {
                let hunt = self.hunt.take_if(|hunt| hunt.run == run);
                hunt.into_iter().map(|hunt| self.hunt_on(hunt)).collect()
            }
            ToEngine::Check { lab, edits } => self.begin(Job {
                goal: Goal::Check,
                lab,
                edits,
                request: None,
                scenario: None,
                schedule: Vec::new(),
            }),
            ToEngine::Log { run, name, text } => vec![self.log(run, name, &text)],
            ToEngine::Sample { name, error } => {
                let sample = match (error, buffers.into_iter().next()) {
                    (None, Some(bytes)) => Sample::Bytes(bytes.into()),
                    (Some(why), _) => Sample::Missing(why),
                    (None, None) => Sample::Missing("came without its bytes".to_owned()),
                };
                self.samples.insert(name, sample);
                self.go_on()
            }
            ToEngine::Module { name } => match buffers.into_iter().next() {
                Some(bytes) => vec![self.examine(name, bytes)],
                None => {
                    self.own.remove(&own_path(&name));
                    Vec::new()
                }
            },
            ToEngine::Rows {
                run,
                scenario,
                from,
                count,
                search,
                lane,
                kind,
            } => {
                let wanted = Wanted { search, lane, kind };
                let rows = self.rows(run, scenario, from..from.saturating_add(count), wanted);
                rows.into_iter().collect()
            }
            ToEngine::State {
                run,
                scenario,
                event,
                window,
            } => self
                .state(run, scenario, event, window)
                .into_iter()
                .collect(),
        }
    }

    /// Takes a job in the place of the one that waits.
    fn begin(&mut self, job: Job) -> Vec<FromEngine> {
        if !matches!(job.goal, Goal::Check) {
            self.hunt = None;
            // A sample that could not be had may be there by now.
            self.samples
                .retain(|_, sample| !matches!(sample, Sample::Missing(_)));
        }
        // Not while a job waits for more of them: a lab may need more than are kept.
        let compiled = |name: &String| name.starts_with(COMPILED);
        if self.samples.keys().filter(|name| compiled(name)).count() > COMPILED_KEPT {
            self.samples.retain(|name, _| !compiled(name));
        }
        self.waiting = Some(job);
        self.go_on()
    }

    fn examine(&mut self, name: String, bytes: Vec<u8>) -> FromEngine {
        let findings = doctor(&name, &bytes);
        let path = own_path(&name);
        // What was built anew and cannot be run leaves nothing of the build before.
        self.own.remove(&path);
        let path = findings.loads.then(|| {
            self.own.insert(path.clone(), bytes.into());
            self.newest = Some(path.clone());
            path
        });
        FromEngine::Module {
            found: Told {
                title: name,
                path,
                sections: words(&findings),
                dump: None,
            },
        }
    }

    /// Does the waiting job as far as the samples that are here allow.
    fn go_on(&mut self) -> Vec<FromEngine> {
        let Some(job) = self.waiting.take() else {
            return Vec::new();
        };
        let (lab, prepared) = match self.prepare(&job) {
            Ok(ready) => ready,
            Err(Unresolved::Problem(problem)) => return vec![job.goal.refused(problem)],
            Err(Unresolved::Awaited(names)) => return self.ask(job, names),
        };
        let answer = match job.goal {
            Goal::Check => Ok(FromEngine::Checked { problem: None }),
            Goal::Run(run) => self.run(run, job.scenario, lab, prepared),
            Goal::Race(run) => {
                let hunt = Hunt::new(run, &lab, prepared, job.scenario.as_deref());
                hunt.map(|hunt| self.hunt_on(hunt))
            }
        };
        vec![answer.unwrap_or_else(|problem| job.goal.refused(problem))]
    }

    /// Runs the next part of a search.
    fn hunt_on(&mut self, mut hunt: Hunt) -> FromEngine {
        let (race, over) = hunt.go_on();
        let run = hunt.run;
        self.hunt = Some(hunt).filter(|_| !over);
        FromEngine::Raced { run, race, over }
    }

    /// Lets a job wait for these samples.
    fn ask(&mut self, job: Job, names: Vec<String>) -> Vec<FromEngine> {
        self.waiting = Some(job);
        // One at a time: its arrival asks for the next, so that the page, which expects an
        // answer to whatever it sends, always gets one.
        let asked = names
            .into_iter()
            .find(|name| !self.samples.contains_key(name));
        if let Some(name) = &asked {
            self.samples.insert(name.clone(), Sample::Awaited);
        }
        asked
            .into_iter()
            .map(|name| FromEngine::NeedSample {
                script: self.scripts.borrow_mut().remove(&name),
                name,
            })
            .collect()
    }

    /// Everything of a run but the run.
    fn prepare(&self, job: &Job) -> Result<(Lab, Prepared), Unresolved> {
        // What an earlier job has not asked for is not wanted any more.
        self.scripts.borrow_mut().clear();
        let beside = Here {
            samples: &self.samples,
            scripts: &self.scripts,
            edits: &job.edits,
            own: &self.own,
        };
        let mut lab = parse(LAB, &job.lab, &beside)?;
        let at = match &job.scenario {
            Some(name) => scenario_named(&lab, name)?,
            None => 0,
        };
        if let Some(request) = &job.request {
            put_request(&mut lab, at, request)?;
        }
        put_schedule(&mut lab, &job.schedule);
        let mut contents = resolve(&lab, &beside)?;
        // The visitor's own stand before files of the lab with the same name.
        contents.extend(self.own.clone());
        let newest = self.newest.as_ref().and_then(|path| self.own.get(path));
        for quest in &lab.quests {
            if let (Asked::Own { file, .. }, Some(bytes)) = (&quest.asked, newest) {
                contents.insert(file.clone(), bytes.clone());
            }
        }
        let prepared = Prepared::new(&lab, &contents)?;
        Ok((lab, prepared))
    }

    /// Runs a lab, keeps the events, and gives the report without them.
    fn run(
        &mut self,
        run: u32,
        scenario: Option<String>,
        lab: Lab,
        prepared: Prepared,
    ) -> Result<FromEngine, Problem> {
        let only = scenario.as_deref().map(|name| scenario_named(&lab, name));
        let only = only.transpose()?;
        let options = RunOptions {
            scenario,
            ..RunOptions::default()
        };
        let mut report = run_prepared(&prepared, &lab, &options)?;
        let events: Vec<Vec<Event>> = report
            .scenarios
            .iter_mut()
            .map(|scenario| std::mem::take(&mut scenario.events))
            .collect();
        let counts = events.iter().map(Vec::len).collect();
        let both = events.iter().zip(&report.scenarios);
        let sheets = both.map(|(events, scenario)| Sheet::of(events, &scenario.vms));
        let sheets = sheets.collect();
        self.last = Some(Last {
            run,
            events,
            sheets,
            found: None,
            played: Some(Played {
                lab,
                prepared,
                only,
            }),
        });
        Ok(FromEngine::Done {
            run,
            report,
            events: counts,
        })
    }

    /// Keeps the events of a log, as a run of one scenario.
    fn log(&mut self, run: u32, name: String, text: &str) -> FromEngine {
        let log = read_wasm_log(text);
        if log.events.is_empty() {
            let help = "Start Envoy with --component-log-level wasm:trace and keep what it writes.";
            let problem = Problem::in_file(name, "no line is of Wasm", help);
            return FromEngine::Refused { run, problem };
        }
        let count = log.events.len();
        let line = |message| LogLine {
            level: "info".to_owned(),
            message,
            ..LogLine::default()
        };
        let summary = format!(
            "{name}: {count} events of {} lines; {} are not of Wasm",
            log.lines,
            log.others.len()
        );
        let others = log.others.iter();
        let others = others.map(|(n, text)| line(format!("{name}:{n}: not of Wasm: {text}")));
        let logs = std::iter::once(line(summary)).chain(others).collect();
        let scenario = ScenarioReport {
            name,
            ok: true,
            logs,
            ..ScenarioReport::default()
        };
        self.last = Some(Last {
            run,
            sheets: vec![Sheet::of(&log.events, &[])],
            events: vec![log.events],
            found: None,
            played: None,
        });
        FromEngine::Done {
            run,
            report: Report {
                ok: true,
                scenarios: vec![scenario],
                ..Report::default()
            },
            events: vec![count],
        }
    }

    /// The state at an event, by a replay; nothing when the run is no longer the last one.
    fn state(
        &self,
        run: u32,
        scenario: usize,
        event: Option<u32>,
        window: Option<Window>,
    ) -> Option<FromEngine> {
        let last = self.last.as_ref().filter(|last| last.run == run)?;
        let Some(played) = &last.played else {
            let title =
                event.map_or_else(|| "The end of the log".to_owned(), |n| format!("Event {n}"));
            let why = "a log has calls and their results; what Envoy held meanwhile is not in it";
            let state = Told {
                title,
                sections: vec![Section::new("State", vec![("unknown".into(), why.into())])],
                ..Told::default()
            };
            return Some(FromEngine::State {
                run,
                scenario,
                event,
                state,
                picture: Picture::default(),
            });
        };
        // A run of one scenario by name has it at 0, wherever it stands in the lab.
        let scenarios = &played.lab.scenarios;
        let scene = scenarios.get(played.only.unwrap_or(scenario))?;
        let cap = RunOptions::default().event_cap;
        let (events, moment) = played.prepared.replay(scene, cap, event, window);
        Some(FromEngine::State {
            run,
            scenario,
            event,
            state: moment_text(&moment),
            picture: picture(&moment, &events),
        })
    }

    /// A window of the rows that are wanted; nothing when the run is no longer the last one.
    fn rows(
        &mut self,
        run: u32,
        scenario: usize,
        window: std::ops::Range<usize>,
        wanted: Wanted,
    ) -> Option<FromEngine> {
        let last = self.last.as_mut().filter(|last| last.run == run)?;
        let (events, sheet) = (last.events.get(scenario)?, last.sheets.get(scenario)?);
        let known = last.found.take();
        let known = known.filter(|(at, before, _)| *at == scenario && *before == wanted);
        let (.., found) = last.found.insert(known.unwrap_or_else(|| {
            let found = sheet.find(events, &wanted);
            (scenario, wanted, found)
        }));
        let from = window.start;
        let shown = || found.iter().skip(from).take(window.len());
        Some(FromEngine::Rows {
            run,
            scenario,
            from,
            total: found.len(),
            lanes: sheet.lanes.clone(),
            places: shown().map(|n| sheet.places[*n]).collect(),
            rows: shown().map(|n| events[*n].clone()).collect(),
        })
    }
}

/// One line of JSON for each event of a report, scenario after scenario: what `tour run --trace`
/// prints, and what [`FromEngine::Rows`] carries.
pub fn trace_lines(report: &Report) -> impl Iterator<Item = String> {
    report
        .scenarios
        .iter()
        .flat_map(|scenario| &scenario.events)
        .map(event_line)
}

/// An event as one line of JSON.
pub fn event_line(event: &Event) -> String {
    // Every field is a string, a number or a list of such: this cannot fail.
    serde_json::to_string(event).unwrap_or_default()
}
