//! Modules of a size that compilers really write.

use super::recorder::Recorder;
use proxy_wasm_tour::host::{Engine, GuestCall, Limits, Module, Step, Vm, VmSettings};

/// An unsigned LEB128 number.
fn leb(mut n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (n & 0x7f) as u8;
        n >>= 7;
        out.push(if n == 0 { byte } else { byte | 0x80 });
        if n == 0 {
            return out;
        }
    }
}

fn section(id: u8, bytes: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(bytes.len()), bytes].concat()
}

fn name(text: &str) -> Vec<u8> {
    [&leb(text.len())[..], text.as_bytes()].concat()
}

/// A module with so many functions of about a kilobyte each.
fn module(functions: usize) -> Vec<u8> {
    // Type 0 is (i32) -> i32, type 1 is () -> ().
    let types = [2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 0];
    let mut kinds = leb(functions + 2);
    kinds.extend([0, 1]);
    kinds.extend(std::iter::repeat_n(0, functions));
    let exports = [
        leb(4),
        name("memory"),
        vec![2, 0],
        name("malloc"),
        vec![0, 0],
        name("proxy_abi_version_0_2_1"),
        vec![0, 1],
        name("proxy_on_done"),
        vec![0, 2],
    ]
    .concat();
    let mut code = leb(functions + 2);
    code.extend([4, 0, 0x20, 0, 0x0b, 2, 0, 0x0b]);
    let body: Vec<u8> = [0, 0x20, 0]
        .into_iter()
        .chain([0x41, 1, 0x6a].repeat(340))
        .chain([0x0b])
        .collect();
    for _ in 0..functions {
        code.extend(leb(body.len()));
        code.extend(&body);
    }
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &types),
        section(3, &kinds),
        section(5, &[1, 0, 1]),
        section(7, &exports),
        section(10, &code),
    ]
    .concat()
}

#[test]
fn a_module_of_10_mb_loads_and_runs() {
    let bytes = module(10_000);
    assert!(bytes.len() > 10_000_000);
    let module = Module::load(&Engine::new(&Limits::default()), "large", &bytes).unwrap();
    let mut vm = Vm::<Recorder>::new(&module, VmSettings::default()).unwrap();
    let (proxy, step) = vm.call(Recorder::new(), GuestCall::Start);
    assert_eq!(step, Step::Returned(0));
    let (_, step) = vm.call(proxy, GuestCall::OnDone { context: 7 });
    assert_eq!(step, Step::Returned(7 + 340));
}
