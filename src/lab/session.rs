//! What a worker does with each message: the engine without its browser.
//!
//! Holds the samples that have arrived, the run that waits for more of them, and the last report,
//! whose events stay here and leave by window. Must not know: how messages travel.

use super::hunt::{Hunt, put_schedule};
use super::rows::{Sheet, Wanted};
use super::run::run_prepared;
use super::{
    Beside, Compiled, Contents, RunOptions, Sample, Unresolved, moment_text, parse, picture,
    put_request, resolve, scenario_named,
};
use crate::host::{doctor, words};
use crate::model::exercise::Asked;
use crate::model::lab::Lab;
use crate::model::moment::Window;
use crate::model::report::Report;
use crate::model::trace::Event;
use crate::model::{Problem, Request, Told};
use crate::protocol::{FromEngine, Script, ToEngine, VERSION};
use crate::proxy::Prepared;
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The name that places carry for a lab that came as text.
const LAB: &str = "lab.yaml";

/// Names of compiled texts begin so, and end in a hash: no sample is called that.
const COMPILED: &str = "text:";

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
    /// What it was a run of, to be run again up to an event.
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
            lab,
            prepared,
            only,
        });
        Ok(FromEngine::Done {
            run,
            report,
            events: counts,
        })
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
        // A run of one scenario by name has it at 0, wherever it stands in the lab.
        let played = last.lab.scenarios.get(last.only.unwrap_or(scenario))?;
        let cap = RunOptions::default().event_cap;
        let (events, moment) = last.prepared.replay(played, cap, event, window);
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

/// Where a module of the visitor's own stands in the lab: a name that needs no quotes in YAML,
/// whatever the file was called.
fn own_path(name: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() => c,
        '.' | '_' => c,
        _ => '-',
    };
    let file: String = name.chars().map(plain).collect();
    format!("/etc/envoy/{file}")
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

/// Why there is no module: `LINE:COLUMN: MESSAGE` when the compiler refused the text.
fn refused(why: &str) -> Compiled {
    let mut parts = why.splitn(3, ':');
    let mut number = || parts.next()?.parse().ok();
    match (number(), number(), parts.next()) {
        (Some(line), Some(column), Some(message)) => Compiled::Refused {
            line,
            column,
            message: message.trim_start().to_owned(),
        },
        _ => Compiled::NoCompiler(why.to_owned()),
    }
}

/// What stands beside a lab in the worker: edits that came with the run, samples that have arrived.
struct Here<'a> {
    samples: &'a BTreeMap<String, Sample>,
    scripts: &'a RefCell<BTreeMap<String, Script>>,
    edits: &'a BTreeMap<String, String>,
}

impl Here<'_> {
    /// What was made of a text, which is asked for when it is new.
    fn made(&self, language: &str, name: &str, source: &str) -> Compiled {
        let key = format!("{COMPILED}{language}:{:x}", Sha256::digest(source));
        match self.samples.get(&key) {
            Some(Sample::Bytes(bytes)) => Compiled::Bytes(bytes.clone()),
            Some(Sample::Missing(why)) => refused(why),
            found => {
                if found.is_none() {
                    let script = Script {
                        language: language.to_owned(),
                        file: name.to_owned(),
                        source: source.to_owned(),
                    };
                    self.scripts.borrow_mut().insert(key.clone(), script);
                }
                Compiled::Awaited(key)
            }
        }
    }
}

impl Beside for Here<'_> {
    fn part(&self, name: &str) -> Option<String> {
        self.edits.get(name).cloned()
    }

    fn sample(&self, name: &str) -> Sample {
        self.samples.get(name).cloned().unwrap_or(Sample::Awaited)
    }

    fn compiled(&self, name: &str, source: &str) -> Compiled {
        self.made("assemblyscript", name, source)
    }

    fn assembled(&self, name: &str, source: &str) -> Compiled {
        self.made("wat", name, source)
    }

    fn samples(&self) -> Vec<String> {
        self.samples
            .iter()
            .filter(|(name, sample)| {
                matches!(sample, Sample::Bytes(_)) && !name.starts_with(COMPILED)
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn path(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("there are no files beside a lab in the page".to_owned())
    }
}
