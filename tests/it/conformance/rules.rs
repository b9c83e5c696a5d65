//! The tables of Envoy's rules in `tests/README.md`: each row is proved, refused, or says why not.

use crate::lab_run::refused;
use crate::support::root;

/// The rows of the section: rule and proof.
fn rows() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("tests/README.md")).unwrap();
    let (_, section) = text.split_once("\n## Envoy's rules, one by one\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let tables = section.split("\n### ").skip(1);
    let lines = tables.flat_map(|table| table.lines().filter(|line| line.starts_with("| ")));
    lines
        .filter(|line| !line.starts_with("| rule |") && !line.starts_with("| --- |"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 2, "{line}");
            (cells[0].to_owned(), cells[1].to_owned())
        })
        .collect()
}

fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_rule_is_proved_refused_or_left_out_with_a_reason() {
    let rows = rows();
    assert!(rows.len() > 80, "the tables are gone");
    let mut left_out = 0;
    for (rule, proof) in &rows {
        if let Some(why) = proof.strip_prefix("left out: ") {
            left_out += 1;
            assert!(why.len() > 20, "{rule}: why?");
        } else if let Some(fields) = proof.strip_prefix("refused: ") {
            assert!(quoted(fields).count() > 0, "{rule}");
            assert!(quoted(fields).all(|word| !word.contains("::")), "{rule}");
        } else {
            assert!(quoted(proof).count() > 0, "{rule}: {proof}");
            // That the tests are there is proved for the whole file in `table.rs`.
            assert!(quoted(proof).all(|word| word.contains("::")), "{rule}");
        }
    }
    assert!(left_out <= 8, "{left_out} rules left out are an excuse");
}

#[test]
fn what_is_not_simulated_is_refused_with_line_and_column() {
    let rows = rows();
    let refusals = rows
        .iter()
        .filter_map(|(_, proof)| proof.strip_prefix("refused: "));
    let fields: Vec<&str> = refusals.flat_map(quoted).collect();
    assert!(fields.len() > 30);
    for place in fields {
        let (scope, field) = place.split_once('.').unwrap();
        let problem = refused(&bootstrap(scope, field));
        let (at, message) = problem.split_once(": ").unwrap();
        let numbers: Vec<&str> = at.split(':').collect();
        assert!(
            numbers.len() == 3 && numbers[1..].iter().all(|n| n.parse::<u32>().is_ok()),
            "{place}: {problem}"
        );
        assert!(
            message.contains(&format!("`{field}`")) && message.contains("is not simulated"),
            "{place}: {problem}"
        );
    }
}

/// A configuration with one more field somewhere.
fn bootstrap(scope: &str, field: &str) -> String {
    at(scope, &format!("{field}: {{}}, "))
}

/// What the types of filters begin with.
pub(super) const TYPES: &str = "type.googleapis.com/envoy.extensions.filters";

/// A lab whose whole configuration says more in one place: keys or entries, with a comma behind each.
pub(super) fn at(scope: &str, text: &str) -> String {
    let scopes = [
        "bootstrap",
        "listener",
        "listeners",
        "manager",
        "filter",
        "filters",
        "all_routes",
        "host",
        "routes",
        "route",
        "action",
        "cluster",
    ];
    assert!(scopes.contains(&scope), "{scope}");
    let [
        bootstrap,
        listener,
        listeners,
        manager,
        filter,
        filters,
        all_routes,
        host,
        routes,
        route,
        action,
        cluster,
    ] = scopes.map(|here| if here == scope { text } else { "" });
    format!(
        r#"name: t
envoy:
  {{ {bootstrap}static_resources: {{ listeners: [{listeners}
    {{ {listener}name: l, filter_chains: [{{ filters: [{{ name: m, typed_config: {{
      "@type": {TYPES}.network.http_connection_manager.v3.HttpConnectionManager,
      {manager}stat_prefix: i,
      http_filters: [ {filters}
        {{ {filter}name: r, typed_config: {{"@type": {TYPES}.http.router.v3.Router}} }} ],
      route_config: {{ {all_routes}virtual_hosts: [
        {{ {host}name: v, domains: ["*"], routes: [ {routes}
          {{ {route}match: {{prefix: /}}, route: {{ {action}cluster: web }} }} ] }} ] }} }} }} ] }} ] }} ],
    clusters: [{{ {cluster}name: web }}] }} }}
scenarios: [{{name: s, traffic: [{{request: {{}}}}]}}]
"#
    )
}
