//! The interface's words, in one table.

/// The site's name.
pub const SITE: &str = "A Tour of Proxy-Wasm";
/// The skip link.
pub const SKIP: &str = "Skip to content";
/// Navigation: the map.
pub const LEARN: &str = "Learn";
/// Label of the main navigation.
pub const NAVIGATION: &str = "Main";
/// Theme: follow the system.
pub const THEME_SYSTEM: &str = "Theme: system";
/// Theme: light.
pub const THEME_LIGHT: &str = "Theme: light";
/// Theme: dark.
pub const THEME_DARK: &str = "Theme: dark";
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
/// No such page.
pub const NOT_FOUND: &str = "This page does not exist";
/// No such page: what may have happened.
pub const NOT_FOUND_HELP: &str = "The address may have a typo, or the page has moved.";
/// No such page: the way on.
pub const NOT_FOUND_MAP: &str = "See all lessons";

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
