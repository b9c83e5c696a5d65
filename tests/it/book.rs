//! The course read from its files: order, addresses, links, live blocks, and what is refused.

use proxy_wasm_tour::course::{Book, Content, Facts, Rendered};

const PART: &str = "---\nid: start\ntitle: Start\n---\nWhere it begins.\n";

fn lesson(id: &str, text: &str) -> String {
    format!(
        "---\nid: {id}\ntitle: A title\ngoal: do it\nminutes: 5\nneeds: []\nkind: core\nsources: [https://example.com/a]\n---\n{text}"
    )
}

fn content(files: &[(&str, &str)]) -> Content {
    Content {
        root: "content".to_string(),
        files: files
            .iter()
            .map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()))
            .collect(),
    }
}

/// A course of one lesson with this text.
fn one(text: &str) -> (Content, Book) {
    let content = content(&[
        ("en/00-start/part.md", PART),
        ("en/00-start/01-first/index.md", &lesson("first", text)),
        ("en/00-start/01-first/start/max.wat", "(module)"),
    ]);
    let book = Book::read(&content, "en");
    assert_eq!(book.problems, []);
    (content, book)
}

fn rendered(text: &str, facts: Option<&Facts>) -> Rendered {
    let (content, book) = one(text);
    book.render(&content, &book.lessons[0], facts, &|path| {
        format!("/tour{path}")
    })
}

fn html(text: &str) -> String {
    let rendered = rendered(text, None);
    assert_eq!(rendered.problems, [], "{text}");
    rendered.html
}

/// The only problem of a lesson with this text.
fn problem(text: &str) -> String {
    let problems = rendered(text, None).problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    format!("{} {}", problems[0].place, problems[0].message)
}

/// The only problem of a course of these files.
fn course_problem(files: &[(&str, &str)]) -> String {
    let problems = Book::read(&content(files), "en").problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    format!("{} {}", problems[0].place, problems[0].message)
}

#[test]
fn parts_and_lessons_come_in_the_order_of_their_folders() {
    let two = lesson("two", "").replace("needs: []", "needs: [one]");
    let book = Book::read(
        &content(&[
            ("en/01-next/part.md", "---\nid: next\ntitle: Next\n---\n"),
            ("en/01-next/01-two/index.md", &two),
            ("en/00-start/part.md", PART),
            ("en/00-start/01-one/index.md", &lesson("one", "")),
        ]),
        "en",
    );
    assert_eq!(book.problems, []);
    let paths: Vec<_> = book.catalogue.lessons().map(|l| l.path.as_str()).collect();
    assert_eq!(paths, ["/learn/start/one/", "/learn/next/two/"]);
    assert_eq!(book.catalogue.parts[0].summary, "<p>Where it begins.</p>\n");
    let (before, after) = book.catalogue.around("one");
    assert_eq!((before, after.map(|l| l.id.as_str())), (None, Some("two")));
}

#[test]
fn front_matter_is_complete_and_known() {
    let with = |from: &str, to: &str| {
        let text = lesson("one", "").replace(from, to);
        course_problem(&[
            ("en/00-start/part.md", PART),
            ("en/00-start/01-one/index.md", &text),
        ])
    };
    let file = "content/en/00-start/01-one/index.md";
    assert_eq!(
        with("goal: do it\n", ""),
        format!("{file}:2:1 the key `goal` is missing")
    );
    assert_eq!(
        with("goal:", "gaol:"),
        format!("{file}:4:1 unknown key `gaol`")
    );
    assert_eq!(
        with("kind: core", "kind: core\nx: 1"),
        format!("{file}:8:1 unknown key `x`")
    );
    assert_eq!(
        with("https:", "http:"),
        format!("{file}:8:11 expected an https address, found `http://example.com/a`")
    );
    assert_eq!(
        with("minutes: 5", "minutes: 50"),
        format!("{file}:5:10 expected 1 to 30 minutes, found `50`")
    );
    assert_eq!(
        with("needs: []", "needs: [x]"),
        format!("{file}:6:9 it needs `x`, and no lesson before it has that id")
    );
    assert_eq!(
        with("---\nid", "id"),
        format!("{file}:1:1 expected front matter")
    );
}

#[test]
fn ids_are_unique_and_folders_numbered() {
    assert_eq!(
        course_problem(&[
            ("en/00-start/part.md", PART),
            ("en/00-start/01-a/index.md", &lesson("one", "")),
            ("en/00-start/02-b/index.md", &lesson("one", "")),
        ]),
        "content/en/00-start/02-b/index.md:2:5 the id `one` is also that of content/en/00-start/01-a/index.md"
    );
    assert!(
        course_problem(&[("en/start/part.md", PART)])
            .starts_with("content/en/start expected a folder name")
    );
    assert_eq!(
        course_problem(&[("en/00-start/01-a/index.md", &lesson("one", ""))]),
        "content/en/00-start/part.md there is no such text file"
    );
    assert_eq!(course_problem(&[]), "content/en there is no lesson");
}

#[test]
fn links_lead_to_lessons_and_their_headings() {
    assert!(html("## Here\n\n[x](#here)").contains("href=\"#here\""));
    assert!(html("[x](../01-first/index.md)").contains("href=\"/tour/learn/start/first/\""));
    assert_eq!(
        problem("[x](#there)"),
        "content/en/00-start/01-first/index.md:10:1 the link `#there`: there is no heading with the anchor `there`"
    );
    assert!(problem("[x](../02-gone/index.md)").ends_with("there is no such lesson"));
    assert!(problem("[x](http://example.com)").contains("neither an https address"));
}

#[test]
fn a_shown_file_is_the_file() {
    assert!(
        html("```wat file=./start/max.wat\n```\n").contains("(<span class=\"k\">module</span>)")
    );
    assert!(
        problem("```wat file=gone.wat\n```\n").ends_with("there is no file `content/gone.wat`")
    );
    assert!(
        problem("```wat file=./start/max.wat\n(module)\n```\n")
            .ends_with("text in a block with `file=`")
    );
}

const PREDICT: &str = "```predict
id: p
scenario: GET
question: What *now*?
choices:
- {text: a, say: no, expect: [log: {count: 0}]}
- {text: b, say: yes!, expect: [log: {count: 1}]}
```
";

#[test]
fn a_prediction_is_marked_by_the_run_alone() {
    let unmarked = html(PREDICT);
    assert!(
        unmarked.contains("data-ask=\"p\" data-scenario=\"GET\""),
        "{unmarked}"
    );
    assert!(
        unmarked.contains("What <em>now</em>?</legend>"),
        "{unmarked}"
    );
    assert!(!unmarked.contains("right") && !unmarked.contains("wrong"));
    let facts = Facts {
        right: [("p".to_string(), 1)].into(),
        ..Facts::default()
    };
    let marked = rendered(PREDICT, Some(&facts)).html;
    assert!(
        marked.contains(
            "class=\"choice right\"><label><input type=\"radio\" name=\"predict-p\" value=\"1\""
        ),
        "{marked}"
    );
    let (_, book) = one(PREDICT);
    assert_eq!(book.lessons[0].predictions()[0].choices.len(), 2);
}

#[test]
fn questions_are_whole_and_have_ids_of_their_own() {
    let quiz = "```quiz\nid: q\nquestion: q?\nchoices:\n- {text: a, say: b}\n- {text: c, say: d, right: true}\n```\n";
    assert!(html(quiz).contains("choice right"));
    assert!(problem(&quiz.replace(", right: true", "")).ends_with("expected one right choice"));
    assert!(problem(&format!("{quiz}\n{quiz}")).ends_with("a second question with the id `q`"));
    assert!(
        problem(&quiz.replace("say: b", "say: <b>")).ends_with("raw HTML is not passed through")
    );
    assert!(
        problem(&PREDICT.replace("say: no,", "say: no, right: true,"))
            .ends_with(":15:22 unknown key `right`")
    );
}

#[test]
fn diagrams_are_drawn_from_lanes_and_steps() {
    let diagram = "```diagram\nalt: A sends to B.\nlanes: [client, f: wasm, upstream]\nsteps:\n- client -> f: GET /\n- f: thinks\n- f -> upstream: GET /\n```\n";
    let svg = html(diagram);
    assert!(
        svg.contains("aria-label=\"A sends to B.\"") && svg.contains("lane actor-wasm"),
        "{svg}"
    );
    assert_eq!(svg.matches("class=\"message\"").count(), 2);
    assert!(
        problem(&diagram.replace("- f: thinks", "- g: thinks"))
            .ends_with(":15:3 there is no lane `g`")
    );
    assert!(
        problem(&diagram.replace("f: wasm", "f: wazm"))
            .ends_with(":12:20 `wazm` is no sort of actor")
    );
    assert!(
        problem(&diagram.replace("alt: A sends to B.\n", "")).ends_with("the key `alt` is missing")
    );
}

#[test]
fn live_blocks_are_refused_where_they_stand() {
    assert!(problem("```lab\nscenari: x\n```\n").ends_with("unknown key `scenari`"));
    assert!(
        html("```lab\nscenario: GET\ntext: Run it\n```\n").contains("data-run=\"GET\">Run it<")
    );
    assert!(problem("```trace\nkinds: [sing]\n```\n").contains(":11:9 expected one of callback"));
    assert!(
        problem("```trace\nthread: worker\n```\n").contains(":11:9 expected main, or worker_0")
    );
    assert!(html("```trace\nkinds: [callback]\n```\n").contains("<table class=\"trace\">"));
}

#[test]
fn the_course_itself_reads_and_renders_without_a_problem() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("content");
    let content = proxy_wasm_tour::export::content::read(&folder).unwrap();
    let book = Book::read(&content, "en");
    assert_eq!(book.problems, []);
    for lesson in &book.lessons {
        let rendered = book.render(&content, lesson, None, &|path| path.to_string());
        assert_eq!(rendered.problems, [], "{}", lesson.folder);
        assert!(!rendered.outline.is_empty(), "{}", lesson.folder);
    }
}
