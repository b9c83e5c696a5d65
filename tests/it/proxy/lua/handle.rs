//! Methods of the stream handle and its objects.

use super::*;
use proxy_wasm_tour::model::Bytes;

/// Rows: what a script does with `h`, and what it prints.
fn check(request: &str, rows: &[(&str, &str)]) {
    for (body, expected) in rows {
        assert_eq!(says_of(body, request), *expected, "{body}");
    }
}

/// Rows whose script fails with a message.
fn fails(request: &str, rows: &[(&str, &str)]) {
    for (body, expected) in rows {
        let said = says_of(body, request);
        assert!(said.ends_with(expected), "{body}: {said}");
    }
}

#[test]
fn header_maps_read_and_change() {
    check(
        "{path: /p, headers: {x-a: [b, c]}}",
        &[
            (
                "print(h:headers():get('x-a'), h:headers():get('X-A'), h:headers():get('x-b'))",
                "b,c\tb,c\tnil",
            ),
            (
                "print(h:headers():getAtIndex('x-a', 0), h:headers():getAtIndex('x-a', 1), h:headers():getAtIndex('x-a', 2))",
                "b\tc\tnil",
            ),
            (
                "print(h:headers():getNumValues('x-a'), h:headers():getNumValues('x-b'))",
                "2\t0",
            ),
            (
                "h:headers():remove('x-a') print(h:headers():get('x-a'))",
                "nil",
            ),
            (
                "h:headers():replace('x-a', 'd') print(h:headers():get('x-a'))",
                "d",
            ),
            (
                "h:headers():replace('x-n', 'd') print(h:headers():get('x-n'))",
                "d",
            ),
            (
                "h:headers():add('x-a', 'd') print(h:headers():get('x-a'))",
                "b,c,d",
            ),
            (
                "print(h:headers():get(':path'), h:headers() == h:headers())",
                "/p\ttrue",
            ),
            (
                "for k, v in pairs(h:headers()) do if k == 'x-a' then print(k, v) end end",
                "x-a\tb\nx-a\tc",
            ),
        ],
    );
}

#[test]
fn a_header_map_is_locked_while_it_is_iterated() {
    fails(
        "{}",
        &[
            (
                "for k, v in pairs(h:headers()) do h:headers():add('x', 'y') end",
                "header map cannot be modified while iterating",
            ),
            (
                "for k in pairs(h:headers()) do pairs(h:headers()) end",
                "cannot create a second iterator before completing the first",
            ),
            (
                "for k in pairs(h:headers()) do break end h:headers():remove('x')",
                "header map cannot be modified while iterating",
            ),
        ],
    );
}

#[test]
fn logs_have_their_levels() {
    let body = "h:logTrace('a') h:logDebug('b') h:logInfo('c') h:logWarn('d') h:logErr('e') h:logCritical('f')";
    let report = play(&on_request(body), "{}");
    let mine = report.logs.iter().filter(|l| l.plugin == "f");
    let lines: Vec<String> = mine.map(|l| format!("{} {}", l.level, l.message)).collect();
    let expected = [
        "trace a",
        "debug b",
        "info c",
        "warn d",
        "error e",
        "critical f",
    ];
    let expected = expected.map(|row| row.replace(' ', " script log: "));
    assert_eq!(lines, expected);
}

#[test]
fn respond_answers_in_the_place_of_the_upstream() {
    let script = on_request("h:respond({[':status'] = '403', ['x-why'] = {'a', 'b'}}, 'no')")
        + &on_response("h:headers():add('x-also', 'me')");
    let report = play(&script, "{}");
    assert_eq!(answer(&report), r#"403 "no" - lua_response"#);
    assert_eq!(super::super::native::got(&report, "x-why"), "a|b");
    assert_eq!(super::super::native::got(&report, "x-also"), "me");
    assert!(first(&report).upstream_requests.is_empty());
    assert_eq!(steps(&report)[0], "f decode_headers StopIteration");
}

#[test]
fn respond_is_for_requests_whose_headers_wait() {
    fails(
        "{}",
        &[
            (
                "h:respond({[':status'] = 'x'})",
                ":status must be between 200-599",
            ),
            (
                "h:respond({[':status'] = 100})",
                ":status must be between 200-599",
            ),
            (
                "h:respond('x')",
                "bad argument #1 to 'respond' (table expected, got string)",
            ),
        ],
    );
    fails(
        "{method: POST, body: abc}",
        &[(
            "for c in h:bodyChunks() do h:respond({[':status'] = '200'}) end",
            "respond() cannot be called if headers have been continued",
        )],
    );
    let report = play(&on_response("h:respond({[':status'] = '200'})"), "{}");
    assert!(logged(&report).ends_with("respond not currently supported in the response path"));
}

#[test]
fn metadata_is_the_routes_under_the_filters_name() {
    let routes = "  routes: [{name: r1, match: {prefix: /}, route: {cluster: web}, metadata: {filter_metadata: {f: {k: v, n: 1.5, list: [a, true], deep: {x: y}}}}}]\n";
    let body = "local m = h:metadata() print(m:get('k'), m:get('n'), m:get('list')[2], m:get('deep').x, m:get('none')) for k in pairs(m) do print(k) end print(h:streamInfo():routeName(), h:route():metadata():get('k'), h:virtualHost():metadata():get('k'))";
    let report = play_with(&on_request(body), routes, "", &["{}"]);
    assert_eq!(
        logged(&report),
        "v\t1.5\ttrue\ty\tnil\nk\nn\nlist\ndeep\nr1\tv\tnil"
    );
}

#[test]
fn dynamic_metadata_is_set_and_read() {
    check(
        "{}",
        &[
            (
                "local d = h:streamInfo():dynamicMetadata() d:set('ns', 'k', {1, 2}) d:set('ns', 'm', {a = 'b'}) print(d:get('ns').k[2], d:get('ns').m.a, d:get('none')) for ns in pairs(d) do print(ns) end",
                "2\tb\tnil\nns",
            ),
            (
                "print(h:connectionStreamInfo():dynamicMetadata():get('x'))",
                "nil",
            ),
        ],
    );
    fails(
        "{}",
        &[(
            "h:streamInfo():dynamicMetadata():set('ns', 'k', print)",
            "unexpected type 'function' in dynamicMetadata",
        )],
    );
    let script = on_request("h:streamInfo():dynamicMetadata():set('ns', 'k', 'v')")
        + &on_response("print(h:streamInfo():dynamicMetadata():get('ns').k)");
    assert_eq!(logged(&play(&script, "{}")), "v");
}

#[test]
fn stream_info_and_connection() {
    check(
        "{}",
        &[
            (
                "local i = h:streamInfo() print(i:protocol(), i:downstreamLocalAddress(), i:downstreamDirectRemoteAddress():match('^127.0.0.1:%d+$') ~= nil)",
                "HTTP/1.1\t127.0.0.1:10000\ttrue",
            ),
            (
                "print(h:connection():ssl(), h:streamInfo():downstreamSslConnection(), h:streamInfo():requestedServerName() == '', h:streamInfo():virtualClusterName() == '')",
                "nil\tnil\ttrue\ttrue",
            ),
            ("print(h:streamInfo():filterState():get('none'))", "nil"),
        ],
    );
}

#[test]
fn what_a_route_gives_as_context_is_a_table() {
    let routes = "  routes: [{match: {prefix: /}, route: {cluster: web}, typed_per_filter_config: {f: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute, filter_context: {k: v}}}}]\n";
    let report = play_with(
        &on_request("print(h:filterContext().k)"),
        routes,
        "",
        &["{}"],
    );
    assert_eq!(logged(&report), "v");
    assert_eq!(says("print(next(h:filterContext()))"), "nil");
}

#[test]
fn time_is_the_simulators() {
    check(
        "{}",
        &[
            (
                "print(h:timestamp(), h:timestamp(EnvoyTimestampResolution.MICROSECOND), type(h:timestamp()))",
                "1767225600000\t1.7672256e+15\tnumber",
            ),
            (
                "print(h:timestampString(), h:timestampString(EnvoyTimestampResolution.MICROSECOND))",
                "1767225600000\t1767225600000000",
            ),
            ("print(os.time())", "1767225600"),
        ],
    );
    fails(
        "{}",
        &[(
            "h:timestamp('x')",
            "timestamp format must be MILLISECOND or MICROSECOND",
        )],
    );
}

#[test]
fn base64_and_signatures() {
    check(
        "{}",
        &[
            ("print(h:base64Escape('a\\0b'))", "YQBi"),
            (
                "local k = h:importPublicKey('junk', 4) print(k:get()) print(h:verifySignature('sha256', k, 'sig', 3, 'data', 4))",
                "junk\nfalse\tFailed to initialize digest verify.",
            ),
            (
                "local k = h:importPublicKey('junk', 4) print(h:verifySignature('md5', k, 'sig', 3, 'data', 4))",
                "false\tmd5 is not supported.",
            ),
        ],
    );
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let pem = include_str!("../keys/p256.pub.pem").lines();
    let der = pem
        .filter(|line| !line.starts_with('-'))
        .collect::<String>();
    let key = hex(&Bytes::from_base64(&der).expect("base64"));
    let signature = hex(include_bytes!("../keys/p256.sha256.sig"));
    let script = on_request(
        "local function bytes(hex) return (hex:gsub('..', function(c) return string.char(tonumber(c, 16)) end)) end
         local key, sig = bytes(h:headers():get('x-key')), bytes(h:headers():get('x-sig'))
         local k = h:importPublicKey(key, #key)
         print(h:verifySignature('sha256', k, sig, #sig, 'hello', 5))
         print(h:verifySignature('sha256', k, sig, #sig, 'hallo', 5))",
    );
    let report = play(
        &script,
        &format!("{{headers: {{x-key: \"{key}\", x-sig: \"{signature}\"}}}}"),
    );
    assert_eq!(
        logged(&report),
        "true\t\nfalse\tFailed to verify digest. Error code: 0"
    );
}

#[test]
fn what_is_not_simulated_says_so() {
    fails(
        "{}",
        &[
            (
                "h:setUpstreamOverrideHost('127.0.0.1:80', true)",
                "setUpstreamOverrideHost() is not simulated",
            ),
            (
                "h:streamInfo():dynamicTypedMetadata('x')",
                "dynamicTypedMetadata() is not simulated",
            ),
            (
                "h:headers():setHttp1ReasonPhrase('x')",
                "setHttp1ReasonPhrase() is not simulated",
            ),
            ("print(io.open)", "io.open is not simulated"),
        ],
    );
}

#[test]
fn clear_route_cache_is_asked_for() {
    let script = on_request("h:headers():add('x-to', 'b') h:clearRouteCache()");
    let routes = "  routes: [{match: {prefix: /, headers: [{name: x-to, string_match: {exact: b}}]}, route: {cluster: b}}, {match: {prefix: /}, route: {cluster: web}}]\n  clusters: [{name: web}, {name: b}]\n";
    let filters = format!(
        "  http_filters:\n{}{routes}",
        item(&script, "      clear_route_cache: false\n")
    );
    let report = super::super::router::play(&filters, "", "  - request: {}\n");
    assert_eq!(first(&report).upstream_requests[0].cluster, "b");
}
