//! `envoy.filters.http.rbac`.

use crate::proxy::bootstrap::access_log;

use super::{answer, counters, filter, play, refused, routed};

fn rules(text: &str) -> String {
    filter("rbac.v3.RBAC", &format!(", rules: {{{text}}}"))
}

fn policy(permission: &str, principal: &str) -> String {
    format!("policies: {{p: {{permissions: [{permission}], principals: [{principal}]}}}}")
}

fn passes(envoy: &str, request: &str) -> bool {
    super::response(&play(envoy, &[request])).status == 200
}

#[test]
fn unset_rules_pass_and_empty_ones_deny_all() {
    for (settings, expected, counted) in [
        ("", "via_upstream", ""),
        (
            ", rules: {}",
            "rbac_access_denied_matched_policy[none]",
            "rbac.denied=1",
        ),
        (", rules: {action: DENY}", "via_upstream", "rbac.allowed=1"),
    ] {
        let report = play(&filter("rbac.v3.RBAC", settings), &["{}"]);
        assert!(answer(&report).ends_with(expected), "{settings}");
        assert_eq!(counters(&report, "rbac"), counted);
    }
}

#[test]
fn an_action_says_what_a_match_means() {
    let matching = policy("{any: true}", "{any: true}");
    let other = policy("{any: true}", "{not_id: {any: true}}");
    for (action, policy, expected) in [
        ("ALLOW", &matching, ""),
        ("ALLOW", &other, "none"),
        ("DENY", &matching, "p"),
        ("DENY", &other, ""),
        ("LOG", &matching, ""),
        ("LOG", &other, ""),
    ] {
        let report = play(&rules(&format!("action: {action}, {policy}")), &["{}"]);
        match expected {
            "" => assert!(answer(&report).ends_with("via_upstream"), "{action}"),
            id => assert_eq!(
                answer(&report),
                format!("403 \"RBAC: access denied\" - rbac_access_denied_matched_policy[{id}]")
            ),
        }
    }
}

#[test]
fn the_first_policy_by_name_is_the_one_that_is_named() {
    let any = "{permissions: [{any: true}], principals: [{any: true}]}";
    let report = play(
        &rules(&format!(
            "action: DENY, policies: {{zz: {any}, a b: {any}}}"
        )),
        &["{}"],
    );
    // White space in details becomes `_`.
    assert!(answer(&report).ends_with("[a_b]"), "{}", answer(&report));
}

#[test]
fn permissions_match_as_envoy_matches_them() {
    let get = "{header: {name: ':method', string_match: {exact: GET}}}";
    let path = "{url_path: {path: {prefix: /admin}}}";
    for (permission, request, expected) in [
        ("{any: true}".to_owned(), "{}", true),
        (get.to_owned(), "{}", true),
        (get.to_owned(), "{method: POST}", false),
        (path.to_owned(), "{path: '/admin?x'}", true),
        (path.to_owned(), "{path: '/?/admin'}", false),
        (
            format!("{{and_rules: {{rules: [{get}, {path}]}}}}"),
            "{path: /admin}",
            true,
        ),
        (
            format!("{{and_rules: {{rules: [{get}, {path}]}}}}"),
            "{path: /}",
            false,
        ),
        (
            format!("{{or_rules: {{rules: [{get}, {path}]}}}}"),
            "{path: /}",
            true,
        ),
        (format!("{{not_rule: {get}}}"), "{}", false),
        ("{destination_port: 10000}".to_owned(), "{}", true),
        ("{destination_port: 80}".to_owned(), "{}", false),
        (
            "{destination_port_range: {start: 9000, end: 10000}}".to_owned(),
            "{}",
            false,
        ),
        (
            "{destination_port_range: {start: 9000, end: 10001}}".to_owned(),
            "{}",
            true,
        ),
        (
            "{destination_ip: {address_prefix: 127.0.0.0, prefix_len: 8}}".to_owned(),
            "{}",
            true,
        ),
        (
            "{requested_server_name: {exact: a.example}}".to_owned(),
            "{}",
            false,
        ),
    ] {
        let envoy = rules(&policy(&permission, "{any: true}"));
        assert_eq!(passes(&envoy, request), expected, "{permission} {request}");
    }
}

#[test]
fn principals_match_as_envoy_matches_them() {
    let local = "address_prefix: 127.0.0.1, prefix_len: 32";
    let ten = "address_prefix: 10.0.0.0, prefix_len: 8";
    let forwarded = "{headers: {x-forwarded-for: '127.0.0.1, 10.1.2.3'}}";
    for (principal, request, expected) in [
        ("{any: true}".to_owned(), "{}", true),
        ("{authenticated: {}}".to_owned(), "{}", false),
        (
            "{header: {name: x-role, string_match: {exact: admin}}}".to_owned(),
            "{headers: {x-role: admin}}",
            true,
        ),
        (
            "{header: {name: x-role, string_match: {exact: admin}}}".to_owned(),
            "{}",
            false,
        ),
        (
            format!("{{direct_remote_ip: {{{local}}}}}"),
            forwarded,
            true,
        ),
        (format!("{{source_ip: {{{local}}}}}"), "{}", true),
        (format!("{{direct_remote_ip: {{{ten}}}}}"), forwarded, false),
        // The last address of x-forwarded-for, as use_remote_address is off.
        (format!("{{remote_ip: {{{ten}}}}}"), forwarded, true),
        (format!("{{remote_ip: {{{ten}}}}}"), "{}", false),
        (
            "{direct_remote_ip: {address_prefix: '::1', prefix_len: 0}}".to_owned(),
            "{}",
            false,
        ),
        (
            "{and_ids: {ids: [{any: true}, {authenticated: {}}]}}".to_owned(),
            "{}",
            false,
        ),
        (
            "{or_ids: {ids: [{any: true}, {authenticated: {}}]}}".to_owned(),
            "{}",
            true,
        ),
        ("{not_id: {authenticated: {}}}".to_owned(), "{}", true),
    ] {
        let envoy = rules(&policy("{any: true}", &principal));
        assert_eq!(passes(&envoy, request), expected, "{principal} {request}");
    }
}

#[test]
fn shadow_rules_count_and_let_pass() {
    let report = play(
        &filter(
            "rbac.v3.RBAC",
            ", shadow_rules: {}, rules: {action: DENY}, shadow_rules_stat_prefix: s, rules_stat_prefix: r.",
        ),
        &["{}"],
    );
    assert!(answer(&report).ends_with("via_upstream"));
    assert_eq!(
        counters(&report, "rbac"),
        "rbac.r.allowed=1 rbac.s.shadow_denied=1"
    );
}

/// Rows: settings; dynamic metadata of the namespace `envoy.filters.http.rbac`, and the hint for logs.
#[test]
fn decisions_are_told_in_dynamic_metadata() {
    let any = policy("{any: true}", "{any: true}");
    let log = access_log(
        "%DYNAMIC_METADATA(envoy.filters.http.rbac)% %DYNAMIC_METADATA(envoy.common:access_log_hint)%",
    );
    for (settings, expected) in [
        (
            "shadow_rules: {}".to_owned(),
            r#"{"shadow_engine_result":"denied"} -"#,
        ),
        (
            format!("shadow_rules: {{action: DENY, {any}}}"),
            r#"{"shadow_effective_policy_id":"p","shadow_engine_result":"denied"} -"#,
        ),
        (
            format!("shadow_rules: {{{any}}}, shadow_rules_stat_prefix: s_"),
            r#"{"s_shadow_effective_policy_id":"p","s_shadow_engine_result":"allowed"} -"#,
        ),
        (
            format!("rules: {{action: LOG, {any}}}"),
            r#"{"enforced_effective_policy_id":"p","enforced_engine_result":"allowed"} true"#,
        ),
        (
            "rules: {action: LOG}".to_owned(),
            r#"{"enforced_engine_result":"allowed"} false"#,
        ),
        (
            format!("rules: {{action: DENY, {any}}}, rules_stat_prefix: r_"),
            r#"{"r_enforced_effective_policy_id":"p","r_enforced_engine_result":"denied"} -"#,
        ),
        ("".to_owned(), "- -"),
    ] {
        let comma = if settings.is_empty() { "" } else { ", " };
        let envoy = filter("rbac.v3.RBAC", &format!("{comma}{settings}"));
        let report = play(&format!("{envoy}  {log}\n"), &["{}"]);
        assert_eq!(report.access_log, [expected], "{settings}");
    }
}

/// Rows: whose metadata, the value that is wanted, whether the route's fits.
#[test]
fn a_rule_may_ask_for_metadata_of_the_route() {
    let envoy = |source: &str, value: &str| {
        let rule = format!(
            "{{sourced_metadata: {{metadata_matcher: {{filter: app, path: [{{key: team}}], value: {value}}}{source}}}}}"
        );
        rules(&policy(&rule, "{any: true}"))
            + "  routes: [{match: {prefix: /}, route: {cluster: web}, metadata: {filter_metadata: {app: {team: blue}}}}]\n"
    };
    for (source, value, expected) in [
        (
            ", metadata_source: ROUTE",
            "{string_match: {exact: blue}}",
            true,
        ),
        (
            ", metadata_source: ROUTE",
            "{string_match: {exact: red}}",
            false,
        ),
        (
            ", metadata_source: ROUTE",
            "{string_match: {exact: red}}, invert: true",
            true,
        ),
        (", metadata_source: DYNAMIC", "{present_match: true}", false),
        ("", "{present_match: true}", false),
    ] {
        assert_eq!(
            passes(&envoy(source, value), "{}"),
            expected,
            "{source} {value}"
        );
    }
}

#[test]
fn a_routes_rules_take_the_place_of_the_filters_and_none_turn_it_off() {
    for (route, expected) in [
        ("", "via_upstream"),
        (", rbac: {}", "via_upstream"),
        (", rbac: {rules: {action: DENY}}", "via_upstream"),
        (
            ", rbac: {rules: {}}",
            "rbac_access_denied_matched_policy[none]",
        ),
    ] {
        let envoy = rules("") + &routed("rbac.v3.RBACPerRoute", route);
        let report = play(&envoy, &["{}"]);
        assert!(answer(&report).ends_with(expected), "{route}");
    }
}

#[test]
fn its_decision_is_in_the_trace() {
    let report = play(&rules(""), &["{}"]);
    let event = report.events.iter().find(|e| e.name == "rbac").unwrap();
    assert_eq!(crate::proxy::word(event, "decision"), "denied");
    assert_eq!(crate::proxy::word(event, "policy"), "none");
}

#[test]
fn rules_that_cannot_be_asked_are_refused() {
    for (text, expected) in [
        (
            policy("{any: false}", "{any: true}"),
            "expected true, found `false`",
        ),
        (
            policy("{any: true, destination_port: 1}", "{any: true}"),
            "expected exactly one of and_rules, or_rules",
        ),
        (policy("", "{any: true}"), "expected a list of at least one"),
        (
            policy("{matcher: {}}", "{any: true}"),
            "`matcher` of an rbac rule is not simulated",
        ),
        (
            policy(
                "{metadata: {filter: a, path: [], value: {present_match: true}}}",
                "{any: true}",
            ),
            "expected a list of at least one key",
        ),
        (
            policy(
                "{metadata: {filter: a, path: [{key: b}], value: {}}}",
                "{any: true}",
            ),
            "expected exactly one of null_match",
        ),
        (
            policy("{any: true}", "{remote_ips: {}}"),
            "Did you mean `remote_ip`?",
        ),
        (
            policy("{any: true}", "{remote_ip: {address_prefix: here}}"),
            "expected an IP address, found `here`",
        ),
        ("action: REFUSE".to_owned(), "expected ALLOW, DENY or LOG"),
    ] {
        let problem = refused(&rules(&text));
        assert!(problem.contains(expected), "{text}: {problem}");
        assert!(problem.starts_with("lab.yaml:3:"), "{problem}");
    }
}
