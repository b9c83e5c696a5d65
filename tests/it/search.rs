//! What somebody types, and the page that must come first. The ranking is the page's own script,
//! run here by Node.js on the index of the real course.

use crate::support::samples;
use proxy_wasm_tour::course::{Book, manuals};
use proxy_wasm_tour::export::{content, reference, search};
use std::path::Path;
use std::process::Command;

/// Thirty questions of thirty visitors.
const QUERIES: [(&str, &str); 32] = [
    ("effective", "/reference/glossary/#effective-context"),
    ("hang", "/reference/messages/#my-request-hangs"),
    ("my request hangs", "/reference/messages/#my-request-hangs"),
    ("503", "/reference/messages/#my-request-gets-503"),
    ("413", "/reference/messages/#my-request-gets-413"),
    ("add header", "/learn/first-http-filters/add-a-header/"),
    (
        "a request through a proxy",
        "/learn/start/a-request-through-a-proxy/",
    ),
    (
        "proxy_get_property",
        "/reference/host-calls/#proxy_get_property",
    ),
    ("get_property", "/reference/host-calls/#proxy_get_property"),
    ("proxy_on_tick", "/reference/callbacks/#proxy_on_tick"),
    ("on_log", "/reference/callbacks/#proxy_on_log"),
    (
        "send_local_response",
        "/reference/host-calls/#proxy_send_local_response",
    ),
    ("CasMismatch", "/reference/messages/#casmismatch"),
    (
        "unreachable",
        "/reference/messages/#uncaught-runtimeerror-unreachable",
    ),
    (
        "missing import",
        "/reference/messages/#failed-to-load-wasm-module-due-to-a-missing-import",
    ),
    (
        "unknown abi version",
        "/reference/messages/#missing-or-unknown-proxy-wasm-abi-version",
    ),
    (
        "callback is never called",
        "/reference/messages/#my-callback-is-never-called",
    ),
    ("BadArgument", "/reference/status-codes/#BadArgument"),
    ("request.path", "/reference/properties/#of-the-request"),
    (
        "response code details",
        "/reference/properties/#of-the-response",
    ),
    (
        "clear_route_cache",
        "/reference/foreign-functions/#clearroutecache",
    ),
    ("compress", "/reference/foreign-functions/#compress"),
    ("root context", "/reference/glossary/#root-context"),
    ("watermark", "/reference/glossary/#watermark"),
    ("fail open", "/reference/glossary/#fail-open"),
    ("kong", "/reference/hosts/#kong"),
    ("fd_write", "/reference/wasi/#fd_write"),
    ("MapType", "/reference/enums/#MapType"),
    ("retry_on", "/reference/config/#forwarding-and-retries"),
    (
        "lua or wasm",
        "/reference/faq/#should-i-use-lua-wasm-or-a-native-filter",
    ),
    ("glosary", "/reference/glossary/"),
    ("upstream_rq_total", "/reference/stats/#of-a-cluster"),
];

#[test]
fn what_is_typed_finds_the_right_page_first() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let content = content::read(&root.join("content")).expect("content");
    let book = Book::read(&content, "en");
    let manuals = manuals(&content, &book, "en").expect("reference texts");
    let samples = |name: &str| {
        std::fs::read(samples().join(format!("{name}.wasm"))).map_err(|e| e.to_string())
    };
    let examples = reference::examples(&content, &samples).expect("labs");
    let pages = reference::pages(&book, &manuals, &examples).expect("pages");
    let index = Path::new(env!("CARGO_TARGET_TMPDIR")).join("search.json");
    std::fs::write(&index, search::index(&content, &book, &pages)).expect("writes");
    let queries: Vec<&str> = QUERIES.iter().map(|(query, _)| *query).collect();
    let script = "
        const { readFileSync } = await import('node:fs');
        const text = path => readFileSync(path, 'utf8');
        const [rank, index, queries] = process.argv.slice(1);
        const made = await import('data:text/javascript,' + encodeURIComponent(text(rank)));
        const entries = made.read(JSON.parse(text(index)));
        const first = query => made.rank(entries, query).slice(0, 3).map(entry => entry.path);
        console.log(JSON.stringify(JSON.parse(queries).map(first)));";
    let output = Command::new("node")
        .args(["--input-type=module", "-e", script])
        .arg(root.join("src/vendor/kit/rank.js"))
        .arg(&index)
        .arg(serde_json::to_string(&queries).expect("JSON"))
        .output()
        .expect("Node.js runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let found: Vec<Vec<String>> = serde_json::from_slice(&output.stdout).expect("a list");
    let wrong: Vec<String> = QUERIES
        .iter()
        .zip(&found)
        .filter(|((_, want), found)| found.first().map(String::as_str) != Some(*want))
        .map(|((query, want), found)| format!("{query}: want {want}, found {found:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
