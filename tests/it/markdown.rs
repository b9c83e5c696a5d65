//! Markdown as lessons use it: anchors, links, code, and what is refused.

use proxy_wasm_tour::course::{Block, Fence, World, code, render, render_note, slug};
use proxy_wasm_tour::model::{Place, Problem};

/// Knows one file and one live block.
struct Shelf;

impl World for Shelf {
    fn link(&mut self, target: &str) -> Result<String, String> {
        match target {
            "../other/index.md" => Ok("/tour/other/".to_string()),
            "missing.md" => Err("there is no such file".to_string()),
            _ => Ok(target.to_string()),
        }
    }

    fn fence(&mut self, fence: &Fence) -> Option<Block> {
        if fence.word("file") == Some("lib.rs") {
            return Some(Block::Code("fn main() {}".to_string()));
        }
        match fence.language.as_str() {
            "live" => Some(Block::Html("<b>live</b>".to_string())),
            "broken" => Some(Block::Broken(Problem::at(&fence.place, "no good", ""))),
            _ => None,
        }
    }
}

fn place() -> Place {
    Place {
        file: "index.md".to_string(),
        line: 10,
        column: 1,
    }
}

fn html(text: &str) -> String {
    let rendered = render(text, &place(), &mut Shelf);
    assert_eq!(rendered.problems, [], "{text}");
    rendered.html
}

/// The only problem of a text, as `line:column message`.
fn problem(text: &str) -> String {
    let rendered = render(text, &place(), &mut Shelf);
    assert_eq!(rendered.problems.len(), 1, "{:?}", rendered.problems);
    let problem = &rendered.problems[0];
    format!("{} {}", problem.place, problem.message)
}

#[test]
fn headings_have_anchors_and_make_an_outline() {
    let rendered = render("## Look at `it`!\n\n### Then\n", &place(), &mut Shelf);
    assert!(
        rendered
            .html
            .contains(r#"<h2 id="look-at-it">Look at <code>it</code>!</h2>"#)
    );
    let outline: Vec<_> = rendered
        .outline
        .iter()
        .map(|h| (h.level, h.id.as_str()))
        .collect();
    assert_eq!(outline, [(2, "look-at-it"), (3, "then")]);
    assert_eq!(slug("Über 2 Dinge"), "über-2-dinge");
}

#[test]
fn links_are_resolved_by_the_world() {
    assert!(html("[next](../other/index.md)").contains(r#"<a href="/tour/other/">next</a>"#));
    assert_eq!(
        problem("one\n\ntwo [x](missing.md)"),
        "index.md:12:5 the link `missing.md`: there is no such file"
    );
}

#[test]
fn raw_html_is_shown_and_reported() {
    let rendered = render("a <script>x</script>", &place(), &mut Shelf);
    assert_eq!(rendered.html, "<p>a &lt;script&gt;x&lt;/script&gt;</p>\n");
    assert_eq!(rendered.problems.len(), 2);
    assert_eq!(
        problem("<img>"),
        "index.md:10:1 raw HTML is not passed through"
    );
}

#[test]
fn headings_begin_at_two_and_leave_no_level_out() {
    assert_eq!(problem("# Top"), "index.md:10:1 a heading of level 1");
    assert_eq!(
        problem("## A\n\n#### B"),
        "index.md:12:1 a heading of level 4 below one of level 2"
    );
    assert_eq!(
        problem("## A\n\n## A"),
        "index.md:12:1 a second heading with the anchor `a`"
    );
}

#[test]
fn images_need_alternative_text() {
    assert_eq!(
        problem("![](x.svg)"),
        "index.md:10:1 this image has no alternative text"
    );
    assert!(html("![a chain](x.svg)").contains(r#"alt="a chain""#));
}

#[test]
fn fenced_blocks_include_come_alive_or_stay_code() {
    let included = html("```rust file=lib.rs\n```\n");
    assert!(
        included.contains("<figcaption>lib.rs</figcaption>"),
        "{included}"
    );
    assert!(
        included.contains(r#"<span class="k">fn</span> main"#),
        "{included}"
    );
    assert_eq!(html("```live\n```\n"), "<b>live</b>");
    assert_eq!(
        problem("text\n\n```broken\nx\n```\n"),
        "index.md:13:1 no good"
    );
    assert!(html("```\na < b\n```\n").contains("<code>a &lt; b\n</code>"));
}

#[test]
fn fences_are_listed_with_their_words_and_place() {
    let fences = render("x\n\n```yaml envoy\na: 1\n```\n", &place(), &mut Shelf).fences;
    assert_eq!(fences.len(), 1);
    assert_eq!(
        (fences[0].language.as_str(), fences[0].words[0].as_str()),
        ("yaml", "envoy")
    );
    assert_eq!(
        (fences[0].place.line, fences[0].text.as_str()),
        (13, "a: 1\n")
    );
}

#[test]
fn tables_scroll_by_keyboard() {
    let table = html("| a | b |\n| - | - |\n| 1 | 2 |\n");
    assert!(
        table.starts_with(r#"<div class="scroll" tabindex="0""#),
        "{table}"
    );
}

#[test]
fn a_note_takes_absolute_links_only() {
    let place = place();
    assert_eq!(
        render_note("see [it](https://example.com)", &place).problems,
        []
    );
    assert_eq!(
        render_note("see [it](javascript:alert(1))", &place)
            .problems
            .len(),
        1
    );
}

#[test]
fn code_is_coloured_by_shape() {
    assert_eq!(
        code::highlight("rust", "let x = \"<a>\"; // 1"),
        "<span class=\"k\">let</span> x = <span class=\"s\">&quot;&lt;a&gt;&quot;</span>; <span class=\"c\">// 1</span>"
    );
    assert_eq!(
        code::highlight("yaml", "a: b#c # d"),
        "<span class=\"k\">a</span>: b#c <span class=\"c\"># d</span>"
    );
    assert_eq!(code::highlight("", "let <"), "let &lt;");
}
