//! An exercise that asks for a module, in the engine without its browser.

use crate::support::brought;
use proxy_wasm_tour::lab::Session;
use proxy_wasm_tour::protocol::{FromEngine, ToEngine};

const OWN: &str = "files:\n  /m.wasm: {wat: '(module (func (export \"f\") (result i32) (i32.const 1)))'}\n\
    scenarios:\n- name: s\n  traffic: [{call: {module: /m.wasm, export: f}}]\n  expect: [{call: {results: [2]}, hint: h}]\n\
    exercises:\n- {id: mine, kind: own, file: /m.wasm, solution: {sample: x}, task: t, hints: [h], why: w}\n";

#[test]
fn the_module_that_a_learner_opened_last_is_the_answer() {
    let mut session = Session::default();
    let mut ran = |number: u32| {
        let module = format!(
            "(module (memory (export \"memory\") 1) (func (export \"proxy_abi_version_0_2_1\"))
             (func (export \"malloc\") (param i32) (result i32) (i32.const 8))
             (func (export \"f\") (result i32) (i32.const {number})))"
        );
        let name = format!("{number}.wasm");
        session.handle(
            ToEngine::Module { name },
            vec![wat::parse_str(module).unwrap()],
        );
        let message = ToEngine::Run {
            run: number,
            lab: OWN.to_owned(),
            edits: std::collections::BTreeMap::new(),
            request: None,
            scenario: None,
            schedule: Vec::new(),
        };
        let mut answers = session.handle(message, Vec::new());
        // The text that the lab begins with is assembled once.
        if let [FromEngine::NeedSample { name, script }] = answers.as_slice() {
            let bytes = brought(name, script.as_ref());
            let sample = ToEngine::Sample {
                name: name.clone(),
                error: None,
            };
            answers = session.handle(sample, vec![bytes]);
        }
        let [FromEngine::Done { report, .. }] = answers.as_slice() else {
            panic!("{answers:?}")
        };
        report.exercises[0].passed
    };
    assert_eq!(ran(3), Some(false));
    assert_eq!(ran(2), Some(true));
}
