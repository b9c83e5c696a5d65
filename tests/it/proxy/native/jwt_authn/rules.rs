//! Which requests need whose token.

use super::{PASSES, bearing, jwks, jwt, one, play, provider, token, token_of};
use crate::proxy::native::{answer, counters, refused, routed};

/// Rows: the requirement, the request, the answer's end.
#[test]
fn requirements_of_any_all_and_none() {
    let second = "{issuer: 'https://two', from_headers: [{name: x-two}], local_jwks: {inline_string: 'JWKS'}}".replace("JWKS", &jwks());
    let with = |requires: &str| {
        jwt(&format!(
            ", providers: {{p: {}, q: {second}}}, rules: [{{match: {{prefix: /}}, requires: {requires}}}]",
            provider("")
        ))
    };
    let (p, q) = ("{provider_name: p}", "{provider_name: q}");
    let any = |more: &str| format!("{{requires_any: {{requirements: [{p}, {q}{more}]}}}}");
    let all = format!("{{requires_all: {{requirements: [{p}, {q}]}}}}");
    let good = token("");
    let two = token_of(r#"{"alg":"HS256"}"#, r#"{"iss":"https://two"}"#);
    let first = bearing(&good);
    let other = format!("{{headers: {{x-two: '{two}'}}}}");
    let both = format!("{{headers: {{authorization: 'Bearer {good}', x-two: '{two}'}}}}");
    let bad = bearing("bad");
    for (requires, request, expected) in [
        (any(""), &first, PASSES),
        (any(""), &other, PASSES),
        (any(""), &"{}".to_owned(), "Jwt_is_missing}"),
        // An error that says more than that a token is missing.
        (any(""), &bad, "two_dots_and_3_sections}"),
        (any(", {allow_missing: {}}"), &"{}".to_owned(), PASSES),
        (
            any(", {allow_missing: {}}"),
            &bad,
            "two_dots_and_3_sections}",
        ),
        (any(", {allow_missing_or_failed: {}}"), &bad, PASSES),
        (all.clone(), &first, "Jwt_is_missing}"),
        (all, &both, PASSES),
        ("{allow_missing: {}}".to_owned(), &"{}".to_owned(), PASSES),
        ("{allow_missing: {}}".to_owned(), &first, PASSES),
        (
            "{allow_missing: {}}".to_owned(),
            &bad,
            "two_dots_and_3_sections}",
        ),
        (
            "{allow_missing: {}}".to_owned(),
            &bearing(&two),
            "Jwt_issuer_is_not_configured}",
        ),
        ("{allow_missing_or_failed: {}}".to_owned(), &bad, PASSES),
        ("{}".to_owned(), &bad, PASSES),
    ] {
        let report = play(&with(&requires), request);
        assert!(
            answer(&report).ends_with(expected),
            "{requires} {request}: {}",
            answer(&report)
        );
    }
}

#[test]
fn the_first_rule_that_fits_holds_and_without_one_all_pass() {
    let envoy = jwt(&format!(
        ", providers: {{p: {}}}, requirement_map: {{r: {{provider_name: p}}}}, rules: [{{match: {{prefix: /open}}}}, {{match: {{prefix: /, headers: [{{name: x-a}}]}}, requirement_name: r}}]",
        provider("")
    ));
    for (request, passes) in [
        ("{path: /open, headers: {x-a: b}}", true),
        ("{path: /, headers: {x-a: b}}", false),
        ("{path: /}", true),
    ] {
        let report = play(&envoy, request);
        assert_eq!(answer(&report).ends_with(PASSES), passes, "{request}");
    }
}

#[test]
fn a_preflight_passes_only_where_it_is_let() {
    let preflight =
        "{method: OPTIONS, headers: {origin: 'https://a', access-control-request-method: GET}}";
    let report = play(&one(""), preflight);
    assert!(answer(&report).starts_with("401"));
    let bypass = one("").replace(", rules:", ", bypass_cors_preflight: true, rules:");
    let report = play(&bypass, preflight);
    assert!(answer(&report).ends_with(PASSES));
    assert_eq!(
        counters(&report, "jwt_authn"),
        "jwt_authn.allowed=1 jwt_authn.cors_preflight_bypassed=1"
    );
}

#[test]
fn a_route_names_a_requirement_or_wants_none() {
    let envoy = jwt(&format!(
        ", providers: {{p: {}}}, requirement_map: {{b: {{}}, a: {{provider_name: p}}}}, rules: [{{match: {{prefix: /}}, requires: {{provider_name: p}}}}]",
        provider("")
    ));
    for (route, expected) in [
        (", disabled: true", "via_upstream"),
        (", requirement_name: b", "via_upstream"),
        (", requirement_name: a", "{Jwt_is_missing}"),
    ] {
        let route = routed("jwt_authn.v3.PerRouteConfig", route);
        let report = play(&(envoy.clone() + &route), "{}");
        assert!(answer(&report).ends_with(expected), "{route}");
    }
    let route = routed("jwt_authn.v3.PerRouteConfig", ", requirement_name: c");
    let report = play(&(envoy + &route), "{}");
    assert_eq!(
        answer(&report),
        "403 \"Failed JWT authentication: Wrong requirement_name: c. It should be one of [a,b]\" - jwt_authn_access_denied{Wrong_requirement_name:_c._It_should_be_one_of_[a,b]}"
    );
}

#[test]
fn what_cannot_be_asked_or_is_not_simulated_is_refused() {
    let inline = |set: &str| {
        jwt(&format!(
            ", providers: {{p: {{local_jwks: {{inline_string: '{set}'}}}}}}"
        ))
    };
    let rule = |requires: &str| {
        jwt(&format!(
            ", providers: {{p: {}}}, rules: [{{match: {{prefix: /}}, requires: {requires}}}]",
            provider("")
        ))
    };
    for (envoy, expected) in [
        (
            jwt(", providers: {p: {remote_jwks: {http_uri: {}}}}"),
            "`remote_jwks` of a JWT provider is not simulated",
        ),
        (
            jwt(", providers: {p: {issuer: x}}"),
            "the key `local_jwks` is missing",
        ),
        (
            one(", subjects: {exact: a}"),
            "`subjects` of a JWT provider is not simulated",
        ),
        (
            inline(r#"{"keys":[{"kty":"OKP"}]}"#),
            "an Ed25519 key is not simulated",
        ),
        (
            inline(r#"{"keys":[{"kty":"EC","crv":"P-384"}]}"#),
            "a key on P-384 or P-521 is not simulated",
        ),
        (
            inline(r#"{"a":"-----BEGIN CERTIFICATE-----"}"#),
            "a key set of certificates is not simulated",
        ),
        (
            rule("{provider_name: q}"),
            "Required provider ['q'] is not configured.",
        ),
        (
            rule("{provider_name: p, allow_missing: {}}"),
            "expected one kind of requirement",
        ),
        (
            rule("{requires_any: {requirements: [{}]}}"),
            "expected two requirements or more",
        ),
        (
            jwt(", rules: [{match: {prefix: /}, requirement_name: x}]"),
            "Wrong requirement_name: x. It should be one of []",
        ),
        (
            jwt(", filter_state_rules: {name: x}"),
            "`filter_state_rules` of jwt_authn is not simulated",
        ),
    ] {
        let problem = refused(&envoy);
        assert!(problem.contains(expected), "{problem}");
    }
}
