//! The words around the lessons: frame, home, map, reading.

/// The site's name in two: what a narrow header leaves out …
pub const SITE_BEFORE: &str = "A Tour of ";
/// … and what it keeps.
pub const SITE_SHORT: &str = "Proxy-Wasm";
/// The skip link.
pub const SKIP: &str = "Skip to content";
/// Navigation: the map.
pub const LEARN: &str = "Learn";
/// Home: to the playground.
pub const HOME_PLAY: &str = "Open the playground";
/// Home: what is inside.
pub const INSIDE_TITLE: &str = "What is inside";
/// Home: title and text of each thing inside.
pub const INSIDE: &[(&str, &str)] = &[
    (
        "Real filters, really run",
        "Modules compiled from Rust with the published proxy-wasm crate, \
         executed by an interpreter in a worker of this page.",
    ),
    (
        "Every call in order",
        "Callbacks, host calls and chain steps with decoded arguments, the status, and the reason for it.",
    ),
    (
        "Envoy's rules, tested",
        "Pausing, buffering, local replies, failure policies: as Envoy does them, each with a test that names the rule.",
    ),
    (
        "The same run every time",
        "Clock and randomness are simulated. The same lab gives the same trace, here and in your terminal.",
    ),
];
/// A filter in a Wasm module.
pub const WASM_FILTER: &str = "Wasm filter";
/// A filter that the proxy brings along.
pub const NATIVE_FILTER: &str = "Native filter";
/// The reference in one sentence.
pub const REFERENCE_LEAD: &str = "Everything that can be looked up: calls, statuses, properties, hosts, configuration, messages, words.";
/// What the site does with its visitors.
pub const FOOTER: &str =
    "Everything runs in this page: no account, no server, nothing leaves your browser.";
/// The reference.
pub const REFERENCE: &str = "Reference";
/// Label of the main navigation.
pub const NAVIGATION: &str = "Main";
/// Theme: follow the system.
pub const THEME_SYSTEM: &str = "Theme: system";
/// Home: the claim.
pub const HOME_CLAIM: &str = "Learn to extend Envoy with WebAssembly by watching every byte.";
/// Home: what it is.
pub const HOME_LEAD: &str = "Change a filter, a config or a request. Press Run. See every callback, \
    host call and header. It all happens in this page: nothing to install, no account.";
/// Home: the first lesson.
pub const HOME_START: &str = "Start the first lesson";
/// The map's title.
pub const MAP_TITLE: &str = "The course";
/// The map's lead.
pub const MAP_LEAD: &str = "Each lesson is one idea, with a lab that runs it.";
/// Label of the breadcrumb.
pub const CRUMBS: &str = "Where you are";
/// Label of the links to the lessons before and after.
pub const NEIGHBOURS: &str = "Lessons before and after";
/// The lesson before.
pub const PREVIOUS: &str = "Previous";
/// The lesson after.
pub const NEXT: &str = "Next";
/// Primary sources of a lesson.
pub const SOURCES: &str = "Sources";
/// No such page.
pub const NOT_FOUND: &str = "This page does not exist";
/// No such page: what may have happened.
pub const NOT_FOUND_HELP: &str = "The address may have a typo, or the page has moved.";
/// No such page: the way on.
pub const NOT_FOUND_MAP: &str = "See all lessons";
/// Home: the recorded run.
pub const DEMO: &str = "One request through a chain of filters";
/// Home: the filters that can be left out.
pub const DEMO_FILTERS: &str = "Filters in the chain";
/// Home: where the recorded runs come from.
pub const DEMO_LEAD: &str = "Take a filter out, or put it in. Each picture is a real run of these \
    modules, made by the lessons' own engine when this site was built.";
/// Home: the paths.
pub const PATHS_TITLE: &str = "Ways through the course";
/// Home: who it is for.
pub const AUDIENCE_TITLE: &str = "Who it is for";
/// Home: title and text for each kind of visitor.
pub const AUDIENCE: &[(&str, &str)] = &[
    (
        "You run proxies",
        "You know HTTP and perhaps Envoy. Read, predict, run, change: each lesson checks what you did.",
    ),
    (
        "You write filters",
        "Open your own .wasm in the playground, with your own Envoy configuration. See why it fails, and share it as a link.",
    ),
    (
        "You teach",
        "A lesson is an address. Put it on a slide, or into a page of your own.",
    ),
];
/// The button that opens the search.
pub const SEARCH_SITE: &str = "Search ( / )";
/// The button that opens the keyboard map.
pub const KEYS: &str = "Keyboard ( ? )";
/// Label of the links in the footer.
pub const FOOTER_LINKS: &str = "More";
/// The glossary.
pub const GLOSSARY: &str = "Glossary";
/// The index of messages.
pub const MESSAGES: &str = "I see …";
/// The page about this visitor's progress.
pub const PROGRESS: &str = "Your progress";
/// The progress page in one sentence.
pub const PROGRESS_LEAD: &str = "What you have done is kept in this browser and nowhere else.";
/// Saves it.
pub const PROGRESS_SAVE: &str = "Save as a file";
/// Reads it.
pub const PROGRESS_LOAD: &str = "Add from a file";
/// Prints it.
pub const PROGRESS_PRINT: &str = "Print";
/// Forgets it.
pub const PROGRESS_FORGET: &str = "Forget it";
/// A column: the part.
pub const PROGRESS_PART: &str = "Part";
/// A column: the lesson.
pub const PROGRESS_LESSON: &str = "Lesson";
/// A column: how far it is done.
pub const PROGRESS_STATE: &str = "State";
/// A column: when.
pub const PROGRESS_DAY: &str = "Day";
/// The licences in one sentence.
pub const LICENCES_LEAD: &str = "Packages of others that this site is made of.";
/// The page about what this site is made of.
pub const LICENCES: &str = "Licences";
/// A lesson's headings.
pub const OUTLINE: &str = "On this page";
/// Where no lab runs: a run of the build.
pub const RECORDED: &str = "A run of this lab";
/// Where that comes from.
pub const RECORDED_LEAD: &str = "Labs run here when scripts and WebAssembly do. This is the first \
    scenario, as it ran when this site was built.";

/// `12 min`.
pub fn minutes(minutes: u32) -> String {
    format!("{minutes} min")
}

/// `Part 3`.
pub fn part(number: usize) -> String {
    format!("Part {number}")
}

/// `Part 3 · Title`.
pub fn part_named(number: u32, title: &str) -> String {
    format!("Part {number} · {title}")
}

/// A lesson in one sentence: its goal is a phrase that completes “You will”.
pub fn lesson_goal(goal: &str) -> String {
    format!("You will {}.", goal.trim_end_matches('.'))
}

/// `3 lessons, 29 min`.
pub fn course_size(lessons: usize, minutes: u32) -> String {
    let word = if lessons == 1 { "lesson" } else { "lessons" };
    format!("{lessons} {word}, {}", self::minutes(minutes))
}
