//! Host calls on header maps.

use super::guest::{Guest, calls, calls_with};
use proxy_wasm_tour::abi::{MapType, Status, pairs};
use proxy_wasm_tour::host::Step;
use proxy_wasm_tour::model::Headers;
use proxy_wasm_tour::model::trace::Value;

fn status(step: Step) -> Status {
    match step {
        Step::Returned(n) => Status::from_u32(n).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn with_headers(text: &str) -> Guest {
    let mut guest = Guest::start(text);
    let headers: Headers = [("a", "1"), ("b", "x"), ("b", "y"), ("empty", "")]
        .into_iter()
        .collect();
    guest.proxy().maps.insert(MapType::RequestHeaders, headers);
    guest
}

fn get(map: i64, key: (i64, i64)) -> String {
    calls(
        "proxy_get_header_map_value",
        &[map, key.0, key.1, 100, 104],
        "abzempty",
    )
}

#[test]
fn the_first_value_of_a_key_is_delivered_in_memory_of_the_guests_allocator() {
    let mut guest = with_headers(&get(0, (1, 1)));
    assert_eq!(status(guest.done()), Status::Ok);
    assert_eq!(guest.delivered(100, 104), b"x");
    assert_eq!(guest.word(100), 65536);
    let event = guest.last_host_call();
    assert_eq!(event.args[0].value, Value::from("request_headers"));
    assert_eq!(event.args[1].value, Value::Bytes("b".into()));
    assert_eq!(event.result.unwrap().value, Some(Value::Bytes("x".into())));
}

#[test]
fn an_empty_value_is_ok_with_address_and_size_0() {
    let mut guest = with_headers(&get(0, (3, 5)));
    assert_eq!(status(guest.done()), Status::Ok);
    assert_eq!((guest.word(100), guest.word(104)), (0, 0));
}

#[test]
fn get_header_map_value_of_an_absent_key_is_not_found() {
    let mut guest = with_headers(&get(0, (2, 1)));
    assert_eq!(status(guest.done()), Status::NotFound);
    assert_eq!(
        guest.outcome(),
        ("NotFound".into(), "the map has no such key".into())
    );
}

#[test]
fn get_header_map_value_of_an_absent_map_is_bad_argument() {
    let mut guest = with_headers(&get(2, (0, 1)));
    assert_eq!(status(guest.done()), Status::BadArgument);
    assert_eq!(guest.outcome().1, "this context has no such map now");
}

#[test]
fn get_header_map_value_of_an_absent_map_in_log_is_not_found() {
    let mut guest = with_headers(&get(2, (0, 1)));
    guest.proxy().in_log = true;
    assert_eq!(status(guest.done()), Status::NotFound);
}

#[test]
fn abi_0_1_0_gets_an_empty_value_for_an_absent_key() {
    let mut guest = with_headers(&get(0, (2, 1)).replace("0_2_1", "0_1_0"));
    assert_eq!(status(guest.done()), Status::Ok);
    assert_eq!((guest.word(100), guest.word(104)), (0, 0));
}

#[test]
fn pairs_of_an_absent_map_are_ok_and_empty() {
    let mut guest = with_headers(&calls("proxy_get_header_map_pairs", &[2, 100, 104], ""));
    assert_eq!(status(guest.done()), Status::Ok);
    assert_eq!((guest.word(100), guest.word(104)), (0, 0));
}

#[test]
fn all_pairs_come_in_order_with_duplicates() {
    let mut guest = with_headers(&calls("proxy_get_header_map_pairs", &[0, 100, 104], ""));
    assert_eq!(status(guest.done()), Status::Ok);
    let bytes = guest.delivered(100, 104);
    let pairs = pairs::decode(&bytes).unwrap();
    assert_eq!(pairs[1..3], [(&b"b"[..], &b"x"[..]), (b"b", b"y")]);
    assert_eq!(pairs.len(), 4);
}

#[test]
fn the_size_of_a_map_is_the_bytes_of_names_and_values() {
    let mut guest = with_headers(&calls("proxy_get_header_map_size", &[0, 100], ""));
    assert_eq!(status(guest.done()), Status::Ok);
    assert_eq!(guest.word(100), 2 + 2 + 2 + 5);
    let mut guest = with_headers(&calls("proxy_get_header_map_size", &[2, 100], ""));
    assert_eq!(status(guest.done()), Status::BadArgument);
}

fn header(guest: &mut Guest) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let map = &guest.proxy().maps[&MapType::RequestHeaders];
    map.iter().map(|(n, v)| (text(n), text(v))).collect()
}

#[test]
fn add_keeps_what_is_there_and_lowers_the_name() {
    let text = calls("proxy_add_header_map_value", &[0, 0, 1, 1, 3], "Bnew");
    let mut guest = with_headers(&text);
    assert_eq!(status(guest.done()), Status::Ok);
    assert_eq!(header(&mut guest)[4], ("b".into(), "new".into()));
}

#[test]
fn add_joins_the_values_of_an_inline_header_with_a_comma() {
    let text = calls(
        "proxy_add_header_map_value",
        &[0, 0, 10, 10, 1],
        "user-agentz",
    );
    let mut guest = with_headers(&text);
    let map: Headers = [("user-agent", "a")].into_iter().collect();
    guest.proxy().maps.insert(MapType::RequestHeaders, map);
    assert_eq!(status(guest.done()), Status::Ok);
    assert_eq!(header(&mut guest), [("user-agent".into(), "a,z".into())]);
}

#[test]
fn add_joins_nothing_to_an_empty_inline_header_without_a_comma() {
    let text = calls(
        "proxy_add_header_map_value",
        &[0, 0, 10, 10, 1],
        "user-agentz",
    );
    let mut guest = with_headers(&text);
    let map: Headers = [("user-agent", "")].into_iter().collect();
    guest.proxy().maps.insert(MapType::RequestHeaders, map);
    assert_eq!(status(guest.done()), Status::Ok);
    assert_eq!(header(&mut guest), [("user-agent".into(), "z".into())]);
}

#[test]
fn replace_removes_all_values_and_adds_one_at_the_end() {
    let text = calls("proxy_replace_header_map_value", &[0, 0, 1, 1, 3], "bnew");
    let mut guest = with_headers(&text);
    assert_eq!(status(guest.done()), Status::Ok);
    let names: Vec<_> = header(&mut guest).into_iter().map(|(n, _)| n).collect();
    assert_eq!(names, ["a", "empty", "b"]);
}

#[test]
fn removing_a_key_that_is_not_there_is_ok() {
    let text = calls("proxy_remove_header_map_value", &[0, 0, 1], "z");
    let mut guest = with_headers(&text);
    assert_eq!(status(guest.done()), Status::Ok);
    assert_eq!(header(&mut guest).len(), 4);
}

#[test]
fn pairs_that_do_not_parse_clear_the_map_with_ok() {
    let text = calls("proxy_set_header_map_pairs", &[0, 0, 4], "zzzz");
    let mut guest = with_headers(&text);
    assert_eq!(status(guest.done()), Status::Ok);
    assert_eq!(header(&mut guest), []);
    assert!(guest.outcome().1.contains("more than 1024 pairs"));
}

#[test]
fn maps_of_callouts_are_read_only() {
    for map in 4..8 {
        let text = calls("proxy_add_header_map_value", &[map, 0, 1, 1, 1], "ab");
        let mut guest = with_headers(&text);
        assert_eq!(status(guest.done()), Status::BadArgument);
    }
}

#[test]
fn proxy_on_memory_allocate_serves_where_malloc_is_missing() {
    let fields = "(data (i32.const 0) \"a\")
      (func (export \"proxy_on_memory_allocate\") (param i32) (result i32) (i32.const 4096))";
    let text = calls_with("proxy_get_header_map_value", &[0, 0, 1, 100, 104], fields);
    let mut guest = with_headers(&text);
    assert_eq!(status(guest.done()), Status::Ok);
    assert_eq!(guest.word(100), 4096);
}
