//! `envoy.filters.http.header_mutation`.

use super::{filter, got, of, play, recorded, routed, sent};
use crate::proxy::bootstrap::Bootstrap;

fn mutations(text: &str) -> String {
    filter(
        "header_mutation.v3.HeaderMutation",
        &format!(", mutations: {{{text}}}"),
    )
}

#[test]
fn append_action_says_what_happens_to_a_header_that_is_there() {
    for (action, there, absent) in [
        ("", "old|new", "new"),
        ("append_action: APPEND_IF_EXISTS_OR_ADD, ", "old|new", "new"),
        ("append_action: ADD_IF_ABSENT, ", "old", "new"),
        ("append_action: OVERWRITE_IF_EXISTS_OR_ADD, ", "new", "new"),
        ("append_action: OVERWRITE_IF_EXISTS, ", "new", ""),
    ] {
        for (request, expected) in [("{headers: {x-a: old}}", there), ("{}", absent)] {
            let settings = format!(
                "request_mutations: [{{append: {{{action}header: {{key: x-a, value: new}}}}}}]"
            );
            let report = play(&mutations(&settings), &[request]);
            assert_eq!(sent(&report, "x-a"), expected, "{action} {request}");
        }
    }
}

#[test]
fn mutations_happen_in_their_order() {
    let settings = "request_mutations: [{remove: x-a}, {append: {header: {key: x-a, value: '1'}}}, {append: {header: {key: x-b, value: '2'}}}, {remove: x-b}]";
    let report = play(&mutations(settings), &["{headers: {x-a: old}}"]);
    assert_eq!(
        (sent(&report, "x-a"), sent(&report, "x-b")),
        ("1".to_owned(), String::new())
    );
    assert_eq!(
        recorded(&report)[..4],
        [
            "decode_headers remove_header_map_value",
            "decode_headers add_header_map_value",
            "decode_headers add_header_map_value",
            "decode_headers remove_header_map_value",
        ]
    );
}

#[test]
fn remove_on_match_removes_every_name_that_matches() {
    let settings = "request_mutations: [{remove_on_match: {key_matcher: {prefix: x-}}}]";
    let report = play(&mutations(settings), &["{headers: {x-a: 1, y-b: 2}}"]);
    assert_eq!(sent(&report, "x-a") + &sent(&report, "y-b"), "2");
}

#[test]
fn values_may_use_operators_and_an_empty_one_is_not_added() {
    for (value, keep, expected) in [
        ("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "", "127.0.0.1"),
        ("a-%REQ(x-in)%", "", "a-in"),
        ("a-%REQ(nope)%", "", "a-"),
        ("%REQ(nope)%", "", "absent"),
        ("%REQ(nope)%", "keep_empty_value: true, ", ""),
        ("100%%", "", "100%"),
    ] {
        let settings = format!(
            "request_mutations: [{{append: {{{keep}header: {{key: x-a, value: '{value}'}}}}}}]"
        );
        let report = play(&mutations(&settings), &["{headers: {x-in: in}}"]);
        let headers = &super::first(&report).upstream_requests[0].headers;
        let found = headers.get_str("x-a").unwrap_or("absent");
        assert_eq!(found, expected, "{value}");
    }
}

#[test]
fn query_parameters_change_after_headers_and_are_sorted_by_key() {
    for (path, mutation, expected) in [
        (
            "/a?z=1&b=2",
            "{append: {record: {key: q, value: v}}}",
            "/a?b=2&q=v&z=1",
        ),
        ("/a", "{append: {record: {key: q, value: v}}}", "/a?q=v"),
        (
            "/a?q=1",
            "{append: {record: {key: q, value: v}}}",
            "/a?q=1&q=v",
        ),
        (
            "/a?q=1",
            "{append: {action: ADD_IF_ABSENT, record: {key: q, value: v}}}",
            "/a?q=1",
        ),
        (
            "/a?q=1&q=2",
            "{append: {action: OVERWRITE_IF_EXISTS_OR_ADD, record: {key: q, value: v}}}",
            "/a?q=v",
        ),
        (
            "/a",
            "{append: {action: OVERWRITE_IF_EXISTS, record: {key: q, value: v}}}",
            "/a",
        ),
        ("/a?q=1", "{remove: q}", "/a"),
        (
            "/a?q=%41",
            "{append: {record: {key: r, value: '%REQ(x-late)%'}}}",
            "/a?q=A&r=yes",
        ),
    ] {
        let settings = format!(
            "query_parameter_mutations: [{mutation}], request_mutations: [{{append: {{header: {{key: x-late, value: 'yes'}}}}}}]"
        );
        let request = format!("{{path: '{path}'}}");
        let report = play(&mutations(&settings), &[&request]);
        assert_eq!(sent(&report, ":path"), expected, "{mutation}");
    }
}

#[test]
fn responses_change_local_replies_too() {
    let settings = "response_mutations: [{append: {header: {key: x-by, value: envoy}}}]";
    for (route, status) in [
        ("route: {cluster: web}", 200),
        ("direct_response: {status: 418}", 418),
    ] {
        let envoy =
            mutations(settings) + &format!("  routes: [{{match: {{prefix: /}}, {route}}}]\n");
        let report = play(&envoy, &["{}"]);
        assert_eq!(super::response(&report).status, status);
        assert_eq!(got(&report, "x-by"), "envoy");
    }
}

#[test]
fn mutations_of_a_route_come_after_the_filters_own() {
    let add = |value: &str| {
        format!(
            "mutations: {{request_mutations: [{{append: {{header: {{key: x-a, value: {value}}}}}}}]}}"
        )
    };
    let envoy = filter(
        "header_mutation.v3.HeaderMutation",
        &format!(", {}", add("filter")),
    ) + &routed(
        "header_mutation.v3.HeaderMutationPerRoute",
        &format!(", {}", add("route")),
    );
    assert_eq!(sent(&play(&envoy, &["{}"]), "x-a"), "filter|route");
}

#[test]
fn the_most_specific_mutations_come_first_unless_they_shall_win() {
    let kind = of("header_mutation.v3.HeaderMutationPerRoute");
    let said = |value: &str| {
        format!(
            ", typed_per_filter_config: {{f: {{{kind}, mutations: {{request_mutations: [{{append: {{header: {{key: x-a, value: {value}}}}}}}]}}}}}}"
        )
    };
    for (wins, expected) in [("false", "route|host|all"), ("true", "all|host|route")] {
        let filter = of("header_mutation.v3.HeaderMutation");
        let envoy = Bootstrap {
            filters: &format!(
                "{{name: f, typed_config: {{{filter}, most_specific_header_mutations_wins: {wins}}}}}, "
            ),
            all_routes: &said("all"),
            host: &said("host"),
            route: &said("route"),
            ..Bootstrap::default()
        };
        assert_eq!(sent(&play(&envoy.text(), &["{}"]), "x-a"), expected);
    }
}
