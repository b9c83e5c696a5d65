//! What configurations of native filters are refused, with place and nearest name.

use super::{filter, refused, routed};

#[test]
fn a_field_that_no_filter_has_is_refused_with_its_place() {
    for (message, settings, expected) in [
        ("cors.v3.Cors", ", policy: {}", "unknown key `policy`"),
        (
            "csrf.v3.CsrfPolicy",
            ", filter_enabled: {default_value: {}}, aditional_origins: []",
            "unknown key `aditional_origins`\n  Did you mean `additional_origins`?",
        ),
        (
            "csrf.v3.CsrfPolicy",
            ", filter_enabled: {default_value: {numerator: 1, denominator: THOUSAND}}",
            "expected HUNDRED, TEN_THOUSAND or MILLION, found `THOUSAND`",
        ),
        (
            "buffer.v3.Buffer",
            "",
            "the key `max_request_bytes` is missing",
        ),
        (
            "buffer.v3.Buffer",
            ", max_request_bytes: 0",
            "expected a number of bytes above 0",
        ),
        (
            "header_mutation.v3.HeaderMutation",
            ", mutations: {request_mutations: [{}]}",
            "expected exactly one of append, remove and remove_on_match",
        ),
        (
            "header_mutation.v3.HeaderMutation",
            ", mutations: {request_mutations: [{append: {append_action: OVERWRITE, header: {key: a, value: b}}}]}",
            "expected an append action such as OVERWRITE_IF_EXISTS_OR_ADD",
        ),
        (
            "header_mutation.v3.HeaderMutation",
            ", mutations: {response_trailers_mutations: []}",
            "`response_trailers_mutations` of header mutations is not simulated",
        ),
        (
            "ext_proc.v3.ExternalProcessor",
            "",
            "the filter `envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor` is not simulated",
        ),
        (
            "oauth2.v3.OAuth2",
            "",
            "the filter `envoy.extensions.filters.http.oauth2.v3.OAuth2` is not simulated",
        ),
        (
            "corss.v3.Cors",
            "",
            "no such filter type: `envoy.extensions.filters.http.corss.v3.Cors`\n  Did you mean `type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors`?",
        ),
    ] {
        let problem = refused(&filter(message, settings));
        assert!(problem.contains(expected), "{message}{settings}: {problem}");
        assert!(problem.starts_with("lab.yaml:3:"), "{problem}");
    }
}

#[test]
fn what_a_route_says_is_checked_against_the_filter() {
    let cors = filter("cors.v3.Cors", "");
    for (message, settings, expected) in [
        (
            "buffer.v3.BufferPerRoute",
            ", disabled: true",
            "the filter `f` has no such configuration",
        ),
        (
            "cors.v3.CorsPolicy",
            ", allow_origins: ['*']",
            "unknown key `allow_origins`",
        ),
        (
            "cors.v3.CorsPolicies",
            "",
            "Did you mean `type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy`?",
        ),
    ] {
        let problem = refused(&(cors.clone() + &routed(message, settings)));
        assert!(problem.contains(expected), "{message}{settings}: {problem}");
        assert!(problem.starts_with("lab.yaml:4:"), "{problem}");
    }
    let buffer = filter("buffer.v3.Buffer", ", max_request_bytes: 8");
    for settings in ["", ", disabled: true, buffer: {max_request_bytes: 1}"] {
        let problem = refused(&(buffer.clone() + &routed("buffer.v3.BufferPerRoute", settings)));
        let expected = "expected exactly one of `disabled: true` and `buffer`";
        assert!(problem.contains(expected), "{problem}");
    }
}
