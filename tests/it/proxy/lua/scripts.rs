//! Where scripts come from, which one runs, and what is refused.

use super::*;

fn with(settings: &str, routes: &str, rest: &str) -> ScenarioReport {
    let filters = format!(
        "  http_filters:\n  - name: f\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua\n{settings}{routes}"
    );
    super::super::router::play(&filters, rest, "  - request: {}\n")
}

const SCRIPTS: &str = "      default_source_code: {inline_string: \"function envoy_on_request(h) print('default') end\"}\n      source_codes: {other: {inline_string: \"function envoy_on_request(h) print('other') end\"}}\n";

#[test]
fn a_route_says_which_script_runs() {
    for (route, expected) in [
        ("", "default"),
        (", name: other", "other"),
        (", name: none", ""),
        (", disabled: true", ""),
        (
            ", source_code: {inline_string: \"function envoy_on_request(h) print('own') end\"}",
            "own",
        ),
    ] {
        let routes = format!(
            "  routes: [{{match: {{prefix: /}}, route: {{cluster: web}}, typed_per_filter_config: {{f: {{\"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute{route}}}}}}}]\n"
        );
        let report = with(SCRIPTS, &routes, "");
        assert_eq!(logged(&report), expected, "{route}");
    }
}

#[test]
fn a_script_may_stand_in_a_file_or_in_the_older_field() {
    let file =
        "files: {/etc/envoy/f.lua: {text: \"function envoy_on_request(h) print('file') end\"}}";
    let report = with(
        "      default_source_code: {filename: /etc/envoy/f.lua}\n",
        "",
        file,
    );
    assert_eq!(logged(&report), "file");
    let report = with(
        "      inline_code: \"function envoy_on_request(h) print('old') end\"\n",
        "",
        "",
    );
    assert_eq!(logged(&report), "old");
}

#[test]
fn without_a_default_nothing_runs() {
    assert_eq!(
        counters(&with("      stat_prefix: x\n", "", ""), "lua."),
        ""
    );
}

#[test]
fn a_script_that_does_not_parse_is_refused_at_its_line() {
    let problem = refused(
        "      default_source_code:\n        inline_string: |\n          local x = 1\n          function envoy_on_request(h\n            x = 2\n          end\n",
    );
    assert!(problem.starts_with("lab.yaml:11:11: script load error: [string \"local x = 1...\"]:3: ')' expected near 'x'"), "{problem}");
    let problem = refused(
        "      default_source_code:\n        inline_string: |\n          local x\n          error('at load')\n",
    );
    assert!(
        problem
            .starts_with("lab.yaml:10:11: script load error: [string \"local x...\"]:2: at load"),
        "{problem}"
    );
    let problem = refused("      default_source_code:\n        inline_string: while true do end\n");
    assert!(problem.contains("limit of instructions"), "{problem}");
}

#[test]
fn what_cannot_be_configured_is_refused() {
    for (settings, expected) in [
        (
            "      default_source_code: {filename: /none.lua}\n",
            "there is no file `/none.lua`",
        ),
        (
            "      default_source_code: {}\n",
            "the script has no source",
        ),
        (
            "      default_source_code: {inline_bytes: eA==}\n",
            "`inline_bytes` of a script is not simulated",
        ),
        (
            "      inline_code: x = 1\n      default_source_code: {inline_string: x = 1}\n",
            "Only one of `inline_code` or `default_source_code` can be set",
        ),
        ("      default_source: {}\n", "default_source"),
        ("      clear_route_cache: maybe\n", "expected true or false"),
    ] {
        let problem = refused(settings);
        assert!(problem.contains(expected), "{settings}: {problem}");
        assert!(problem.starts_with("lab.yaml:"), "{problem}");
    }
    for (route, expected) in [
        (", disabled: false", "expected true"),
        (
            ", disabled: true, name: x",
            "a second one of disabled, name and source_code",
        ),
        (", other: 1", "other"),
    ] {
        let routes = format!(
            "  http_filters:\n{}  routes: [{{match: {{prefix: /}}, route: {{cluster: web}}, typed_per_filter_config: {{f: {{\"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute{route}}}}}}}]\n",
            item("x = 1", "")
        );
        let problem = super::super::native::refused(&routes);
        assert!(problem.contains(expected), "{route}: {problem}");
    }
}

#[test]
fn an_edited_script_has_errors_at_its_own_line() {
    let lab = "name: t\nenvoy:\n  http_filters:\n  - name: f\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua\n";
    let source = "-- one\nfunction envoy_on_request(h)\n  h:headers(:add('x')\nend\n";
    for end in [
        "      default_source_code: {inline_string: {edit: filter.lua}}\n",
        "      default_source_code: {filename: /f.lua}\nfiles: {/f.lua: {text: {edit: filter.lua}}}\n",
    ] {
        let problem = crate::lab_run::refused_with(&format!("{lab}{end}"), "filter.lua", source);
        assert!(problem.starts_with("filter.lua:3:1: script load error: [string \"-- one...\"]:3: unexpected symbol near ':'"), "{problem}");
    }
}
