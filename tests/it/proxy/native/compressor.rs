//! `envoy.filters.http.compressor` with its gzip library.

use super::{counters, filter, got, recorded, refused, routed, sent};
use crate::proxy::{first, response, router, steps};
use miniz_oxide::inflate::decompress_to_vec;
use proxy_wasm_tour::model::report::ScenarioReport;

/// The library as every example has it.
pub(super) const GZIP: &str = ", compressor_library: {name: lib, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip}}";

/// Forty bytes.
const BODY: &str = "0123456789012345678901234567890123456789";

fn compressor(settings: &str) -> String {
    filter("compressor.v3.Compressor", &format!("{GZIP}{settings}"))
}

/// One request that accepts something against an upstream's reply.
fn play(envoy: &str, request: &str, reply: &str) -> ScenarioReport {
    router::play(
        envoy,
        &format!("upstreams: {{web: [{{reply: {{{reply}}}}}]}}"),
        &format!("  - request: {request}\n"),
    )
}

/// What a gzip stands for.
pub(super) fn plain(gzip: &[u8]) -> Vec<u8> {
    assert_eq!(gzip[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    decompress_to_vec(&gzip[10..gzip.len() - 8]).unwrap()
}

const ACCEPTS: &str = "{headers: {accept-encoding: gzip}}";

fn text(headers: &str, body: &str) -> String {
    format!("headers: {{content-type: text/plain{headers}}}, body: '{body}'")
}

#[test]
fn a_response_is_compressed_and_its_headers_say_so() {
    let report = play(
        &compressor(""),
        ACCEPTS,
        &text(", vary: origin, etag: '\"a\"'", BODY),
    );
    assert_eq!(got(&report, "content-encoding"), "gzip");
    assert_eq!(got(&report, "vary"), "origin, Accept-Encoding");
    assert_eq!(got(&report, "content-length"), "");
    assert_eq!(got(&report, "etag"), "");
    let body = &response(&report).body;
    assert_eq!(plain(body), BODY.as_bytes());
    assert_eq!(
        counters(&report, "compressor"),
        format!(
            "compressor.lib.gzip.compressed=1 compressor.lib.gzip.header_compressor_used=1 compressor.lib.gzip.request.not_compressed=1 compressor.lib.gzip.total_compressed_bytes={} compressor.lib.gzip.total_uncompressed_bytes=40",
            body.len()
        )
    );
    let steps = recorded(&report);
    assert!(
        steps.contains(&"encode_data set_buffer_bytes".to_owned()),
        "{steps:?}"
    );
    // The upstream is not asked to do it in the filter's place.
    assert_eq!(sent(&report, "accept-encoding"), "gzip");
}

/// Rows: the request, the reply, settings; whether it is compressed, and whether `vary` is there.
#[test]
fn what_is_compressed_and_what_is_not() {
    let row = |headers: &str| text(headers, BODY);
    for (request, reply, settings, compressed, vary) in [
        // Without accept-encoding nothing is, but caches hear of it.
        ("{}", row(""), "", false, true),
        ("{headers: {accept-encoding: br}}", row(""), "", false, true),
        (
            "{headers: {accept-encoding: 'gzip;q=0'}}",
            row(""),
            "",
            false,
            true,
        ),
        ("{headers: {accept-encoding: '*'}}", row(""), "", true, true),
        (
            "{headers: {accept-encoding: 'identity, gzip'}}",
            row(""),
            "",
            false,
            true,
        ),
        (
            "{headers: {accept-encoding: 'identity, gzip'}}",
            row(""),
            ", choose_first: true",
            true,
            true,
        ),
        (
            "{headers: {accept-encoding: [br, gzip]}}",
            row(""),
            "",
            true,
            true,
        ),
        // 30 bytes is the least, where a length is said.
        (ACCEPTS, text("", &BODY[..29]), "", false, false),
        (ACCEPTS, text("", &BODY[..30]), "", true, true),
        (
            ACCEPTS,
            text("", &BODY[..9]) + ", chunks: [4]",
            "",
            true,
            true,
        ),
        (
            ACCEPTS,
            text("", &BODY[..30]),
            ", response_direction_config: {common_config: {min_content_length: 31}}",
            false,
            false,
        ),
        (
            ACCEPTS,
            text("", &BODY[..9]),
            ", response_direction_config: {common_config: {min_content_length: 9}}",
            true,
            true,
        ),
        // A type that is not in the list; none at all is compressed.
        (
            ACCEPTS,
            format!("headers: {{content-type: image/png}}, body: '{BODY}'"),
            "",
            false,
            false,
        ),
        (
            ACCEPTS,
            format!("headers: {{content-type: 'Text/HTML; charset=utf-8'}}, body: '{BODY}'"),
            "",
            true,
            true,
        ),
        (ACCEPTS, format!("body: '{BODY}'"), "", true, true),
        (
            ACCEPTS,
            row(""),
            ", response_direction_config: {common_config: {content_type: [text/html]}}",
            false,
            false,
        ),
        // What forbids it.
        (
            ACCEPTS,
            row(", cache-control: 'private, No-Transform'"),
            "",
            false,
            false,
        ),
        (ACCEPTS, row(", content-encoding: br"), "", false, false),
        (
            ACCEPTS,
            row(", transfer-encoding: 'gzip, chunked'"),
            "",
            false,
            true,
        ),
        (
            ACCEPTS,
            row(", etag: '\"a\"'"),
            ", response_direction_config: {disable_on_etag_header: true}",
            false,
            false,
        ),
        (ACCEPTS, row(", etag: 'W/\"a\"'"), "", true, true),
        (ACCEPTS, format!("status: 206, {}", row("")), "", true, true),
        (
            ACCEPTS,
            format!("status: 206, {}", row("")),
            ", response_direction_config: {uncompressible_response_codes: [206]}",
            false,
            false,
        ),
        // Off, and a body that is not there.
        (
            ACCEPTS,
            row(""),
            ", response_direction_config: {common_config: {enabled: {default_value: false, runtime_key: k}}}",
            false,
            false,
        ),
        (
            "{method: HEAD, headers: {accept-encoding: gzip}}",
            row(""),
            "",
            false,
            true,
        ),
    ] {
        let report = play(&compressor(settings), request, &reply);
        let found = (
            got(&report, "content-encoding") == "gzip",
            got(&report, "vary") == "Accept-Encoding",
        );
        assert_eq!(found, (compressed, vary), "{request} {reply} {settings}");
        if found.0 {
            assert!(BODY.as_bytes().starts_with(&plain(&response(&report).body)));
        }
    }
}

#[test]
fn a_weak_etag_stays_and_a_strong_one_goes() {
    for (etag, expected) in [
        ("W/\"a\"", "W/\"a\""),
        ("w/\"a\"", "w/\"a\""),
        ("\"a\"", ""),
    ] {
        let report = play(
            &compressor(""),
            ACCEPTS,
            &text(&format!(", etag: '{etag}'"), BODY),
        );
        assert_eq!(got(&report, "etag"), expected);
    }
}

#[test]
fn counters_say_what_accept_encoding_came_to() {
    let settings = ", response_direction_config: {}";
    for (request, expected) in [
        ("{}", "no_accept_header"),
        (ACCEPTS, "header_compressor_used"),
        ("{headers: {accept-encoding: '*'}}", "header_wildcard"),
        ("{headers: {accept-encoding: identity}}", "header_identity"),
        ("{headers: {accept-encoding: br}}", "header_not_valid"),
    ] {
        let report = play(&compressor(settings), request, &text("", BODY));
        let counted = counters(&report, &format!("compressor.lib.gzip.{expected}"));
        assert_eq!(
            counted,
            format!("compressor.lib.gzip.{expected}=1"),
            "{request}"
        );
    }
    // With `response_direction_config` there, these have `response.` in their names.
    let report = play(&compressor(settings), ACCEPTS, &text("", &BODY[..20]));
    assert_eq!(
        counters(&report, "compressor.lib.gzip.response"),
        "compressor.lib.gzip.response.content_length_too_small=1 compressor.lib.gzip.response.not_compressed=1"
    );
}

#[test]
fn each_chunk_goes_on_at_once_and_can_be_read() {
    let report = play(
        &compressor(""),
        ACCEPTS,
        &(text("", BODY) + ", chunks: [10, 20, 10], trailers: {x-t: '1'}"),
    );
    assert_eq!(plain(&response(&report).body), BODY.as_bytes());
    assert_eq!(response(&report).trailers.get_str("x-t"), Some("1"));
    assert!(
        steps(&report)
            .iter()
            .all(|step| !step.starts_with("f encode") || step.ends_with("Continue"))
    );
}

#[test]
fn what_ends_a_body_before_trailers_passes_the_other_filters() {
    let buffer = format!(
        "  http_filters:\n  - {{name: f, typed_config: {{{}{GZIP}, request_direction_config: {{}}}}}}\n  - {{name: b, typed_config: {{{}, max_request_bytes: 999}}}}\n",
        super::of("compressor.v3.Compressor"),
        super::of("buffer.v3.Buffer"),
    );
    let request = format!(
        "{{method: POST, headers: {{content-type: text/plain}}, body: '{BODY}', chunks: [9, 31], trailers: {{x-t: '1'}}}}"
    );
    let report = play(&buffer, &request, "body: ok");
    let upstream = &first(&report).upstream_requests[0];
    assert_eq!(plain(&upstream.body), BODY.as_bytes());
    assert_eq!(upstream.trailers.get_str("x-t"), Some("1"));
}

#[test]
fn requests_are_compressed_only_where_that_is_configured() {
    let body = format!("{{method: POST, headers: {{content-type: text/plain}}, body: '{BODY}'}}");
    let report = play(&compressor(""), &body, "body: ok");
    assert_eq!(sent(&report, "content-encoding"), "");
    for settings in ["{}", "{common_config: {}}"] {
        let report = play(
            &compressor(&format!(", request_direction_config: {settings}")),
            &body,
            "body: ok",
        );
        assert_eq!(sent(&report, "content-encoding"), "gzip");
        let upstream = &first(&report).upstream_requests[0];
        assert_eq!(plain(&upstream.body), BODY.as_bytes());
        assert!(counters(&report, "compressor.lib.gzip.request.compressed").ends_with("=1"));
    }
}

#[test]
fn a_local_reply_is_compressed_as_any_response() {
    let direct = format!(
        "  routes: [{{match: {{prefix: /}}, direct_response: {{status: 200, body: {{inline_string: '{BODY}'}}}}}}]\n"
    );
    let report = play(&(compressor("") + &direct), ACCEPTS, "");
    assert_eq!(got(&report, "content-encoding"), "gzip");
    assert_eq!(plain(&response(&report).body), BODY.as_bytes());
}

#[test]
fn a_route_turns_it_off_or_on_and_removes_accept_encoding() {
    let removes = ", response_direction_config: {remove_accept_encoding_header: true}";
    let off = ", response_direction_config: {common_config: {enabled: {default_value: false, runtime_key: k}}}";
    let remove = |flag| {
        format!(
            ", overrides: {{response_direction_config: {{remove_accept_encoding_header: {flag}}}}}"
        )
    };
    for (settings, route, compressed, accepts) in [
        (removes, String::new(), true, ""),
        (removes, remove(false), true, "gzip"),
        ("", remove(true), true, ""),
        ("", ", disabled: true".to_owned(), false, "gzip"),
        (removes, ", disabled: true".to_owned(), false, "gzip"),
        (off, String::new(), false, "gzip"),
        (
            off,
            ", overrides: {response_direction_config: {}}".to_owned(),
            true,
            "gzip",
        ),
        (off, ", overrides: {}".to_owned(), false, "gzip"),
    ] {
        let route = match route.as_str() {
            "" => String::new(),
            route => routed("compressor.v3.CompressorPerRoute", route),
        };
        let report = play(&(compressor(settings) + &route), ACCEPTS, &text("", BODY));
        let found = got(&report, "content-encoding") == "gzip";
        assert_eq!(found, compressed, "{settings} {route}");
        assert_eq!(
            sent(&report, "accept-encoding"),
            accepts,
            "{settings} {route}"
        );
    }
}

#[test]
fn of_two_compressors_the_one_nearer_the_upstream_works() {
    let of = super::of("compressor.v3.Compressor");
    let second = GZIP.replace("name: lib", "name: other");
    let envoy = format!(
        "  http_filters: [{{name: f, typed_config: {{{of}{GZIP}}}}}, {{name: g, typed_config: {{{of}{second}}}}}]\n"
    );
    let report = play(&envoy, ACCEPTS, &text("", BODY));
    assert_eq!(plain(&response(&report).body), BODY.as_bytes());
    assert!(counters(&report, "compressor.other.gzip.compressed").ends_with("=1"));
    assert!(counters(&report, "compressor.lib.gzip.not_compressed").ends_with("=1"));
}

#[test]
fn settings_that_cannot_be_honoured_are_refused() {
    let library = |kind: &str, more: &str| {
        filter(
            "compressor.v3.Compressor",
            &format!(
                ", compressor_library: {{name: l, typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.compression.{kind}{more}}}}}"
            ),
        )
    };
    let gzip = |more: &str| library("gzip.compressor.v3.Gzip", more);
    for (envoy, expected) in [
        (
            filter("compressor.v3.Compressor", ""),
            "the key `compressor_library` is missing",
        ),
        (
            library("brotli.compressor.v3.Brotli", ""),
            "the library `envoy.extensions.compression.brotli.compressor.v3.Brotli` is not simulated",
        ),
        (library("gzip.decompressor.v3.Gzip", ""), "is not simulated"),
        (gzip(", window_bits: 16"), "expected a number from 9 to 15"),
        (
            gzip(", compression_level: BEST"),
            "expected one of DEFAULT_COMPRESSION",
        ),
        (gzip(", level: 3"), "unknown key `level`"),
        (
            compressor(", content_length: 9"),
            "`content_length` of a compressor (deprecated: write it in `response_direction_config`) is not simulated",
        ),
        (
            compressor(", response_direction_config: {weaken_etag_on_compress: true}"),
            "`weaken_etag_on_compress` of a compressor is not simulated",
        ),
        (
            compressor(
                ", response_direction_config: {common_config: {enabled: {default_value: true}}}",
            ),
            "the key `runtime_key` is missing",
        ),
        (
            compressor("") + &routed("compressor.v3.CompressorPerRoute", ""),
            "expected exactly one of `disabled: true` and `overrides`",
        ),
    ] {
        let problem = refused(&envoy);
        assert!(problem.contains(expected), "{problem}");
    }
    for more in [
        ", compression_level: BEST_SPEED, compression_strategy: FIXED",
        ", compression_level: COMPRESSION_LEVEL_9, memory_level: 9, window_bits: 15, chunk_size: 4096",
    ] {
        let report = play(&gzip(more), ACCEPTS, &text("", BODY));
        let body = &response(&report).body;
        assert_eq!(
            decompress_to_vec(&body[10..body.len() - 8]).unwrap(),
            BODY.as_bytes()
        );
    }
}
