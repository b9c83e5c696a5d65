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
fn what_a_route_gives_as_context_is_read_like_metadata() {
    let routes = "  routes: [{match: {prefix: /}, route: {cluster: web}, typed_per_filter_config: {f: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute, filter_context: {k: v}}}}]\n";
    let report = play_with(
        &on_request(
            "local c = h:filterContext() print(c:get('k'), c:get('none'), c.k) for k, v in pairs(c) do print(k, v) end",
        ),
        routes,
        "",
        &["{}"],
    );
    assert_eq!(logged(&report), "v\tnil\tnil\nk\tv");
    assert_eq!(says("print(h:filterContext():get('k'))"), "nil");
}

#[test]
fn time_is_the_simulators() {
    check(
        "{}",
        &[
            (
                "print(h:timestamp(), h:timestamp(EnvoyTimestampResolution.MILLISECOND), type(h:timestamp()))",
                "1767225600000\t1767225600000\tnumber",
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
        &[
            ("h:timestamp('x')", "timestamp format must be MILLISECOND."),
            (
                "h:timestamp(EnvoyTimestampResolution.MICROSECOND)",
                "timestamp format must be MILLISECOND.",
            ),
            (
                "h:timestampString('x')",
                "timestamp format must be MILLISECOND or MICROSECOND.",
            ),
        ],
    );
}

#[test]
fn base64_and_signatures() {
    check(
        "{}",
        &[
            ("print(h:base64Escape('a\\0b'))", "YQBi"),
            // What is no key is an object without one.
            ("print(h:importPublicKey('junk', 4):get())", "nil"),
        ],
    );
    fails(
        "{}",
        &[
            (
                "h:verifySignature('sha256', h:importPublicKey('junk', 4), 's', 1, 'd', 1)",
                "bad argument #2 to 'verifySignature' (string expected, got userdata)",
            ),
            (
                "h:verifySignature('sha256', 'junk', 's', 1, 'd', 1)",
                "invalid public key",
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
         local k = h:importPublicKey(key, #key):get()
         print(h:verifySignature('sha256', k, sig, #sig, 'hello', 5))
         print(h:verifySignature('sha256', k, sig, #sig, 'hallo', 5))
         print(h:verifySignature('md5', k, sig, #sig, 'hello', 5))
         print(h:importPublicKey('junk', 4):get() == k)",
    );
    let report = play(
        &script,
        &format!("{{headers: {{x-key: \"{key}\", x-sig: \"{signature}\"}}}}"),
    );
    assert_eq!(
        logged(&report),
        "true\tnil\nfalse\tFailed to verify digest. Error code: 0\nfalse\tmd5 is not supported.\ntrue"
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

#[test]
fn iterators_of_metadata_lock_it_as_well() {
    fails(
        "{}",
        &[
            (
                "local d = h:streamInfo():dynamicMetadata() d:set('a', 'k', 1) for k in pairs(d) do pairs(d) end",
                "cannot create a second iterator before completing the first",
            ),
            (
                "local d = h:streamInfo():dynamicMetadata() d:set('a', 'k', 1) for k in pairs(d) do d:set('b', 'k', 1) end",
                "dynamic metadata map cannot be modified while iterating",
            ),
        ],
    );
}

/// Rows: hosts of the cluster, the call, what the access log says of the two requests that follow.
#[test]
fn an_override_host_comes_before_the_load_balancer() {
    let log =
        super::super::bootstrap::access_log("%UPSTREAM_HOST% %RESPONSE_CODE%%RESPONSE_FLAGS%");
    let endpoint = |port| {
        format!(
            "{{endpoint: {{address: {{socket_address: {{address: 10.0.0.1, port_value: {port}}}}}}}}}"
        )
    };
    let hosts = format!(
        "  clusters: [{{name: web, load_assignment: {{cluster_name: web, endpoints: [{{lb_endpoints: [{}, {}]}}]}}}}]\n",
        endpoint(1),
        endpoint(2)
    );
    let envoy = format!("  {log}\n{hosts}");
    for (call, expected) in [
        ("", ["10.0.0.1:1 200-", "10.0.0.1:2 200-"]),
        (
            "h:setUpstreamOverrideHost('10.0.0.1:2')",
            ["10.0.0.1:2 200-"; 2],
        ),
        (
            "h:setUpstreamOverrideHost('10.0.0.1:2', true)",
            ["10.0.0.1:2 200-"; 2],
        ),
        // Without a port it is no host of the cluster.
        (
            "h:setUpstreamOverrideHost('10.0.0.1')",
            ["10.0.0.1:1 200-", "10.0.0.1:2 200-"],
        ),
        (
            "h:setUpstreamOverrideHost('10.0.0.9:1', false)",
            ["10.0.0.1:1 200-", "10.0.0.1:2 200-"],
        ),
        (
            "h:setUpstreamOverrideHost('10.0.0.9:1', true)",
            ["- 503UH"; 2],
        ),
        ("h:setUpstreamOverrideHost('[::1]:1', true)", ["- 503UH"; 2]),
    ] {
        let report = play_with(&on_request(call), &envoy, "", &["{}", "{}"]);
        assert_eq!(report.access_log, expected, "{call}");
    }
    fails(
        "{}",
        &[
            (
                "h:setUpstreamOverrideHost('web:80')",
                "host is not a valid IP address",
            ),
            (
                "h:setUpstreamOverrideHost('10.0.0.1', 1)",
                "bad argument #2 to 'setUpstreamOverrideHost' (boolean expected, got number)",
            ),
        ],
    );
    let report = play(
        &on_response("h:setUpstreamOverrideHost('10.0.0.9:1', true)"),
        "{}",
    );
    assert_eq!(logged(&report), "");
}

#[test]
fn an_object_does_not_outlive_a_wait_of_its_script() {
    let post = "{method: POST, body: abcdef, chunks: [3, 3]}";
    let gone = "object used outside of proper scope";
    fails(
        post,
        &[
            ("local m = h:headers() h:body() m:add('x', 'y')", gone),
            ("local m = h:metadata() h:body() m:get('x')", gone),
            ("local i = h:streamInfo() h:body() i:protocol()", gone),
            (
                "local d = h:streamInfo():dynamicMetadata() h:body() d:get('x')",
                gone,
            ),
            ("local m = h:headers() h:body() m:logInfo('x')", gone),
            ("local b = h:body() h:trailers() print(b:length())", "6"),
            ("local next = pairs(h:headers()) h:body() next()", gone),
            (
                "local c1 for c in h:bodyChunks() do if c1 then c1:length() end c1 = c end",
                gone,
            ),
        ],
    );
    check(
        post,
        &[
            (
                "local m = h:headers() h:body() print(m == h:headers())",
                "false",
            ),
            (
                "local last for c in h:bodyChunks() do last = c end print(last:getBytes(0, 3))",
                "def",
            ),
            (
                "local chunks = h:bodyChunks() chunks() print(chunks():getBytes(0, 3))",
                "def",
            ),
        ],
    );
    // A loop that was left leaves its lock, until the object is made anew.
    let script = "for k in pairs(h:headers()) do break end h:body() h:headers():add('x-a', 'b')";
    assert_eq!(sent(&play(&on_request(script), post), "x-a"), "b");
}

/// The whole list of Envoy's documents, object by object: a call, and what it prints or fails with.
#[test]
fn each_method_of_envoys_list_works_or_says_that_it_is_not_simulated() {
    let rows: [(&str, &[(&str, &str)]); 14] = [
        (
            "h",
            &[
                ("headers():get(':method')", "POST"),
                ("body():length()", "2"),
                ("bodyChunks()():length()", "2"),
                ("trailers():get('t')", "u"),
                (
                    "httpCall('web', {[':path'] = '/', [':method'] = 'GET', [':authority'] = 'a'}, nil, 5)[':status']",
                    "200",
                ),
                (
                    "respond()",
                    "bad argument #1 to 'respond' (table expected, got no value)",
                ),
                ("metadata():get('k')", "nil"),
                ("streamInfo():protocol()", "HTTP/1.1"),
                ("connection():ssl()", "nil"),
                ("connectionStreamInfo():dynamicMetadata():get('k')", "nil"),
                (
                    "setUpstreamOverrideHost('web')",
                    "host is not a valid IP address",
                ),
                ("clearRouteCache()", ""),
                ("filterContext():get('k')", "nil"),
                ("importPublicKey('', 0):get()", "nil"),
                (
                    "verifySignature('sha256', '', '', 0, '', 0)",
                    "invalid public key",
                ),
                ("base64Escape('a')", "YQ=="),
                ("timestamp()", "1767225600000"),
                ("timestampString()", "1767225600000"),
                ("virtualHost():metadata():get('k')", "nil"),
                ("route():metadata():get('k')", "nil"),
                // Of Envoy's main branch.
                ("stats()", "stats() is not simulated"),
                ("base64Decode('YQ==')", "base64Decode() is not simulated"),
                (
                    "downstreamRequestHeaders()",
                    "downstreamRequestHeaders() is not simulated",
                ),
            ],
        ),
        (
            "h:headers()",
            &[
                ("add('a', 'b')", ""),
                ("get('none')", "nil"),
                ("getAtIndex(':path', 0)", "/"),
                ("getNumValues(':path')", "1"),
                ("remove('none')", ""),
                ("replace('a', 'b')", ""),
                (
                    "setHttp1ReasonPhrase('Fine')",
                    "setHttp1ReasonPhrase() is not simulated",
                ),
            ],
        ),
        ("h:trailers()", &[("get('t')", "u"), ("add('a', 'b')", "")]),
        (
            "h:body()",
            &[
                ("length()", "2"),
                ("getBytes(0, 1)", "h"),
                ("setBytes('new')", "3"),
            ],
        ),
        ("h:metadata()", &[("get('k')", "nil")]),
        (
            "h:streamInfo()",
            &[
                ("protocol()", "HTTP/1.1"),
                ("routeName()", ""),
                ("virtualClusterName()", ""),
                ("downstreamDirectLocalAddress()", "127.0.0.1:10000"),
                ("downstreamLocalAddress()", "127.0.0.1:10000"),
                ("downstreamDirectRemoteAddress()", "127.0.0.1:49153"),
                ("downstreamRemoteAddress()", "127.0.0.1:49153"),
                ("dynamicMetadata():get('k')", "nil"),
                // No filter of this simulator sets typed metadata.
                ("dynamicTypedMetadata('k')", "nil"),
                ("filterState():get('k')", "nil"),
                (
                    "filterState():get('k', 'field')",
                    "a field of a filter state object is not simulated",
                ),
                // There is no TLS: without this object none of its methods can be called.
                ("downstreamSslConnection()", "nil"),
                ("requestedServerName()", ""),
                (
                    "drainConnectionUponCompletion()",
                    "drainConnectionUponCompletion() is not simulated",
                ),
            ],
        ),
        (
            "h:connectionStreamInfo()",
            &[
                ("dynamicMetadata():get('k')", "nil"),
                ("dynamicTypedMetadata('k')", "nil"),
            ],
        ),
        (
            "h:streamInfo():dynamicMetadata()",
            &[("get('k')", "nil"), ("set('a', 'b', 'c')", "")],
        ),
        ("h:streamInfo():filterState()", &[("get('k')", "nil")]),
        ("h:connection()", &[("ssl()", "nil")]),
        ("h:importPublicKey('', 0)", &[("get()", "nil")]),
        ("h:virtualHost()", &[("metadata():get('k')", "nil")]),
        ("h:route()", &[("metadata():get('k')", "nil")]),
        ("h:filterContext()", &[("get('k')", "nil")]),
    ];
    let request = "{method: POST, body: hi, trailers: {t: u}}";
    for (object, methods) in rows {
        for (call, expected) in methods {
            let said = says_of(&format!("print(({object}:{call}))"), request);
            // A method that returns nothing prints nil.
            let expected = if expected.is_empty() && said == "nil" {
                "nil"
            } else {
                *expected
            };
            assert!(
                said == expected || said.contains(": ") && said.ends_with(expected),
                "{object}:{call}: {said}"
            );
        }
        // What is supported on all objects.
        for level in ["Trace", "Debug", "Info", "Warn", "Err", "Critical"] {
            assert_eq!(
                says_of(&format!("{object}:log{level}('x')"), request),
                "x",
                "{object}"
            );
        }
    }
    assert!(says_of("print(io.open)", "{}").ends_with("io.open is not simulated"));
}
