//! Scripts that go on for ever, take ever more, or raise: the request goes on, the limit is named.

use super::*;

fn ends(body: &str) -> ScenarioReport {
    let script = on_request(body) + &on_response("h:headers():add('x-after', '1')");
    let report = play(&script, "{}");
    assert_eq!(answer(&report).split(' ').next(), Some("200"), "{body}");
    assert_eq!(
        response(&report).headers.get_str("x-after"),
        Some("1"),
        "{body}"
    );
    assert_eq!(counters(&report, "lua.errors"), "lua.errors=1", "{body}");
    report
}

#[test]
fn a_script_that_loops_for_ever_is_stopped_and_the_request_goes_on() {
    for body in [
        "while true do end",
        "pcall(function() while true do end end)",
    ] {
        let report = ends(body);
        assert_eq!(
            logged(&report),
            "the script ran for too long: the simulator's limit is 10000000 instructions for one run; in Envoy it would hold up its worker"
        );
        let trap = report
            .events
            .iter()
            .find(|e| e.kind == Kind::Trap)
            .expect("a trap");
        assert_eq!(super::super::word(trap, "limit"), "instructions");
    }
}

#[test]
fn a_script_that_allocates_for_ever_is_stopped_and_the_request_goes_on() {
    for body in [
        "local s = 'x' while true do s = s .. s end",
        "keep = {} for i = 1, 1e9 do keep[i] = {} end",
        "pcall(string.rep, 'x', 1e9)",
    ] {
        let report = ends(body);
        let expected = "not enough memory: the simulator's limit is 32 MiB for a script's state";
        assert_eq!(logged(&report), expected, "{body}");
    }
}

#[test]
fn a_script_that_raises_lets_the_request_go_on() {
    let report = ends("error({})");
    assert_eq!(logged(&report), "(error object is a table value)");
}

#[test]
fn what_a_script_hands_to_the_proxy_has_an_end() {
    let script = on_request("local s = ('x'):rep(1e6) while true do h:headers():add('x', s) end");
    let rest = "upstreams: {web: [{reply: {status: 200}}]}";
    let report = play_with(&script, "", rest, &["{}"]);
    assert_eq!(answer(&report).split(' ').next(), Some("200"));
    assert!(
        logged(&report).ends_with("the simulator's limit of what scripts hand to the proxy is hit")
    );
}

#[test]
fn two_runs_give_the_same_trace() {
    let body = "print({}, print, h) for k, v in pairs({a = 1, b = 2, [{}] = 3}) do print(k, v) end print(math.random(), collectgarbage('count'))";
    let run = || format!("{:?}", play(&on_request(body), "{}").events);
    assert_eq!(run(), run());
}
