//! A run as Envoy's admin interface and its log show it, held against what Envoy 1.39 printed.
//!
//! `traces/stats.txt` and `traces/stats.prom` are one Envoy's `/stats` and `/stats/prometheus`.

use crate::support::{root, samples};
use proxy_wasm_tour::export::{Disk, View, admin, envoy_log, stats_prometheus, stats_text};
use proxy_wasm_tour::lab::{Contents, RunOptions, parse, read_wasm_log, resolve, run};
use proxy_wasm_tour::model::Histogram;
use proxy_wasm_tour::model::lab::Lab;
use proxy_wasm_tour::model::report::ScenarioReport;

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

fn stats(text: &str) -> ScenarioReport {
    let pairs = text.lines().filter_map(|line| line.split_once(": "));
    let stats = pairs.map(|(name, value)| (name.to_owned(), value.parse().unwrap()));
    ScenarioReport {
        stats: stats.collect(),
        ..ScenarioReport::default()
    }
}

#[test]
fn stats_are_printed_as_an_envoy_prints_its_own() {
    let recorded_stats = recorded("stats.txt");
    let stats = stats(&recorded_stats);
    assert!(stats.stats.len() > 150);
    assert_eq!(stats_text(&stats), recorded_stats);
    assert_eq!(stats_prometheus(&stats), recorded("stats.prom"));
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
        let text = stats_prometheus(&stats(&format!("{stat}: 3")));
        let line = text.lines().find(|line| !line.starts_with('#'));
        assert_eq!(line.unwrap_or(""), metric, "{stat}");
    }
}

/// A report with one histogram `h1` of these values.
fn histogram(name: &str, values: &[u64]) -> ScenarioReport {
    let mut histogram = Histogram::default();
    values.iter().for_each(|value| histogram.record(*value));
    ScenarioReport {
        histograms: [(name.to_owned(), histogram)].into(),
        ..ScenarioReport::default()
    }
}

#[test]
fn a_histogram_has_envoys_quantiles() {
    // The first is of Envoy's own test of this page, the second of its documentation.
    for (values, line) in [
        (
            &[200, 300, 300][..],
            "P0(200,200) P25(207.5,207.5) P50(302.5,302.5) P75(306.25,306.25) P90(308.5,308.5) P95(309.25,309.25) P99(309.85,309.85) P99.5(309.925,309.925) P99.9(309.985,309.985) P100(310,310)",
        ),
        (
            &[2, 3, 17],
            "P0(2,2) P25(2.075,2.075) P50(3.05,3.05) P75(17.25,17.25) P90(17.7,17.7) P95(17.85,17.85) P99(17.97,17.97) P99.5(17.985,17.985) P99.9(17.997,17.997) P100(18,18)",
        ),
        (
            &[0],
            "P0(0,0) P25(0,0) P50(0,0) P75(0,0) P90(0,0) P95(0,0) P99(0,0) P99.5(0,0) P99.9(0,0) P100(0,0)",
        ),
        (&[], "No recorded values"),
    ] {
        let text = stats_text(&histogram("h1", values));
        assert_eq!(text, format!("h1: {line}\n"));
    }
}

#[test]
fn a_histogram_has_envoys_buckets_with_bins_that_lie_wholly_within() {
    let values = [1, 100, 100, 1000, 3_600_000];
    let text = stats_prometheus(&histogram("cluster.v1.upstream_rq_time", &values));
    let name = "envoy_cluster_upstream_rq_time";
    let tag = r#"envoy_cluster_name="v1""#;
    let mut expected = format!("# TYPE {name} histogram\n");
    for (end, count) in [
        ("0.5", 0),
        ("1", 0),
        ("5", 1),
        ("10", 1),
        ("25", 1),
        ("50", 1),
        ("100", 1),
        ("250", 3),
        ("500", 3),
        ("1000", 3),
        ("2500", 4),
        ("5000", 4),
        ("10000", 4),
        ("30000", 4),
        ("60000", 4),
        ("300000", 4),
        ("600000", 4),
        ("1800000", 4),
        ("3600000", 4),
        ("+Inf", 5),
    ] {
        expected += &format!("{name}_bucket{{{tag},le=\"{end}\"}} {count}\n");
    }
    // Each value counts as its bin's middle: 1.05, 105, 105, 1050 and 3650000.
    expected += &format!("{name}_sum{{{tag}}} 3651261.05\n{name}_count{{{tag}}} 5\n");
    assert_eq!(text, expected);
}

#[test]
fn a_plugins_gauge_is_one_whatever_its_name_ends_with() {
    let report = ScenarioReport {
        stats: [("wasmcustom.hits_open", 1), ("wasmcustom.level", 2)]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        gauges: vec!["wasmcustom.level".to_owned()],
        ..ScenarioReport::default()
    };
    let expected = "# TYPE hits_open counter\nhits_open{} 1\n# TYPE level gauge\nlevel{} 2\n";
    assert_eq!(stats_prometheus(&report), expected);
}

#[test]
fn each_stat_that_the_simulator_keeps_has_a_name_of_envoys_tables() {
    const HTTP: &str = "downstream_cx_total downstream_cx_active downstream_rq_total \
        downstream_rq_completed downstream_rq_Nxx downstream_rq_rx_reset downstream_rq_tx_reset \
        downstream_rq_too_large downstream_rq_timeout downstream_rq_idle_timeout rs_too_large \
        no_route no_cluster rq_total rq_redirect rq_direct_response \
        rq_reset_after_downstream_response_started downstream_rq_time";
    const CLUSTER: &str = "upstream_cx_total upstream_cx_active upstream_cx_connect_fail \
        upstream_cx_connect_timeout upstream_cx_none_healthy upstream_cx_rx_bytes_total \
        upstream_cx_tx_bytes_total upstream_cx_protocol_error upstream_rq_total \
        upstream_rq_completed upstream_rq_Nxx upstream_rq_NNN upstream_rq_pending_overflow \
        upstream_rq_cancelled upstream_rq_timeout upstream_rq_per_try_timeout upstream_rq_retry \
        upstream_rq_retry_success upstream_rq_retry_limit_exceeded upstream_rq_retry_overflow \
        upstream_rq_rx_reset upstream_rq_tx_reset upstream_rq_maintenance_mode \
        upstream_rq_time";
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
            .flat_map(|scenario| scenario.stats.keys().chain(scenario.histograms.keys()))
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
    let (lab, contents, scenarios) = lab("tests/it/labs/bootstrap.yaml");
    let view = |view| admin(&lab, &contents, view, &scenarios[0]).unwrap();
    assert_eq!(view(View::Listeners), "ingress::0.0.0.0:10000\n");
    let clusters = view(View::Clusters);
    for line in [
        "web::observability_name::web",
        "web::default_priority::max_requests::1024",
        "web::high_priority::max_retries::3",
        "web::added_via_api::false",
        "web::web:80::rq_active::0",
        "web::web:80::rq_total::2",
        "web::web:80::rq_timeout::1",
        "auth::127.0.0.1:9000::rq_success::1",
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
