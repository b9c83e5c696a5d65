//! A page's text as plain Markdown, from the HTML that our own renderers made of it: for readers
//! without a browser, and for programs.
//!
//! Knows the few tags that those write, and drops what stands only for the eye.

/// What is left out with all that it holds.
const DROPPED: [&str; 6] = ["svg", "nav", "button", "details", "legend", "progress"];

/// Elements that hold nothing, and so are never closed.
const EMPTY: [&str; 4] = ["br", "hr", "img", "input"];

/// Markdown of a page's HTML.
pub fn markdown(html: &str) -> String {
    let mut twin = Twin::default();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        twin.text(text);
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        twin.tag(tag);
        rest = after;
    }
    twin.text(rest);
    tidy(&twin.out)
}

#[derive(Default)]
struct Twin {
    out: String,
    /// Inside of what is left out: the tag, and how often it stands in itself.
    dropped: Option<(String, usize)>,
    /// Inside of `pre`.
    code: bool,
    /// Where the link that is open leads.
    link: String,
    /// Cells of the row so far, and whether a row of the table was written.
    cells: usize,
    head: bool,
    /// Inside of a cell.
    cell: bool,
}

impl Twin {
    fn text(&mut self, text: &str) {
        if self.dropped.is_some() {
            return;
        }
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"");
        let mut text = text.replace("&#39;", "'").replace("&amp;", "&");
        if self.cell {
            text = text.replace('|', "\\|");
        }
        match self.code {
            true => self.out.push_str(&text),
            false => {
                // A new line in HTML is a space.
                let line = text.replace('\n', " ");
                let start = self.out.ends_with(['\n', ' ']) || self.out.is_empty();
                self.out
                    .push_str(if start { line.trim_start() } else { &line });
            }
        }
    }

    fn tag(&mut self, tag: &str) {
        let (closes, tag) = match tag.strip_prefix('/') {
            Some(tag) => (true, tag),
            None => (false, tag),
        };
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        if let Some((dropped, depth)) = &mut self.dropped {
            if name == dropped.as_str() {
                match (closes, *depth) {
                    (true, 0) => self.dropped = None,
                    (true, _) => *depth -= 1,
                    (false, _) => *depth += 1,
                }
            }
            return;
        }
        let hidden = tag.contains("class=\"tip\"") || tag.contains("visually-hidden");
        if !closes && (hidden || DROPPED.contains(&name)) {
            if !EMPTY.contains(&name) {
                self.dropped = Some((name.to_owned(), 0));
            }
            return;
        }
        match (name, closes) {
            ("h1", false) => self.block("# "),
            ("h2", false) => self.block("## "),
            ("h3", false) => self.block("### "),
            ("h4" | "h5" | "h6", false) => self.block("#### "),
            ("p" | "div" | "section" | "figure" | "blockquote" | "table" | "ul" | "ol", _) => {
                self.head = false;
                self.block("");
            }
            ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", true) => self.block(""),
            ("li", false) => self.line("- "),
            ("dt", false) => self.line("- "),
            ("dd", false) => self.out.push_str(": "),
            ("pre", false) => {
                self.block("```\n");
                self.code = true;
            }
            ("pre", true) => {
                self.code = false;
                self.line("```");
                self.block("");
            }
            ("code", _) if !self.code => self.out.push('`'),
            ("strong" | "b", _) => self.out.push_str("**"),
            ("em" | "i", _) => self.out.push('*'),
            ("a", false) => {
                if self.out.ends_with(')') {
                    self.out.push(' ');
                }
                self.link = attribute(tag, "href");
                self.out.push('[');
            }
            ("a", true) => {
                let link = std::mem::take(&mut self.link);
                self.out.push_str(&format!("]({link})"));
            }
            ("tr", false) => {
                self.cells = 0;
                self.line("|");
            }
            ("th" | "td", false) => self.cell = true,
            ("th" | "td", true) => {
                self.cells += 1;
                self.cell = false;
                self.out.push('|');
            }
            ("tr", true) if !self.head => {
                self.head = true;
                let rule = format!("|{}", "---|".repeat(self.cells));
                self.line(&rule);
            }
            _ => {}
        }
    }

    fn line(&mut self, start: &str) {
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out.push_str(start);
    }

    fn block(&mut self, start: &str) {
        self.out.push_str("\n\n");
        self.out.push_str(start);
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let value = tag.split_once(&format!("{name}=\"")).map(|(_, rest)| rest);
    let value = value.and_then(|rest| rest.split('"').next());
    value.unwrap_or_default().replace("&amp;", "&")
}

/// One empty line between blocks, none at the end.
fn tidy(text: &str) -> String {
    let mut out = String::new();
    let (mut empty, mut code) = (true, false);
    for line in text.lines() {
        code ^= line.starts_with("```");
        let line = if code { line } else { line.trim() };
        if line.is_empty() && empty && !code {
            continue;
        }
        empty = line.is_empty();
        out.push_str(line);
        out.push('\n');
    }
    format!("{}\n", out.trim_end())
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn a_page_is_markdown_without_what_is_for_the_eye() {
        let html = "<nav><a href=\"/\">Up</a></nav><h1>A &amp; B</h1><p>See <a href=\"x/\">the\n<code>x</code></a>.</p>\
                    <ul><li>One</li><li>Two</li></ul><pre><code>a\n  b</code></pre><svg><text>no</text></svg>";
        assert_eq!(
            markdown(html),
            "# A & B\n\nSee [the `x`](x/).\n\n- One\n- Two\n\n```\na\n  b\n```\n"
        );
    }

    #[test]
    fn what_is_hidden_ends_with_its_own_element() {
        let html = "<fieldset><legend class=\"visually-hidden\">Filters</legend><span>One</span></fieldset>\
                    <p>Two<input type=\"file\" class=\"visually-hidden\" /></p>\
                    <div class=\"visually-hidden\"><div>no</div><span>no</span></div>\
                    <p>A <span class=\"tip\">no <span>no</span></span>word.</p>";
        assert_eq!(markdown(html), "One\n\nTwo\n\nA word.\n");
    }

    #[test]
    fn links_side_by_side_stand_apart_and_a_cell_may_hold_a_bar() {
        assert_eq!(
            markdown("<a href=\"a\">A</a><a href=\"b\">B</a>"),
            "[A](a) [B](b)\n"
        );
        let html = "<table><tr><th>A</th></tr><tr><td>x|y</td></tr></table>";
        assert_eq!(markdown(html), "|A|\n|---|\n|x\\|y|\n");
    }

    #[test]
    fn a_table_has_its_rule_below_the_head() {
        let html = "<table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>";
        assert_eq!(markdown(html), "|A|B|\n|---|---|\n|1|2|\n");
    }
}
