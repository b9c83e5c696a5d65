//! The table of the interface's words, and what is made of it: a macro for the Rust side, a module
//! for the scripts.
//!
//! `content/LANGUAGE/words.properties` holds one entry a line, `key = text`. `build.rs` and the
//! tests read it by this file too. Must not know: what any key is for.

/// An entry: its key, and its text with `{name}` where the page puts something.
pub(crate) type Entry = (String, String);

/// Reads a table.
///
/// # Errors
/// The line, what is wrong with it, and what to write.
pub(crate) fn read(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries: Vec<Entry> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |what: &str| Err(format!("line {}: {what}", at + 1));
        let Some((key, text)) = line.split_once('=') else {
            return wrong("expected `key = text`");
        };
        let (key, text) = (key.trim(), text.trim());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !key.starts_with(|c: char| c.is_ascii_lowercase()) || !key.chars().all(plain) {
            return wrong("a key is made of a-z, 0-9 and _, and begins with a letter");
        }
        if entries.iter().any(|(other, _)| other == key) {
            return wrong("this key is in the table twice");
        }
        let text = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(text);
        if text.is_empty() {
            return wrong("the text is missing");
        }
        if let Err(what) = names(text) {
            return wrong(&what);
        }
        entries.push((key.to_string(), text.to_string()));
    }
    Ok(entries)
}

/// The names in a text's braces, each once.
///
/// # Errors
/// What is wrong with a brace.
pub(crate) fn names(text: &str) -> Result<Vec<&str>, String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let inner = rest[at..].strip_prefix('{').and_then(|r| r.split_once('}'));
        let Some((name, after)) = inner else {
            return Err("a brace that is not one of a pair: write {name}".to_string());
        };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err(format!(
                "`{{{name}}}` is no name: write a-z and _ in braces"
            ));
        }
        if !names.contains(&name) {
            names.push(name);
        }
        rest = after;
    }
    Ok(names)
}

/// The macro `say!(key)`, which stands for the text of a key where it is written.
///
/// A text with names goes into `format!`, and each name is given there: a wrong one, or one that is
/// missing, does not compile.
#[allow(dead_code, reason = "build.rs calls it, xtask does not")]
pub(crate) fn rust(entries: &[Entry]) -> String {
    let mut out = String::from("#[allow(unused_macros)]\nmacro_rules! say {\n");
    for (key, text) in entries {
        out.push_str(&format!("    ({key}) => {{ {text:?} }};\n"));
    }
    out.push_str("}\n");
    out
}

/// A module with one export for each key: a text, or a function from an object to a text.
#[allow(dead_code, reason = "xtask calls it, build.rs does not")]
pub(crate) fn script(entries: &[Entry]) -> String {
    let mut out = String::new();
    for (key, text) in entries {
        let names = names(text).unwrap_or_default();
        let literal = text
            .replace('\\', "\\\\")
            .replace('`', "\\`")
            .replace('{', "${of.");
        let value = match names.is_empty() {
            true => format!("`{literal}`"),
            false => format!("of => `{literal}`"),
        };
        out.push_str(&format!("const {key}_ = {value};\n"));
    }
    // A key may be a reserved word of the language, as a name of an export may.
    let names = entries.iter().map(|(key, _)| format!("{key}_ as {key}"));
    let names: Vec<String> = names.collect();
    out.push_str(&format!("export {{ {} }};\n", names.join(", ")));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_becomes_a_macro_and_a_module() {
        let table =
            "# The lab\n\nrun = Run\nwhere = \" in {file} \"\nmore = {n} of {n}: `{file}`\n";
        let entries = read(table).expect("a table");
        assert_eq!(entries[1], ("where".into(), " in {file} ".into()));
        assert!(rust(&entries).contains("(run) => { \"Run\" };"));
        let script = script(&entries);
        assert!(script.contains("const run_ = `Run`;"), "{script}");
        assert!(script.contains("const where_ = of => ` in ${of.file} `;"));
        assert!(script.contains("const more_ = of => `${of.n} of ${of.n}: \\`${of.file}\\``;"));
        assert!(script.contains("export { run_ as run, where_ as where, more_ as more };"));
    }

    #[test]
    fn what_is_no_entry_is_refused_with_its_line() {
        for (text, what) in [
            ("a = b\nnonsense", "line 2: expected `key = text`"),
            ("A = b", "a key is made of"),
            ("a = b\na = c", "line 2: this key is in the table twice"),
            ("a =", "the text is missing"),
            ("a = {", "a brace that is not one of a pair"),
            ("a = }{", "a brace that is not one of a pair"),
            ("a = {}", "`{}` is no name"),
            ("a = {N}", "`{N}` is no name"),
        ] {
            let problem = read(text).expect_err(text);
            assert!(problem.contains(what), "{problem}");
        }
    }
}
