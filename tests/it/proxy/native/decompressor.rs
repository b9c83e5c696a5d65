//! `envoy.filters.http.decompressor` with its gzip library.

use super::{counters, filter, got, refused, sent};
use crate::proxy::{first, response, router};
use proxy_wasm_tour::model::Bytes;
use proxy_wasm_tour::model::report::ScenarioReport;

fn library(more: &str) -> String {
    format!(
        ", decompressor_library: {{name: lib, typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.compression.gzip.decompressor.v3.Gzip{more}}}}}"
    )
}

fn decompressor(settings: &str) -> String {
    filter("decompressor.v3.Decompressor", &(library("") + settings))
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xedb8_8320 * (crc & 1));
        }
    }
    !crc
}

/// A gzip, as base64 for a lab.
fn gzip(text: &[u8]) -> String {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    bytes.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
    bytes.extend(crc32(text).to_le_bytes());
    bytes.extend((text.len() as u32).to_le_bytes());
    Bytes(bytes).to_base64()
}

fn play(envoy: &str, request: &str, reply: &str) -> ScenarioReport {
    router::play(
        envoy,
        &format!("upstreams: {{web: [{{reply: {{{reply}}}}}]}}"),
        &format!("  - request: {request}\n"),
    )
}

#[test]
fn a_response_is_read_and_its_headers_and_trailers_say_so() {
    let reply = format!(
        "headers: {{content-encoding: gzip}}, body: {{base64: {}}}, chunks: [3, 9]",
        gzip(b"hello hello hello")
    );
    let report = play(&decompressor(""), "{}", &reply);
    assert_eq!(response(&report).body.0, b"hello hello hello");
    assert_eq!(got(&report, "content-encoding"), "");
    assert_eq!(got(&report, "content-length"), "");
    let trailers = &response(&report).trailers;
    let length = Bytes::from_base64(&gzip(b"hello hello hello"))
        .unwrap()
        .len();
    assert_eq!(
        trailers.get_str("x-envoy-decompressor-lib-compressed-bytes"),
        Some(length.to_string().as_str())
    );
    assert_eq!(
        trailers.get_str("x-envoy-decompressor-lib-uncompressed-bytes"),
        Some("17")
    );
    assert_eq!(
        counters(&report, "decompressor"),
        format!(
            "decompressor.lib.gzip.response.decompressed=1 decompressor.lib.gzip.response.total_compressed_bytes={length} decompressor.lib.gzip.response.total_uncompressed_bytes=17"
        )
    );
}

#[test]
fn sizes_are_added_to_trailers_that_are_there() {
    let reply = format!(
        "headers: {{content-encoding: gzip}}, body: {{base64: {}}}, trailers: {{x-t: '1'}}",
        gzip(b"hello")
    );
    let report = play(&decompressor(""), "{}", &reply);
    let trailers = &response(&report).trailers;
    assert_eq!(trailers.get_str("x-t"), Some("1"));
    let name = "x-envoy-decompressor-lib-uncompressed-bytes";
    assert_eq!(trailers.get_str(name), Some("5"));
}

/// Rows: the reply's headers, settings; what `content-encoding` is after, and whether it was read.
#[test]
fn what_is_decompressed_and_what_is_not() {
    let always = ", response_direction_config: {common_config: {ignore_no_transform_header: true}}";
    let off = ", response_direction_config: {common_config: {enabled: {default_value: false, runtime_key: k}}}";
    for (headers, settings, after, read) in [
        ("content-encoding: gzip", "", "", true),
        ("content-encoding: ' GZip '", "", "", true),
        ("content-encoding: 'gzip, br'", "", "br", true),
        ("content-encoding: 'br, gzip'", "", "br, gzip", false),
        ("content-encoding: br", "", "br", false),
        ("x-a: b", "", "", false),
        (
            "content-encoding: gzip, cache-control: no-transform",
            "",
            "gzip",
            false,
        ),
        (
            "content-encoding: gzip, cache-control: no-transform",
            always,
            "",
            true,
        ),
        ("content-encoding: gzip", off, "gzip", false),
    ] {
        let reply = format!(
            "headers: {{{headers}}}, body: {{base64: {}}}",
            gzip(b"hello")
        );
        let report = play(&decompressor(settings), "{}", &reply);
        assert_eq!(got(&report, "content-encoding"), after, "{headers}");
        assert_eq!(response(&report).body.0 == b"hello", read, "{headers}");
        let word = if read {
            "decompressed"
        } else {
            "not_decompressed"
        };
        let stat = format!("decompressor.lib.gzip.response.{word}");
        assert_eq!(counters(&report, &stat), stat.clone() + "=1");
    }
}

#[test]
fn gzip_is_advertised_to_the_upstream_before_all_else() {
    let quiet = ", request_direction_config: {advertise_accept_encoding: false}";
    let off = ", response_direction_config: {common_config: {enabled: {default_value: false, runtime_key: k}}}";
    for (accepts, settings, expected) in [
        ("", "", "gzip"),
        (
            "accept-encoding: 'deflate, gzip;q=0.5, br'",
            "",
            "deflate,br,gzip",
        ),
        ("accept-encoding: 'gzip;q=0'", "", "gzip"),
        ("accept-encoding: br", quiet, "br"),
        ("accept-encoding: br", off, "br"),
    ] {
        let report = play(
            &decompressor(settings),
            &format!("{{headers: {{{accepts}}}}}"),
            "body: ok",
        );
        assert_eq!(sent(&report, "accept-encoding"), expected, "{accepts}");
    }
}

#[test]
fn a_request_is_decompressed_too() {
    let request = format!(
        "{{method: POST, headers: {{content-encoding: gzip}}, body: {{base64: {}}}}}",
        gzip(b"hello")
    );
    let report = play(&decompressor(""), &request, "body: ok");
    let upstream = &first(&report).upstream_requests[0];
    assert_eq!(upstream.body.0, b"hello");
    assert_eq!(sent(&report, "content-encoding"), "");
    let stat = "decompressor.lib.gzip.request.decompressed";
    assert_eq!(counters(&report, stat), format!("{stat}=1"));
}

#[test]
fn what_is_no_gzip_or_holds_too_much_is_cut_and_counted() {
    let bomb = gzip(&vec![0; 1 << 20]);
    let length = Bytes::from_base64(&bomb).unwrap().len();
    for (body, more, most) in [
        ("'this is plain'".to_owned(), "", 0),
        (format!("{{base64: {bomb}}}"), "", length * 100 + 4096),
        (
            format!("{{base64: {bomb}}}"),
            ", max_inflate_ratio: 2",
            length * 2 + 4096,
        ),
    ] {
        let envoy = filter("decompressor.v3.Decompressor", &library(more));
        let reply = format!("headers: {{content-encoding: gzip}}, body: {body}");
        let report = play(&envoy, "{}", &reply);
        assert_eq!(response(&report).status, 200);
        assert!(response(&report).body.len() <= most, "{more}");
        let stat = "decompressor.lib.gzip.decompressor_library.zlib_data_error";
        assert_eq!(counters(&report, stat), format!("{stat}=1"));
    }
}

#[test]
fn what_the_compressor_packs_the_decompressor_reads() {
    let of = super::of;
    let gzip = super::compressor::GZIP;
    // The compressor stands nearer to the upstream, so it comes first on the way back.
    let envoy = format!(
        "  http_filters: [{{name: d, typed_config: {{{}{}}}}}, {{name: c, typed_config: {{{}{gzip}}}}}]\n",
        of("decompressor.v3.Decompressor"),
        library(""),
        of("compressor.v3.Compressor"),
    );
    let reply = "headers: {content-type: text/plain}, body: '0123456789012345678901234567890123456789', chunks: [7, 8]";
    let report = play(&envoy, "{}", reply);
    assert_eq!(
        response(&report).body.0,
        b"0123456789012345678901234567890123456789"
    );
}

#[test]
fn settings_that_cannot_be_honoured_are_refused() {
    for (envoy, expected) in [
        (
            filter("decompressor.v3.Decompressor", ""),
            "the key `decompressor_library` is missing",
        ),
        (
            filter(
                "decompressor.v3.Decompressor",
                &library(", window_bits: 12"),
            ),
            "a window of less than 15 bits is not simulated",
        ),
        (
            filter(
                "decompressor.v3.Decompressor",
                &library(", max_inflate_ratio: 0"),
            ),
            "expected a number from 1 to 1032",
        ),
        (
            decompressor(", response_direction_config: {advertise_accept_encoding: false}"),
            "unknown key `advertise_accept_encoding`",
        ),
    ] {
        let problem = refused(&envoy);
        assert!(problem.contains(expected), "{problem}");
    }
}
