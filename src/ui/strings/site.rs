//! The words around the lessons: frame, home, map, reading.

/// The site's name in two: what a narrow header leaves out …
pub const SITE_BEFORE: &str = say!(site_before);
/// … and what it keeps.
pub const SITE_SHORT: &str = say!(site_short);
/// The skip link.
pub const SKIP: &str = say!(skip);
/// Navigation: the map.
pub const LEARN: &str = say!(learn);
/// Home: to the playground.
pub const HOME_PLAY: &str = say!(home_play);
/// Home: what is inside.
pub const INSIDE_TITLE: &str = say!(inside_title);
/// Home: title and text of each thing inside.
pub const INSIDE: &[(&str, &str)] = &[
    (say!(inside_1), say!(inside_1_text)),
    (say!(inside_2), say!(inside_2_text)),
    (say!(inside_3), say!(inside_3_text)),
    (say!(inside_4), say!(inside_4_text)),
];
/// A filter in a Wasm module.
pub const WASM_FILTER: &str = say!(wasm_filter);
/// A script in the proxy's Lua filter.
pub const LUA_FILTER: &str = say!(lua_filter);
/// A filter that the proxy brings along.
pub const NATIVE_FILTER: &str = say!(native_filter);
/// The reference in one sentence.
pub const REFERENCE_LEAD: &str = say!(reference_lead);
/// What the site does with its visitors.
pub const FOOTER: &str = say!(footer);
/// The reference.
pub const REFERENCE: &str = say!(reference);
/// Label of the main navigation.
pub const NAVIGATION: &str = say!(navigation);
/// Theme: follow the system.
pub const THEME_SYSTEM: &str = say!(theme_system);
/// Home: the claim.
pub const HOME_CLAIM: &str = say!(home_claim);
/// Home: what it is.
pub const HOME_LEAD: &str = say!(home_lead);
/// Home: the first lesson.
pub const HOME_START: &str = say!(home_start);
/// A part as a workbook, in the way to it.
pub const WORKBOOK: &str = say!(workbook);
/// What a workbook is.
pub const WORKBOOK_LEAD: &str = say!(workbook_lead);
/// The link to a workbook.
pub const WORKBOOK_OPEN: &str = say!(workbook_open);
/// The button that prints it.
pub const WORKBOOK_PRINT: &str = say!(workbook_print);
/// What a lesson's lab begins with.
pub const WORKBOOK_LAB: &str = say!(workbook_lab);
/// The map's title.
pub const MAP_TITLE: &str = say!(map_title);
/// The map's lead.
pub const MAP_LEAD: &str = say!(map_lead);
/// Label of the breadcrumb.
pub const CRUMBS: &str = say!(crumbs);
/// Label of the links to the lessons before and after.
pub const NEIGHBOURS: &str = say!(neighbours);
/// The lesson before.
pub const PREVIOUS: &str = say!(previous);
/// The lesson after.
pub const NEXT: &str = say!(next);
/// Primary sources of a lesson.
pub const SOURCES: &str = say!(sources);
/// No such page.
pub const NOT_FOUND: &str = say!(not_found);
/// No such page: what may have happened.
pub const NOT_FOUND_HELP: &str = say!(not_found_help);
/// No such page: the way on.
pub const NOT_FOUND_MAP: &str = say!(not_found_map);
/// Home: the recorded run.
pub const DEMO: &str = say!(demo);
/// Home: the filters that can be left out.
pub const DEMO_FILTERS: &str = say!(demo_filters);
/// Home: where the recorded runs come from.
pub const DEMO_LEAD: &str = say!(demo_lead);
/// Home: the paths.
pub const PATHS_TITLE: &str = say!(paths_title);
/// Home: who it is for.
pub const AUDIENCE_TITLE: &str = say!(audience_title);
/// Home: title and text for each kind of visitor.
pub const AUDIENCE: &[(&str, &str)] = &[
    (say!(audience_1), say!(audience_1_text)),
    (say!(audience_2), say!(audience_2_text)),
    (say!(audience_3), say!(audience_3_text)),
];
/// The button that opens the search.
pub const SEARCH_SITE: &str = say!(search_site);
/// The button that opens the keyboard map.
pub const KEYS: &str = say!(keys);
/// Label of the links in the footer.
pub const FOOTER_LINKS: &str = say!(footer_links);
/// The glossary.
pub const GLOSSARY: &str = say!(glossary);
/// The index of messages.
pub const MESSAGES: &str = say!(messages);
/// The page about this visitor's progress.
pub const PROGRESS: &str = say!(progress);
/// The progress page in one sentence.
pub const PROGRESS_LEAD: &str = say!(progress_lead);
/// Saves it.
pub const PROGRESS_SAVE: &str = say!(progress_save);
/// Reads it.
pub const PROGRESS_LOAD: &str = say!(progress_load);
/// Prints it.
pub const PROGRESS_PRINT: &str = say!(progress_print);
/// Forgets it.
pub const PROGRESS_FORGET: &str = say!(progress_forget);
/// A column: the part.
pub const PROGRESS_PART: &str = say!(progress_part);
/// A column: the lesson.
pub const PROGRESS_LESSON: &str = say!(progress_lesson);
/// A column: how far it is done.
pub const PROGRESS_STATE: &str = say!(progress_state);
/// A column: when.
pub const PROGRESS_DAY: &str = say!(progress_day);
/// The licences in one sentence.
pub const LICENCES_LEAD: &str = say!(licences_lead);
/// The page about what this site is made of.
pub const LICENCES: &str = say!(licences);
/// A lesson's headings.
pub const OUTLINE: &str = say!(outline);
/// Where no lab runs: a run of the build.
pub const RECORDED: &str = say!(recorded);
/// Where that comes from.
pub const RECORDED_LEAD: &str = say!(recorded_lead);

/// `Workbook: Title`.
pub fn workbook(part: &str) -> String {
    format!(say!(workbook_named), part = part)
}

/// `12 min`.
pub fn minutes(minutes: u32) -> String {
    format!(say!(minutes), minutes = minutes)
}

/// `Part 3`.
pub fn part(number: usize) -> String {
    format!(say!(part), number = number)
}

/// `Part 3 · Title`.
pub fn part_named(number: u32, title: &str) -> String {
    format!(say!(part_named), number = number, title = title)
}

/// A lesson in one sentence: its goal is a phrase that completes “You will”.
pub fn lesson_goal(goal: &str) -> String {
    format!(say!(lesson_goal), goal = goal.trim_end_matches('.'))
}

/// `3 lessons, 29 min`.
pub fn course_size(lessons: usize, minutes: u32) -> String {
    let minutes = self::minutes(minutes);
    match lessons {
        1 => format!(say!(course_size_one), minutes = minutes),
        n => format!(say!(course_size_many), lessons = n, minutes = minutes),
    }
}
