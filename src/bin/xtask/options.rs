//! The arguments of a command: its options by name, and its words.
//!
//! What a command does not know is refused, so that a slip of the pen never runs something else.
//! Must not know: what a command does.

use crate::sh::Outcome;

/// What was given.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Given<'a> {
    options: Vec<(&'a str, &'a str)>,
    /// What is no option, in order.
    pub(crate) words: Vec<&'a str>,
}

impl<'a> Given<'a> {
    /// Reads arguments of a command that knows these options, each with a value, and takes at most
    /// so many words.
    pub(crate) fn read(args: &'a [String], known: &[&str], words: usize) -> Outcome<Self> {
        let mut given = Self::default();
        let mut rest = args.iter().map(String::as_str);
        while let Some(arg) = rest.next() {
            if !arg.starts_with('-') {
                if given.words.len() == words {
                    return Err(format!("unexpected `{arg}`; {}", list(known)));
                }
                given.words.push(arg);
                continue;
            }
            let (name, joined) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (arg, None),
            };
            if !known.contains(&name) {
                return Err(format!("unknown option {name}; {}", list(known)));
            }
            let value = joined
                .or_else(|| rest.next())
                .ok_or_else(|| format!("{name} needs a value"))?;
            if given.option(name).is_some() {
                return Err(format!("{name} is given twice"));
            }
            given.options.push((name, value));
        }
        Ok(given)
    }

    /// The value of an option.
    pub(crate) fn option(&self, name: &str) -> Option<&'a str> {
        let found = self.options.iter().find(|(have, _)| *have == name);
        found.map(|(_, value)| *value)
    }
}

fn list(known: &[&str]) -> String {
    match known {
        [] => "this command has no options".to_string(),
        _ => format!("this command knows {}", known.join(" and ")),
    }
}

/// The address that a site is published at: what is absolute in its pages begins with it.
pub(crate) fn site_address(text: &str) -> Outcome<&str> {
    let refused = |why: &str| {
        Err(format!(
            "--site {text}: {why}; expected http:// or https://, a host, and a path if there is \
             one, as in https://example.com/tour/"
        ))
    };
    let Some(rest) = ["http://", "https://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
    else {
        return refused("it does not begin with http:// or https://");
    };
    if let Some(found) = text.find(['?', '#']).and_then(|at| text.get(at..)) {
        let what = match found.starts_with('?') {
            true => "it has a query",
            false => "it has a fragment",
        };
        return refused(what);
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(c)) {
        return refused("it holds a character that no address has");
    }
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') {
        return refused("it names a user");
    }
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if host.is_empty() {
        return refused("it has no host");
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return refused("its port is no number from 0 to 65535");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_string()).collect()
    }

    #[test]
    fn options_and_words_are_read_in_any_order() {
        let args = args(&["--port", "80", "dist", "--mount=/x/"]);
        let given = Given::read(&args, &["--port", "--mount"], 1).expect("they are read");
        assert_eq!(given.words, ["dist"]);
        assert_eq!(given.option("--port"), Some("80"));
        assert_eq!(given.option("--mount"), Some("/x/"));
    }

    #[test]
    fn an_unknown_option_is_refused_with_those_that_are_known() {
        let refused = |words: &[&str], known: &[&str]| {
            Given::read(&args(words), known, 0)
                .map(drop)
                .expect_err("it is refused")
        };
        assert_eq!(
            refused(&["--ports", "80"], &["--port", "--mount"]),
            "unknown option --ports; this command knows --port and --mount"
        );
        assert_eq!(
            refused(&["-x"], &[]),
            "unknown option -x; this command has no options"
        );
        assert_eq!(
            refused(&["dist"], &["--site"]),
            "unexpected `dist`; this command knows --site"
        );
        assert_eq!(refused(&["--site"], &["--site"]), "--site needs a value");
        assert_eq!(
            refused(&["--site", "a", "--site", "b"], &["--site"]),
            "--site is given twice"
        );
    }

    #[test]
    fn a_site_is_an_address_with_scheme_and_host() {
        for good in [
            "https://example.com",
            "https://example.com/tour/",
            "http://localhost:8080/x/y/",
            "http://[::1]:80/",
        ] {
            assert_eq!(site_address(good), Ok(good));
        }
        for (bad, why) in [
            ("example.com", "does not begin"),
            ("ftp://example.com/", "does not begin"),
            ("https://", "no host"),
            ("https:///tour/", "no host"),
            ("https://:80/", "no host"),
            ("https://example.com:http/", "port"),
            ("https://example.com/?a=b", "query"),
            ("https://example.com/#a", "fragment"),
            ("https://ada@example.com/", "user"),
            ("https://example.com/a b/", "character"),
        ] {
            let refused = site_address(bad).expect_err(bad);
            assert!(refused.contains(why), "{refused}");
            assert!(refused.contains("https://example.com/tour/"), "{refused}");
        }
    }
}
