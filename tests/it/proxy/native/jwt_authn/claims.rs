//! What goes on of a good token: headers, and dynamic metadata that others read.

use super::{PASSES, bearing, one, play, provider, token};
use crate::lab_run::run_one;
use crate::proxy::bootstrap::access_log;
use crate::proxy::native::{answer, of, sent};
use crate::proxy::{guest, lab, outcomes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

#[test]
fn claims_and_payload_go_into_headers_that_nobody_else_may_send() {
    let settings = ", forward_payload_header: x-payload, pad_forward_payload_header: true, claim_to_headers: [{header_name: X-Sub, claim_name: sub}, {header_name: x-deep, claim_name: a.b}, {header_name: x-num, claim_name: n}, {header_name: x-list, claim_name: l}, {header_name: x-none, claim_name: none}]";
    let token = token(r#""sub":"ann","a":{"b":true},"n":7,"l":["x",1.5]"#);
    let request = format!(
        "{{headers: {{authorization: 'Bearer {token}', x-none: forged, x-sub: forged, x-payload: forged}}}}"
    );
    let report = play(&one(settings), &request);
    for (name, expected) in [
        ("x-sub", "ann".to_owned()),
        ("x-deep", "true".to_owned()),
        ("x-num", "7".to_owned()),
        ("x-list", STANDARD.encode(r#"["x",1.5]"#)),
        ("x-none", String::new()),
    ] {
        assert_eq!(sent(&report, name), expected, "{name}");
    }
    let payload = sent(&report, "x-payload");
    assert!(
        payload.len().is_multiple_of(4) && payload.starts_with(token.split('.').nth(1).unwrap())
    );
}

#[test]
fn payload_header_and_failure_are_told_in_dynamic_metadata() {
    let settings = ", payload_in_metadata: pay, header_in_metadata: head, failed_status_in_metadata: bad, normalize_payload_in_metadata: {space_delimited_claims: [scope]}";
    let log = access_log("%DYNAMIC_METADATA(envoy.filters.http.jwt_authn)%");
    let log = format!("  {log}\n");
    for (request, expected) in [
        (
            bearing(&token(r#""scope":"a b","n":1"#)),
            r#"{"head":{"alg":"HS256","kid":"h"},"pay":{"iss":"https://iss","n":1,"scope":["a","b"]}}"#,
        ),
        (
            "{}".to_owned(),
            r#"{"bad":{"code":1,"message":"Jwt is missing"}}"#,
        ),
        (
            bearing(&token("\"exp\":1")),
            r#"{"bad":{"code":3,"message":"Jwt is expired"}}"#,
        ),
    ] {
        let report = play(&(one(settings) + &log), &request);
        assert_eq!(report.access_log, [expected]);
    }
    // Of several providers none is looked at when there is no token.
    let two = one(settings).replace(
        "providers: {",
        "providers: {q: {local_jwks: {inline_string: 'SET'}}, ",
    );
    let two = two.replace("SET", &super::jwks());
    let report = play(&(two + &log), "{}");
    assert_eq!(report.access_log, ["-"]);
}

#[test]
fn a_guest_reads_the_claims_in_dynamic_metadata() {
    let claim = "metadata\\0filter_metadata\\0envoy.filters.http.jwt_authn\\0pay\\0";
    let script = format!("prop_raw {claim}sub; prop_raw {claim}n; prop_raw {claim}none");
    let guest = guest(&[("on_request_headers", &script)]);
    let native = format!(
        "  - {{name: j, typed_config: {{{}, providers: {{p: {}}}, rules: [{{match: {{prefix: /}}, requires: {{provider_name: p}}}}]}}}}",
        of("jwt_authn.v3.JwtAuthentication"),
        provider(", payload_in_metadata: pay"),
    );
    let text = lab(&[("f", &guest)], "", "")
        .replace("  http_filters:\n", &format!("  http_filters:\n{native}\n"));
    let request = bearing(&token(r#""sub":"ann","n":1"#));
    let text = format!("{text}scenarios: [{{name: s, traffic: [{{request: {request}}}]}}]\n");
    let report = run_one(&text);
    // A number is a double, whose bits a reader of whole numbers shows.
    assert_eq!(
        outcomes(&report, "proxy_get_property"),
        [
            r#"Ok {"bytes":"ann"}"#,
            r#"Ok {"int":4607182418800017408}"#,
            "NotFound",
        ]
    );
}

#[test]
fn rbac_can_ask_for_a_claim_that_jwt_authn_has_found() {
    let rule = |value: &str| {
        format!(
            "{{metadata: {{filter: envoy.filters.http.jwt_authn, path: [{{key: pay}}, {{key: role}}], value: {value}}}}}"
        )
    };
    for (value, claims, passes) in [
        ("{string_match: {exact: admin}}", r#""role":"admin""#, true),
        ("{string_match: {exact: admin}}", r#""role":"user""#, false),
        ("{string_match: {exact: admin}}", "", false),
        (
            "{list_match: {one_of: {string_match: {prefix: ad}}}}",
            r#""role":["x","admin"]"#,
            true,
        ),
        (
            "{list_match: {one_of: {string_match: {prefix: ad}}}}",
            r#""role":"admin""#,
            false,
        ),
        ("{present_match: true}", r#""role":1"#, true),
        ("{double_match: {exact: 2}}", r#""role":2"#, true),
        (
            "{double_match: {range: {start: 1, end: 2}}}",
            r#""role":2"#,
            false,
        ),
        ("{bool_match: true}", r#""role":true"#, true),
        ("{null_match: {}}", r#""role":null"#, true),
        (
            "{or_match: {value_matchers: [{bool_match: true}, {present_match: true}]}}",
            r#""role":0"#,
            true,
        ),
    ] {
        let envoy = format!(
            "  http_filters:\n  - {{name: j, typed_config: {{{}, providers: {{p: {}}}, rules: [{{match: {{prefix: /}}, requires: {{provider_name: p}}}}]}}}}\n  - {{name: r, typed_config: {{{}, rules: {{policies: {{a: {{permissions: [{{any: true}}], principals: [{}]}}}}}}}}}}\n",
            of("jwt_authn.v3.JwtAuthentication"),
            provider(", payload_in_metadata: pay"),
            of("rbac.v3.RBAC"),
            rule(value),
        );
        let report = play(&envoy, &bearing(&token(claims)));
        assert_eq!(
            answer(&report).ends_with(PASSES),
            passes,
            "{value} {claims}"
        );
    }
}
