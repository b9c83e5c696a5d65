//! Options of a command: known ones with their values, the nearest name for an unknown one.

use super::Unusable;
use proxy_wasm_tour::model::yaml::nearest;
use std::ffi::OsString;

/// What an option takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    One,
    /// One value each time it stands there.
    Many,
}

/// Options as given.
pub(crate) struct Options {
    /// What is no option, in order.
    pub(crate) words: Vec<String>,
    given: Vec<(&'static str, String)>,
}

impl Options {
    /// Reads what stands after a command; `known` are the options without their dashes.
    pub(crate) fn read(
        args: impl Iterator<Item = OsString>,
        known: &[(&'static str, Takes)],
    ) -> Result<Self, Unusable> {
        use lexopt::Arg;
        let mut parser = lexopt::Parser::from_args(args);
        let mut options = Self {
            words: Vec::new(),
            given: Vec::new(),
        };
        while let Some(arg) = parser.next().map_err(in_words)? {
            match arg {
                Arg::Value(word) if word.is_empty() => {
                    let message = "an empty word\n  Is a variable of your shell unset?";
                    return Err(message.to_owned().into());
                }
                Arg::Value(word) => options.words.push(text(word)?),
                Arg::Short(c) => return Err(unknown(&format!("-{c}"), known)),
                Arg::Long(name) => {
                    let Some((name, takes)) = known.iter().find(|(known, _)| *known == name) else {
                        return Err(unknown(&format!("--{name}"), known));
                    };
                    if *takes != Takes::Many && options.has(name) {
                        return Err(Unusable(format!("--{name} stands there twice")));
                    }
                    let value = match takes {
                        Takes::Nothing => String::new(),
                        _ => text(parser.value().map_err(in_words)?)?,
                    };
                    options.given.push((name, value));
                }
            }
        }
        Ok(options)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.given
            .iter()
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.given
            .iter()
            .filter(move |(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    }

    /// The one word of a command that takes one.
    pub(crate) fn one_word(&self, what: &str) -> Result<&str, Unusable> {
        match self.words.as_slice() {
            [word] => Ok(word),
            [] => Err(Unusable(format!(
                "{what} is missing\n  `tour help` shows what to write."
            ))),
            [_, second, ..] => Err(Unusable(format!(
                "`{second}` is one word too many: {what} is one"
            ))),
        }
    }
}

fn unknown(given: &str, known: &[(&'static str, Takes)]) -> Unusable {
    let names: Vec<String> = known.iter().map(|(name, _)| format!("--{name}")).collect();
    let help = match nearest(given, names.iter().map(String::as_str)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None if names.is_empty() => "This command takes none.".to_owned(),
        None => format!("Known here: {}.", names.join(", ")),
    };
    Unusable(format!("unknown option `{given}`\n  {help}"))
}

fn text(word: OsString) -> Result<String, Unusable> {
    word.into_string()
        .map_err(|word| Unusable(format!("`{}` is not UTF-8", word.to_string_lossy())))
}

fn in_words(error: lexopt::Error) -> Unusable {
    match error {
        lexopt::Error::MissingValue { option } => Unusable(format!(
            "{} wants a value\n  `tour help` shows what to write.",
            option.unwrap_or_default()
        )),
        lexopt::Error::UnexpectedValue { option, value } => Unusable(format!(
            "{option} takes no value, and `{}` was given\n  Write {option} alone.",
            value.to_string_lossy()
        )),
        other => Unusable(other.to_string()),
    }
}
