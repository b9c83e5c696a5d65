//! The YAML reader: places, typed readers, what is refused.

use proxy_wasm_tour::model::Problem;
use proxy_wasm_tour::model::yaml::{Fields, Node, Value, nearest, parse};

fn read(text: &str) -> Node {
    parse("lab.yaml", text).unwrap_or_else(|problem| panic!("{problem}"))
}

fn refused(text: &str) -> String {
    match parse("lab.yaml", text) {
        Ok(node) => panic!("read as {node:?}"),
        Err(problem) => problem.to_string(),
    }
}

fn value(text: &str) -> Node {
    read(&format!("v: {text}")).get("v").cloned().expect("v")
}

fn place(node: &Node) -> (u32, u32) {
    (node.place.line, node.place.column)
}

#[test]
fn every_node_knows_line_and_column() {
    let root = read("# a comment\nname: Tour\nlist:\n- a\n- {deep: 'quoted é', next: \"x\"}\n");
    assert_eq!(place(&root), (2, 1));
    assert_eq!(place(root.get("name").unwrap()), (2, 7));
    let list = root.get("list").unwrap().as_list().unwrap();
    assert_eq!(place(&list[0]), (4, 3));
    assert_eq!(
        place(list[1].get("deep").unwrap()),
        (5, 11),
        "after the quote"
    );
    assert_eq!(
        place(list[1].get("next").unwrap()),
        (5, 29),
        "columns are characters, not bytes"
    );
    let (key, _) = &list[1].as_map().unwrap()[1];
    assert_eq!((key.place.line, key.place.column), (5, 22));
}

#[test]
fn a_block_scalar_stands_where_its_text_begins() {
    let root = read("m:\n  wat: |\n\n    (module\n      (func))\n  end: 1\n");
    let wat = root.get("m").unwrap().get("wat").unwrap();
    assert_eq!(place(wat), (3, 5));
    assert_eq!(wat.as_str().unwrap(), "\n(module\n  (func))\n");
}

#[test]
fn scalars_remember_their_quotes() {
    let root = read("a: 1\nb: '1'\nc:\nd: ''\ne: ~\nf: !!str 5\n");
    assert_eq!(root.get("a").unwrap().as_u64().unwrap(), 1);
    assert!(root.get("b").unwrap().as_u64().is_err());
    assert!(root.get("c").unwrap().is_null());
    assert_eq!(root.get("d").unwrap().as_str().unwrap(), "");
    assert!(root.get("e").unwrap().is_null());
    assert!(root.get("a").unwrap().as_string_field().is_err());
    assert_eq!(root.get("f").unwrap().as_string_field().unwrap(), "5");
}

#[test]
fn an_empty_document_is_null() {
    assert!(read("").is_null());
    assert!(read("# nothing\n").is_null());
}

#[test]
fn duplicate_keys_are_refused_at_the_second() {
    assert_eq!(
        refused("a: 1\nb: 2\na: 3\n"),
        "lab.yaml:3:1: the key `a` stands here twice\n  Keep one of the two."
    );
}

#[test]
fn text_that_is_no_yaml_is_refused_with_its_place() {
    let message = refused("a: [1, 2\nb: 3\n");
    assert!(message.starts_with("lab.yaml:2:"), "{message}");
    let message = refused("a: b: c\n");
    assert!(message.starts_with("lab.yaml:1:"), "{message}");
}

#[test]
fn anchors_work_and_merge_keys_are_refused() {
    let root = read("a: &x {n: 1}\nb: *x\n");
    assert_eq!(
        root.get("b").unwrap().get("n").unwrap().as_u64().unwrap(),
        1
    );
    assert!(refused("a: &x {n: 1}\nb:\n  <<: *x\n").contains("lab.yaml:3:3: the merge key"));
    assert!(refused("a: *nobody\n").starts_with("lab.yaml:1:4"));
}

#[test]
fn bombs_are_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..10 {
        let refs = vec![format!("*a{}", i - 1); 10].join(", ");
        text.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
    }
    assert!(refused(&text).contains("more than 200000 values"));
    let deep = format!("a: {}{}", "[".repeat(5000), "]".repeat(5000));
    assert!(refused(&deep).contains("recursion limit"));
    let deep: String = (0..100).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    assert!(refused(&deep).contains("deeper than 64"));
}

#[test]
fn one_document_only_and_plain_keys_only() {
    assert!(refused("a: 1\n---\nb: 2\n").starts_with("lab.yaml:2:1: a second YAML document"));
    assert!(refused("{a: 1}: 2\n").contains("a key that is a list or a map"));
    assert!(refused("a: !mine 1\n").contains("tag"));
}

#[test]
fn durations_and_sizes_have_units() {
    for (text, ns) in [
        ("5s", 5_000_000_000),
        ("80ms", 80_000_000),
        ("0.25s", 250_000_000),
        ("10us", 10_000),
        ("7ns", 7),
        ("2m", 120_000_000_000),
        ("0s", 0),
    ] {
        assert_eq!(value(text).as_duration_ns().unwrap(), ns, "{text}");
    }
    for text in [
        "5",
        "s",
        "1.s",
        ".5s",
        "-1s",
        "5 apples",
        "99999999999999h",
        "[]",
    ] {
        assert!(value(text).as_duration_ns().is_err(), "{text}");
    }
    assert!(
        value("80ms").as_proto_duration_ns().is_err(),
        "Envoy reads seconds only"
    );
    for (text, bytes) in [
        ("512", 512),
        ("2MB", 2 << 20),
        ("64KiB", 64 << 10),
        ("1.5KB", 1536),
    ] {
        assert_eq!(value(text).as_size().unwrap(), bytes, "{text}");
    }
}

#[test]
fn readers_say_what_they_expected_and_found() {
    let say = |result: Result<u64, Problem>| result.unwrap_err().to_string();
    assert_eq!(
        say(value("many").as_u64()),
        "lab.yaml:1:4: expected a whole number from 0, found `many`"
    );
    assert_eq!(
        say(value("-1").as_u64()),
        "lab.yaml:1:4: expected a whole number from 0, found `-1`"
    );
    assert_eq!(
        say(value("[1]").as_u64()),
        "lab.yaml:1:4: expected a whole number from 0, found a list"
    );
    assert!(value("yes").as_bool().is_err());
    assert!(value("true").as_bool().unwrap());
    assert!(value("99999999999").as_u32().is_err());
    assert!((value("-1.5e3").as_f64().unwrap() + 1500.0).abs() < 1e-9);
}

#[test]
fn an_unknown_key_is_an_error_with_the_nearest_name() {
    let root = read("name: x\ntrafic: []\n");
    let mut fields = Fields::of(&root).unwrap();
    assert!(fields.take("name").is_some());
    assert!(fields.take("traffic").is_none());
    assert_eq!(
        fields.finish().unwrap_err().to_string(),
        "lab.yaml:2:1: unknown key `trafic`\n  Did you mean `traffic`?"
    );
    let root = read("zzzzzz: 1\n");
    let mut fields = Fields::of(&root).unwrap();
    fields.take("name");
    assert!(
        fields
            .finish()
            .unwrap_err()
            .to_string()
            .contains("Known here: name.")
    );
}

#[test]
fn protobuf_fields_may_be_camel_case() {
    let root = read("statPrefix: x\n");
    let mut fields = Fields::of_message(&root).unwrap();
    assert_eq!(fields.take("stat_prefix").unwrap().as_str().unwrap(), "x");
    fields.finish().unwrap();
    let mut fields = Fields::of(&root).unwrap();
    assert!(fields.take("stat_prefix").is_none());
    assert!(fields.finish().is_err());
}

#[test]
fn the_nearest_word_is_near() {
    assert_eq!(nearest("hedaers", ["headers", "body"]), Some("headers"));
    assert_eq!(nearest("xyz", ["headers", "body"]), None);
    assert_eq!(nearest("--jsn", ["--json", "--trace"]), Some("--json"));
}

#[test]
fn lists_and_maps_keep_their_order() {
    let root = read("z: 1\na: 2\n");
    let keys: Vec<&str> = root
        .as_map()
        .unwrap()
        .iter()
        .map(|(k, _)| k.text.as_str())
        .collect();
    assert_eq!(keys, ["z", "a"]);
    assert!(matches!(root.value, Value::Map(_)));
}

#[test]
fn a_missing_key_that_was_mistyped_is_told_as_such() {
    let root = read("nmae: x\nother: y\n");
    let say = |name| {
        Fields::of(&root)
            .unwrap()
            .require(name)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        say("name"),
        "lab.yaml:1:1: unknown key `nmae`\n  Did you mean `name`?"
    );
    assert_eq!(
        say("typed_config"),
        "lab.yaml:1:1: the key `typed_config` is missing\n  Add `typed_config: …` here."
    );
}

#[test]
fn files_from_other_editors_are_read_alike() {
    let unix = "name: x\nwat: |\n  (module)\n  (end)\nlist:\n- a\n";
    let plain = read(unix);
    for text in [
        unix.replace('\n', "\r\n"),
        format!("\u{feff}{unix}"),
        unix.trim_end().to_owned(),
    ] {
        let other = read(&text);
        assert_eq!(
            other.get("wat").unwrap().as_str().unwrap(),
            "(module)\n(end)\n"
        );
        assert_eq!(
            other.get("list").unwrap().as_list().unwrap()[0]
                .as_str()
                .unwrap(),
            "a"
        );
        assert_eq!(
            place(other.get("wat").unwrap()),
            place(plain.get("wat").unwrap())
        );
        assert_eq!(other.as_map().unwrap()[0].0.text, "name");
    }
    assert!(
        refused("a:\n\tb: 1\n").starts_with("lab.yaml:2:"),
        "a tab does not indent"
    );
}
