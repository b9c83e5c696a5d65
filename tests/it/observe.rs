//! A run as Envoy's admin interface and its log show it, held against what Envoy 1.39 printed.
//!
//! `traces/stats.txt` and `traces/stats.prom` are one Envoy's `/stats` and `/stats/prometheus`.

use crate::support::{root, samples};
use proxy_wasm_tour::export::{
    Disk, View, admin, envoy_log, read_wasm_log, stats_prometheus, stats_text,
};
use proxy_wasm_tour::lab::{Contents, RunOptions, parse, resolve, run};
use proxy_wasm_tour::model::lab::Lab;
use proxy_wasm_tour::model::report::ScenarioReport;
use std::collections::{BTreeMap, BTreeSet};

fn recorded(name: &str) -> String {
    std::fs::read_to_string(root().join("tests/it/traces").join(name)).unwrap()
}

fn lab(path: &str) -> (Lab, Contents, Vec<ScenarioReport>) {
    let path = root().join(path);
    let mut disk = Disk::around(&path);
    disk.samples = samples().to_owned();
    let text = std::fs::read_to_string(&path).unwrap();
    let lab = parse("lab.yaml", &text, &disk).unwrap();
    let contents = resolve(&lab, &disk).unwrap();
    let report = run(&lab, &contents, &RunOptions::default()).unwrap();
    (lab, contents, report.scenarios)
}

fn stats(text: &str) -> BTreeMap<String, u64> {
    let pairs = text.lines().filter_map(|line| line.split_once(": "));
    pairs
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

#[test]
fn stats_are_printed_as_an_envoy_prints_its_own() {
    let recorded_stats = recorded("stats.txt");
    let stats = stats(&recorded_stats);
    assert!(stats.len() > 150);
    assert_eq!(stats_text(&stats), recorded_stats);
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (ours, envoys) = (
        lines(&stats_prometheus(&stats)),
        lines(&recorded("stats.prom")),
    );
    let other: Vec<_> = ours.symmetric_difference(&envoys).collect();
    assert!(other.is_empty(), "{other:#?}");
}

#[test]
fn each_row_of_stat_names_and_tags_has_its_metric() {
    for (stat, metric) in [
        (
            "http.ingress.downstream_rq_2xx",
            r#"envoy_http_downstream_rq_xx{envoy_response_code_class="2",envoy_http_conn_manager_prefix="ingress"} 3"#,
        ),
        (
            "cluster.v1.upstream_rq_200",
            r#"envoy_cluster_upstream_rq{envoy_response_code="200",envoy_cluster_name="v1"} 3"#,
        ),
        (
            "cluster.v1.retry.upstream_rq_503",
            r#"envoy_cluster_retry_upstream_rq{envoy_response_code="503",envoy_cluster_name="v1"} 3"#,
        ),
        (
            "wasm.envoy.wasm.runtime.v8.active",
            "envoy_wasm_envoy_wasm_runtime_v8_active{} 3",
        ),
        (
            "listener.0.0.0.0_10000.worker_1.downstream_cx_total",
            r#"envoy_listener_worker_downstream_cx_total{envoy_worker_id="1",envoy_listener_address="0.0.0.0_10000"} 3"#,
        ),
        (
            "lrl.http_local_rate_limit.enforced",
            r#"envoy_http_local_rate_limit_enforced{envoy_local_http_ratelimit_prefix="lrl"} 3"#,
        ),
        (
            "tcp.t.downstream_cx_total",
            r#"envoy_tcp_downstream_cx_total{envoy_tcp_prefix="t"} 3"#,
        ),
        ("wasmcustom.my_hits", "my_hits{} 3"),
        ("wasmcustom.my-hits.b", "my_hits_b{} 3"),
        ("wasmcustom.9lives", ""),
    ] {
        let stats = BTreeMap::from([(stat.to_owned(), 3)]);
        let text = stats_prometheus(&stats);
        let line = text.lines().find(|line| !line.starts_with('#'));
        assert_eq!(line.unwrap_or(""), metric, "{stat}");
    }
}

#[test]
fn each_stat_that_the_simulator_keeps_has_a_name_of_envoys_tables() {
    const HTTP: &str = "downstream_cx_total downstream_cx_active downstream_rq_total \
        downstream_rq_completed downstream_rq_Nxx downstream_rq_rx_reset downstream_rq_tx_reset \
        downstream_rq_too_large downstream_rq_timeout downstream_rq_idle_timeout rs_too_large \
        no_route no_cluster rq_total rq_redirect rq_direct_response \
        rq_reset_after_downstream_response_started";
    const CLUSTER: &str = "upstream_cx_total upstream_cx_active upstream_cx_connect_fail \
        upstream_cx_connect_timeout upstream_cx_none_healthy upstream_cx_rx_bytes_total \
        upstream_cx_tx_bytes_total upstream_cx_protocol_error upstream_rq_total \
        upstream_rq_completed upstream_rq_Nxx upstream_rq_NNN upstream_rq_pending_overflow \
        upstream_rq_cancelled upstream_rq_timeout upstream_rq_per_try_timeout upstream_rq_retry \
        upstream_rq_retry_success upstream_rq_retry_limit_exceeded upstream_rq_retry_overflow \
        upstream_rq_rx_reset upstream_rq_tx_reset upstream_rq_maintenance_mode";
    const TCP: &str = "downstream_cx_total downstream_cx_no_route downstream_cx_rx_bytes_total \
        downstream_cx_tx_bytes_total idle_timeout";
    let mut seen = 0;
    for path in crate::labs::all() {
        let path = path
            .strip_prefix(root())
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        for name in lab(&path)
            .2
            .iter()
            .flat_map(|scenario| scenario.stats.keys())
        {
            let trees = [("http.", HTTP), ("cluster.", CLUSTER), ("tcp.", TCP)];
            let tree = trees.iter().find(|(prefix, _)| name.starts_with(prefix));
            let Some((prefix, names)) = tree else {
                continue;
            };
            let (_, rest) = name[prefix.len()..].split_once('.').unwrap();
            // What a filter counts below a prefix is in a table of its own.
            if rest.contains('.') {
                continue;
            }
            let digits = |c: char| if c.is_ascii_digit() { 'N' } else { c };
            let rest: String = rest.chars().map(digits).collect();
            assert!(
                names.split_whitespace().any(|known| known == rest),
                "{path}: {name} is in no table"
            );
            seen += 1;
        }
    }
    assert!(seen > 100, "only {seen} stats");
}

#[test]
fn the_log_has_envoys_layout_and_prefix_and_a_timeline_reads_it() {
    let (lab, _, scenarios) = lab("tests/it/labs/api-key.yaml");
    let log = envoy_log(&lab, &scenarios[0]).unwrap();
    let first = log.lines().next().unwrap();
    assert_eq!(
        first,
        "[2026-01-01 00:00:00.000][0][info][wasm] wasm log api-key api-key: 2 keys loaded"
    );
    let read = read_wasm_log(&log);
    assert_eq!(read.others, []);
    assert_eq!(read.events.len(), log.lines().count());
}

#[test]
fn admin_views_have_envoys_lines() {
    let (lab, contents, _) = lab("tests/it/labs/bootstrap.yaml");
    let view = |view| admin(&lab, &contents, view).unwrap();
    assert_eq!(view(View::Listeners), "ingress::0.0.0.0:10000\n");
    let clusters = view(View::Clusters);
    for line in [
        "web::observability_name::web",
        "web::default_priority::max_requests::1024",
        "web::high_priority::max_retries::3",
        "web::added_via_api::false",
        "web::web:80::health_flags::healthy",
        "auth::127.0.0.1:9000::weight::1",
    ] {
        assert!(
            clusters.lines().any(|have| have == line),
            "no {line} in\n{clusters}"
        );
    }
    let dump: serde_json::Value = serde_json::from_str(&view(View::ConfigDump)).unwrap();
    let configs = dump["configs"].as_array().unwrap();
    let kinds: Vec<&str> = configs
        .iter()
        .map(|c| c["@type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds.map_kinds(),
        ["Bootstrap", "Clusters", "Listeners", "Routes"]
    );
    let cluster = &configs[1]["static_clusters"][1]["cluster"];
    assert_eq!(cluster["name"], "auth");
    assert_eq!(
        cluster["connect_timeout"], "5s",
        "defaults are in force, so they show"
    );
    assert_eq!(
        configs[2]["static_listeners"][0]["listener"]["address"]["socket_address"]["port_value"],
        10000
    );
    assert_eq!(
        configs[3]["static_route_configs"][0]["last_updated"],
        "2026-01-01T00:00:00.000Z"
    );
}

trait Kinds {
    fn map_kinds(self) -> Vec<String>;
}

impl Kinds for Vec<&str> {
    /// `Bootstrap` of `type.googleapis.com/envoy.admin.v3.BootstrapConfigDump`.
    fn map_kinds(self) -> Vec<String> {
        let inner = |kind: &str| {
            let rest = kind.strip_prefix("type.googleapis.com/envoy.admin.v3.")?;
            rest.strip_suffix("ConfigDump").map(str::to_owned)
        };
        self.into_iter().filter_map(inner).collect()
    }
}
