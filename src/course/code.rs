//! Blocks of code as HTML, with a small highlighter: comments, strings, numbers and key words.
//!
//! It colours by shape alone and knows no grammar; a word too few is better than a page too heavy.

use super::markdown::escape;

/// A block of code. `title` is shown above it.
pub fn block(language: &str, text: &str, title: Option<&str>) -> String {
    let class = match language {
        "" => String::new(),
        language => format!(" class=\"language-{}\"", escape(language)),
    };
    // It scrolls sideways, and must do so by keyboard too.
    let code = format!(
        "<pre tabindex=\"0\"><code{class}>{}</code></pre>",
        highlight(language, text)
    );
    match title {
        Some(title) => format!(
            "<figure class=\"code\"><figcaption>{}</figcaption>{code}</figure>\n",
            escape(title)
        ),
        None => format!("{code}\n"),
    }
}

/// Text as escaped HTML, with spans of class `c` (comment), `s` (string), `n` (number) and `k`
/// (key word) where the language is known.
pub fn highlight(language: &str, text: &str) -> String {
    let Some(shape) = Shape::of(language) else {
        return escape(text);
    };
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (class, length) = shape.token(rest, first, out.chars().next_back());
        let (token, tail) = rest.split_at(length);
        match class {
            "" => out.push_str(&escape(token)),
            class => out.push_str(&format!("<span class=\"{class}\">{}</span>", escape(token))),
        }
        rest = tail;
    }
    out
}

/// What a language's tokens look like.
struct Shape {
    comment: Option<&'static str>,
    /// Whether a comment needs a space or a line's start before it, as in YAML.
    comment_apart: bool,
    /// Characters of a word besides letters, digits and `_`.
    in_word: &'static str,
    words: &'static [&'static str],
    /// Whether a word with a colon behind it is a key.
    keys: bool,
}

impl Shape {
    fn of(language: &str) -> Option<Self> {
        let (comment, in_word, words): (_, _, &[&str]) = match language {
            "rust" => (Some("//"), "!", RUST),
            "wat" => (Some(";;"), ".", WAT),
            "yaml" => (Some("#"), "-./@", &["true", "false", "null"]),
            "json" => (None, "", &["true", "false", "null"]),
            _ => return None,
        };
        Some(Self {
            comment,
            comment_apart: language == "yaml",
            in_word,
            words,
            keys: language == "yaml",
        })
    }

    /// The class and the length in bytes of the token that `rest` begins with.
    fn token(&self, rest: &str, first: char, before: Option<char>) -> (&'static str, usize) {
        let apart = !self.comment_apart || before.is_none_or(char::is_whitespace);
        if apart && self.comment.is_some_and(|mark| rest.starts_with(mark)) {
            return ("c", rest.find('\n').unwrap_or(rest.len()));
        }
        if first == '"' {
            return ("s", string_length(rest));
        }
        if first.is_alphanumeric() || first == '_' {
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || self.in_word.contains(c)))
                .unwrap_or(rest.len());
            let word = &rest[..end];
            let name = before == Some('$');
            let class =
                if !name && (self.words.contains(&word) || self.keys && is_key(&rest[end..])) {
                    "k"
                } else if first.is_ascii_digit()
                    && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_')
                {
                    "n"
                } else {
                    ""
                };
            return (class, end);
        }
        ("", first.len_utf8())
    }
}

fn is_key(behind: &str) -> bool {
    behind
        .strip_prefix(':')
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n']))
}

/// The length of a string in double quotes, which may hold escapes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

const RUST: &[&str] = &[
    "as", "const", "dyn", "else", "enum", "false", "fn", "for", "if", "impl", "in", "let", "loop",
    "match", "mod", "move", "mut", "pub", "return", "self", "Self", "static", "struct", "trait",
    "true", "type", "use", "where", "while",
];

const WAT: &[&str] = &[
    "block", "call", "data", "else", "end", "export", "func", "global", "if", "import", "local",
    "loop", "memory", "module", "mut", "param", "result", "return", "select", "table", "then",
    "type",
];
