//! What each kind of exercise asks beside its task: questions, events to order or to find, gaps.
//!
//! What is right is stated here only where no run can tell it (a quiz). For all else a run decides:
//! a prediction names what to look at, an order names events, a gap is filled and the guest reacts.

use super::lab::{File, Matcher, Source};
use super::trace::Kind;
use super::{Bytes, Place};

/// The part that holds a learner's answers: exercise to field to value.
pub const ANSWERS: &str = "answers.yaml";

/// An exercise's own data.
#[derive(Clone, Debug, Default)]
pub enum Asked {
    /// The learner edits texts, or the request; scenarios decide.
    #[default]
    Edits,
    /// The learner says what a run will give.
    Predict(Vec<Prediction>),
    /// The learner puts events in order.
    Order(Vec<Item>),
    /// The learner picks an event.
    Find(Selector),
    /// The learner answers host calls in the host's place; scenarios decide.
    Host(Vec<Gap>),
    /// The learner gives a module; scenarios decide.
    Own {
        /// The file that it stands in.
        file: String,
        /// One right module.
        solution: Source,
    },
    /// The learner chooses one of several modules; scenarios decide.
    Patch {
        /// The file that it stands in.
        file: String,
        /// The modules.
        cards: Vec<Card>,
    },
    /// Questions that no run can answer.
    Quiz(Vec<Question>),
}

/// A mistake in an answer, recognised by the answer itself.
#[derive(Clone, Debug)]
pub struct WrongAnswer {
    /// What the learner answered.
    pub answer: WrongPart,
    /// What to tell the learner.
    pub say: String,
    /// The misconception; may be empty.
    pub see: String,
    /// Where it is written.
    pub place: Place,
}

/// The part of an answer that makes it this mistake.
#[derive(Clone, Debug)]
pub enum WrongPart {
    /// These fields have these values.
    Fields(Vec<(String, String)>),
    /// These items stand in this order.
    Order(Vec<String>),
    /// The event that was picked is like this.
    Event(Selector),
}

/// A value to predict.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// The field's name in the answers.
    pub id: String,
    /// What it is called on the page, as Markdown of one paragraph.
    pub label: String,
    /// What of the run it is.
    pub of: Observed,
    /// What can be chosen; empty where the learner writes.
    pub choices: Vec<String>,
    /// Shown when it is wrong.
    pub hint: String,
    /// Where it is written.
    pub place: Place,
}

/// Something that can be read off a run.
#[derive(Clone, Debug)]
pub enum Observed {
    /// The status that the client of a request got; `none` without a response.
    Status(usize),
    /// A header that the client of a request got; `none` without it.
    ClientHeader(usize, String),
    /// The body that the client of a request got.
    ClientBody(usize),
    /// How an exchange ended.
    Outcome(usize),
    /// The worker that served a request.
    Worker(usize),
    /// How many requests reached a cluster; any when absent.
    Upstreams(Option<String>),
    /// A header of a request that reached a cluster.
    UpstreamHeader(Option<String>, usize, String),
    /// How many events are like this.
    Count(Selector),
    /// What a plain call returned; `trap` when it trapped.
    Call(usize),
    /// How many VMs there were.
    Vms,
    /// How many of them failed.
    FailedVms,
    /// Streams that never ended.
    StalledStreams,
    /// A value of shared data.
    SharedData(String),
    /// A counter or gauge.
    Metric(String),
}

/// A condition on an event: all that it names must hold.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// Its kind.
    pub kind: Option<Kind>,
    /// Its name; of a callback or host call also without `proxy_`.
    pub name: Option<String>,
    /// The thread, numbered as in events.
    pub thread: Option<u32>,
    /// The plugin in whose VM it happened.
    pub filter: Option<String>,
    /// The context.
    pub context: Option<u32>,
    /// The status of its result.
    pub status: Option<String>,
    /// Arguments by name.
    pub args: Vec<(String, Matcher)>,
    /// Which of them, from 0; any when absent.
    pub nth: Option<usize>,
    /// Where it is written.
    pub place: Place,
}

/// An event to put in order.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its name in the answers.
    pub id: String,
    /// What it is called on the page, as Markdown of one paragraph.
    pub text: String,
    /// The event: the first that is like this.
    pub event: Selector,
    /// Where it is written.
    pub place: Place,
}

/// A host call that the learner answers.
#[derive(Clone, Debug)]
pub struct Gap {
    /// What its fields begin with in the answers: `ID.status`.
    pub id: String,
    /// The import's name.
    pub call: &'static str,
    /// Which call of that name while streams are served, from 0.
    pub nth: usize,
    /// What it is called on the page, as Markdown of one paragraph.
    pub label: String,
    /// What the learner fills in, of [`GAP_FIELDS`].
    pub ask: Vec<&'static str>,
    /// What is filled in already.
    pub given: Played,
    /// Where it is written.
    pub place: Place,
}

/// What can be filled in of a host call.
pub const GAP_FIELDS: [&str; 5] = ["status", "allocate", "bytes", "pointer", "size"];

/// The answer of somebody who plays the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// The status.
    pub status: Option<u32>,
    /// How many bytes the guest's allocator is asked for.
    pub allocate: Option<u32>,
    /// What is written into the memory that it gave.
    pub bytes: Option<Bytes>,
    /// The address that the guest is told; that of the allocator when absent.
    pub pointer: Option<u32>,
    /// The size that the guest is told.
    pub size: Option<u32>,
}

/// A host call that is answered by somebody, and which one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Play {
    /// The import's name.
    pub call: &'static str,
    /// Which call of that name while streams are served, from 0.
    pub nth: usize,
    /// The answer; absent while nobody has given one.
    pub played: Option<Played>,
}

/// A module that can be chosen.
#[derive(Clone, Debug)]
pub struct Card {
    /// What it says, as Markdown.
    pub text: String,
    /// Its module.
    pub source: Source,
    /// Shown when it was chosen and fails, as Markdown of one paragraph.
    pub say: String,
    /// Where it is written.
    pub place: Place,
}

/// A question with choices, one of them right.
#[derive(Clone, Debug)]
pub struct Question {
    /// The field's name in the answers.
    pub id: String,
    /// The question, as Markdown of one paragraph.
    pub text: String,
    /// The choices: text, what to say to who chose it.
    pub choices: Vec<(String, String)>,
    /// The right one.
    pub right: usize,
    /// Where it is written.
    pub place: Place,
}

/// What a learner has answered to one exercise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Values by field.
    Fields(Vec<(String, String)>),
    /// Items in order.
    Order(Vec<String>),
    /// An event's number.
    Event(u32),
}

/// An exercise's data beside what the page shows of it.
#[derive(Clone, Debug, Default)]
pub struct Quest {
    /// What it asks.
    pub asked: Asked,
    /// The scenario whose run decides, where one does.
    pub scenario: String,
    /// Mistakes that the answer itself shows.
    pub mistakes: Vec<WrongAnswer>,
    /// What the learner has answered.
    pub answer: Option<Answer>,
    /// Where it is written.
    pub place: Place,
}

impl File {
    /// The same file with other content.
    #[must_use]
    pub fn with(&self, source: Source) -> Self {
        Self {
            source,
            ..self.clone()
        }
    }
}
