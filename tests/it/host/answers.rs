//! What single host calls answer, beyond the matrix.

use super::guest::{Guest, calls};
use proxy_wasm_tour::abi::{BufferType, Status};
use proxy_wasm_tour::host::Step;
use proxy_wasm_tour::model::trace::Value;

fn ask(name: &str, args: &[i64], data: &str) -> Guest {
    let mut guest = Guest::start(&calls(name, args, data));
    guest.vm.new_context(None);
    guest
        .proxy()
        .buffers
        .insert(BufferType::HttpRequestBody, b"hello".to_vec());
    guest
}

fn status(guest: &mut Guest) -> Status {
    match guest.done() {
        Step::Returned(n) => Status::from_u32(n).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn get_buffer_bytes_is_clamped_and_never_overflows() {
    let read = |start: i64, size: i64| {
        let mut guest = ask("proxy_get_buffer_bytes", &[0, start, size, 100, 104], "");
        assert_eq!(status(&mut guest), Status::Ok);
        guest.delivered(100, 104)
    };
    assert_eq!(read(0, 5), b"hello");
    assert_eq!(read(1, 0xffff_ffff), b"ello");
    assert_eq!(read(3, 1), b"l");
    assert_eq!(read(9, 1), b"");
    assert_eq!(read(0xffff_ffff, 0xffff_ffff), b"");
}

#[test]
fn an_absent_buffer_is_not_found() {
    let mut guest = ask("proxy_get_buffer_bytes", &[4, 0, 1, 100, 104], "");
    assert_eq!(status(&mut guest), Status::NotFound);
    let mut guest = ask("proxy_get_buffer_status", &[4, 100, 104], "");
    assert_eq!(status(&mut guest), Status::NotFound);
}

#[test]
fn a_buffers_status_is_its_length_and_no_flags() {
    let mut guest = ask("proxy_get_buffer_status", &[0, 100, 104], "");
    assert_eq!(status(&mut guest), Status::Ok);
    assert_eq!((guest.word(100), guest.word(104)), (5, 0));
}

#[test]
fn a_paused_upstream_direction_cannot_be_continued() {
    let mut guest = ask("proxy_continue_stream", &[3], "");
    assert_eq!(status(&mut guest), Status::Unimplemented);
    assert!(guest.proxy().asked.is_empty());
}

#[test]
fn a_local_reply_is_ok_whatever_the_proxy_says_and_its_grpc_status_is_checked() {
    for (given, arrives) in [(-1, -1), (0, 0), (16, 16), (17, -1), (0xffff_ffff, -1)] {
        let args = [403, 0, 3, 3, 4, 0, 0, given];
        let mut guest = ask("proxy_send_local_response", &args, "denybody");
        guest.proxy().refuse = Some(Status::InternalFailure);
        assert_eq!(status(&mut guest), Status::Ok);
        let reply = guest.proxy().replies.remove(0);
        assert_eq!((reply.status, reply.grpc_status), (403, arrives));
        assert_eq!(
            (&reply.details[..], &reply.body[..]),
            (&b"den"[..], &b"ybod"[..])
        );
    }
}

#[test]
fn a_local_reply_with_headers_that_do_not_parse_has_no_extra_headers() {
    let mut guest = ask(
        "proxy_send_local_response",
        &[403, 0, 0, 0, 0, 0, 3, 0],
        "xyz",
    );
    assert_eq!(status(&mut guest), Status::Ok);
    assert!(guest.proxy().replies[0].headers.is_empty());
    assert!(guest.outcome().1.contains("no extra headers"));
}

#[test]
fn an_http_call_writes_0_to_its_token_before_it_is_refused() {
    let args = [0, 3, 0, 0, 0, 0, 0, 0, 1000, 8];
    let mut guest = ask("proxy_http_call", &args, "web     \\ff\\ff\\ff\\ff");
    guest.proxy().refuse = Some(Status::BadArgument);
    assert_eq!(status(&mut guest), Status::BadArgument);
    assert_eq!(guest.word(8), 0);
    let mut guest = ask("proxy_http_call", &args, "web");
    assert_eq!(status(&mut guest), Status::Ok);
    assert_eq!(guest.word(8), 4);
    let mut late = args;
    late[8] = 0x8000_0000;
    let mut guest = ask("proxy_http_call", &late, "web");
    assert_eq!(status(&mut guest), Status::BadArgument);
}

#[test]
fn a_grpc_call_is_started_before_its_token_is_found_to_have_no_place() {
    let mut args = vec![0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1000, -1];
    let mut guest = ask("proxy_grpc_call", &args, "web");
    assert_eq!(status(&mut guest), Status::InvalidMemoryAccess);
    assert_eq!(guest.proxy().asked, ["1 grpc web"]);
    args[11] = 100;
    let mut guest = ask("proxy_grpc_call", &args, "web");
    assert_eq!(status(&mut guest), Status::Ok);
    assert_eq!(guest.word(100), 5);
}

#[test]
fn grpc_tokens_tell_their_kind_by_their_last_two_bits() {
    let cases = [
        (0xff00, 2, 2),
        (0xff01, 2, 0),
        (0xff02, 0, 0),
        (0xff03, 2, 2),
    ];
    for (token, send, cancel) in cases {
        let mut guest = ask("proxy_grpc_send", &[token, 0, 1, 1], "m");
        assert_eq!(guest.done(), Step::Returned(send), "{token:x}");
        for name in ["proxy_grpc_cancel", "proxy_grpc_close"] {
            let mut guest = ask(name, &[token], "");
            assert_eq!(guest.done(), Step::Returned(cancel), "{name} {token:x}");
        }
    }
}

#[test]
fn metrics_take_64_bit_values() {
    let mut guest = ask("proxy_increment_metric", &[4, -3], "");
    assert_eq!(status(&mut guest), Status::Ok);
    let mut other = ask("proxy_record_metric", &[4, -1], "");
    assert_eq!(status(&mut other), Status::Ok);
    assert_eq!(guest.proxy().asked, ["1 increment 4 -3"]);
    assert_eq!(other.proxy().asked, ["1 record 4 18446744073709551615"]);
}

#[test]
fn shared_data_comes_with_its_cas() {
    let mut guest = ask("proxy_get_shared_data", &[0, 1, 100, 104, 108], "k");
    guest
        .proxy()
        .shared
        .insert(b"k".to_vec(), (b"v".to_vec(), 9));
    assert_eq!(status(&mut guest), Status::Ok);
    assert_eq!(
        (guest.delivered(100, 104), guest.word(108)),
        (b"v".to_vec(), 9)
    );
}

#[test]
fn get_status_tells_code_and_message() {
    let mut guest = ask("proxy_get_status", &[100, 104, 108], "");
    assert_eq!(status(&mut guest), Status::Ok);
    assert_eq!(
        (guest.word(100), guest.delivered(104, 108)),
        (11, b"reset".to_vec())
    );
}

#[test]
fn clock_and_log_level_are_written_little_endian() {
    let mut guest = ask("proxy_get_current_time_nanoseconds", &[100], "");
    assert_eq!(status(&mut guest), Status::Ok);
    let time = guest.vm.memory()[100..108].try_into().unwrap();
    assert_eq!(u64::from_le_bytes(time), 1_700_000_000_000_000_000);
    let mut guest = ask("proxy_get_log_level", &[100], "");
    assert_eq!(status(&mut guest), Status::Ok);
    assert_eq!(guest.word(100), 2);
}

#[test]
fn an_empty_property_path_is_a_serialization_failure() {
    let mut guest = ask("proxy_get_property", &[0, 0, 100, 104], "");
    assert_eq!(status(&mut guest), Status::SerializationFailure);
    let mut guest = ask("proxy_get_property", &[0, 1, 100, 104], "x");
    assert_eq!(status(&mut guest), Status::NotFound);
}

#[test]
fn a_foreign_function_writes_its_words_even_when_it_fails() {
    let args = [0, 2, 2, 1, 100, 104];
    let words = "fna\\00";
    let mut guest = ask("proxy_call_foreign_function", &args, words);
    assert_eq!(status(&mut guest), Status::Ok);
    assert_eq!(guest.delivered(100, 104), b"A");
    for (refusal, written) in [(Status::NotFound, 0x0909_0909), (Status::BadArgument, 0)] {
        let data = format!("{words}{}", "\\09".repeat(200));
        let mut guest = ask("proxy_call_foreign_function", &args, &data);
        guest.proxy().refuse = Some(refusal);
        assert_eq!(status(&mut guest), refusal);
        assert_eq!(guest.word(100), written);
    }
}

#[test]
fn a_foreign_functions_result_may_be_discarded() {
    let mut guest = ask("proxy_call_foreign_function", &[0, 2, 2, 1, 0, 0], "fna");
    assert_eq!(status(&mut guest), Status::Ok);
}

#[test]
fn configuration_of_0_1_0_is_the_vms_outside_of_configure() {
    let mut guest = ask("proxy_get_configuration", &[100, 104], "");
    guest
        .proxy()
        .buffers
        .insert(BufferType::VmConfiguration, b"vm".to_vec());
    guest
        .proxy()
        .buffers
        .insert(BufferType::PluginConfiguration, b"plugin".to_vec());
    assert_eq!(status(&mut guest), Status::Ok);
    assert_eq!(guest.delivered(100, 104), b"vm");
}

#[test]
fn what_this_host_does_not_have_answers_unimplemented_in_plain_sight() {
    let mut guest = ask("envoy_resolve_dns", &[0, 1, 100], "x");
    assert_eq!(status(&mut guest), Status::Unimplemented);
    assert_eq!(
        guest.outcome(),
        (
            "Unimplemented".into(),
            "the simulated proxy has no DNS".into()
        )
    );
}

#[test]
fn pthread_equal_compares() {
    let mut guest = ask("pthread_equal", &[5, 5], "");
    assert_eq!(guest.done(), Step::Returned(1));
    let mut guest = ask("pthread_equal", &[5, 6], "");
    assert_eq!(guest.done(), Step::Returned(0));
}

#[test]
fn numbers_and_bools_among_properties_are_shown_as_such() {
    let shown = |value: &[u8]| {
        let mut guest = ask("proxy_get_property", &[0, 1, 100, 104], "x");
        guest
            .proxy()
            .properties
            .insert(b"x".to_vec(), value.to_vec());
        assert_eq!(status(&mut guest), Status::Ok);
        guest.last_host_call().result.unwrap().value.unwrap()
    };
    assert_eq!(shown(&200i64.to_le_bytes()), Value::Int(200));
    assert_eq!(shown(&[1]), Value::from("true"));
    assert_eq!(shown(b"HTTP/1.1"), Value::Bytes("HTTP/1.1".into()));
}
