//! HTML of our own renderer made fit for paper: what is pressed, chosen or typed on a screen becomes
//! a box to tick or a line to write on, and several lessons fit on one page.
//!
//! Works on HTML whose tags are balanced and hold no `>` in an attribute. Must not know: what a
//! workbook looks like.

/// Attributes that name an element of the page, by its id.
const NAMING: [&str; 4] = [
    " id=\"",
    " for=\"",
    " aria-describedby=\"",
    " aria-labelledby=\"",
];

/// Attributes of what is worked with a pointer or keys.
const WORKED: [&str; 3] = [" tabindex=\"0\"", " draggable=\"true\"", " role=\"status\""];

/// The text of a lesson for paper. Ids get `prefix` before them, so that lessons do not meet, and
/// headings go down by one level, below the lesson's own.
pub fn paper(html: &str, prefix: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, from) = rest.split_at(at);
        out.push_str(text);
        let end = from.find('>').map_or(from.len(), |end| end + 1);
        let (tag, after) = from.split_at(end);
        let name = tag.trim_matches(|c| "</>".contains(c));
        let name = name.split([' ', '/', '\n']).next().unwrap_or_default();
        rest = after;
        match (name, tag.starts_with("</")) {
            ("button" | "textarea", false) => rest = behind(after, name),
            ("select", false) => {
                out.push_str(BLANK);
                rest = behind(after, name);
            }
            // It would give the answer away.
            ("div", false) if tag.contains("class=\"say\"") => rest = behind(after, name),
            ("input", _) if tag.contains("\"radio\"") || tag.contains("\"checkbox\"") => {
                out.push_str("<span class=\"box\" aria-hidden=\"true\"></span>");
            }
            ("input", _) => out.push_str(BLANK),
            ("form", false) => out.push_str("<div class=\"answer\">"),
            ("form", true) => out.push_str("</div>"),
            ("h2" | "h3" | "h4" | "h5", _) => out.push_str(&lowered(&own(tag, prefix), name)),
            _ => out.push_str(&own(tag, prefix)),
        }
    }
    out.push_str(rest);
    out
}

/// A line to write a few words on.
const BLANK: &str = "<span class=\"blank\" aria-hidden=\"true\"></span>";

/// What stands behind the end of an element, whose tag has just been read; it holds none of its
/// own kind.
fn behind<'a>(html: &'a str, name: &str) -> &'a str {
    let end = format!("</{name}>");
    html.split_once(end.as_str()).map_or("", |(_, after)| after)
}

/// A heading's tag, one level down.
fn lowered(tag: &str, name: &str) -> String {
    let level = name[1..].parse().unwrap_or(5) + 1;
    tag.replacen(name, &format!("h{level}"), 1)
}

/// A tag with ids of this lesson's own, and without what only a screen needs.
fn own(tag: &str, prefix: &str) -> String {
    let mut tag = tag.replace(" href=\"#", &format!(" href=\"#{prefix}"));
    for naming in NAMING {
        tag = tag.replace(naming, &format!("{naming}{prefix}"));
    }
    for worked in WORKED {
        tag = tag.replace(worked, "");
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::paper;

    #[test]
    fn what_is_worked_on_a_screen_can_be_written_on_paper() {
        let form = "<form class=\"answer\" data-kind=\"quiz\"><fieldset><legend>L</legend>\
            <label><input type=\"radio\" name=\"a\"> <span>one</span></label></fieldset>\
            <label><span>n</span> <input name=\"event\"></label>\
            <select name=\"s\"><option>Ok</option></select>\
            <button type=\"submit\">Check</button></form>";
        let html = paper(form, "a-");
        for gone in ["<input", "<select", "<option", "<button", "Check", "<form"] {
            assert!(!html.contains(gone), "{html}");
        }
        assert!(html.contains("<label><span class=\"box\" aria-hidden=\"true\"></span> <span>one"));
        assert_eq!(html.matches("class=\"blank\"").count(), 2);
        assert!(html.ends_with("</div>") && html.starts_with("<div class=\"answer\">"));
    }

    #[test]
    fn an_answer_is_not_given_away() {
        let ask = "<div class=\"choice\"><label>x</label>\n<div class=\"say\" role=\"status\">Yes, <b>because</b></div></div><p>on</p>";
        assert_eq!(
            paper(ask, ""),
            "<div class=\"choice\"><label>x</label>\n</div><p>on</p>"
        );
    }

    #[test]
    fn lessons_do_not_meet_on_one_page() {
        let html = paper(
            "<h2 id=\"x\">X</h2><p><a href=\"#x\">up</a> <a href=\"../b/#x\">b</a></p><pre tabindex=\"0\">1 &lt; 2</pre>",
            "one-",
        );
        assert_eq!(
            html,
            "<h3 id=\"one-x\">X</h3><p><a href=\"#one-x\">up</a> <a href=\"../b/#x\">b</a></p><pre>1 &lt; 2</pre>"
        );
    }
}
