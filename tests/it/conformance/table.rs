//! The table of `tests/README.md`: every test that it names is there.

use crate::support::root;
use std::path::PathBuf;

/// Rows that are left out because they are a C++ host's own matter; more would be an excuse.
const LEFT_OUT_MAX: usize = 15;

#[test]
fn every_test_that_the_table_names_is_there() {
    let text = std::fs::read_to_string(root().join("tests/README.md")).unwrap();
    let names: Vec<&str> = text
        .split('`')
        .filter(|word| word.contains("::") && !word.contains(char::is_whitespace))
        .collect();
    assert!(names.len() > 100, "the table is gone");
    let missing: Vec<&str> = names.into_iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "no such test: {missing:#?}");
}

#[test]
fn few_rows_are_left_out_and_each_says_why() {
    let text = std::fs::read_to_string(root().join("tests/README.md")).unwrap();
    let (_, rest) = text.split_once("### Left out\n").unwrap();
    let table = rest.split("\n### ").next().unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(2)
        .collect();
    assert!((1..=LEFT_OUT_MAX).contains(&rows.len()), "{}", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert!(
            cells.len() == 2 && cells.iter().all(|cell| !cell.is_empty()),
            "{row}"
        );
    }
}

/// The tests of proxy-wasm-cpp-host and of Envoy that the table answers for, by file.
const THEIRS: &[(&str, &str)] = &[
    (
        "exports_test",
        "Environment WithoutEnvironment Clock RandomZero Small Large TooLarge",
    ),
    (
        "runtime_test",
        "BadSignature StraceLogLevel TerminateExecution WasmMemoryLimit Trap Trap2 SerializeAndDeserializeRoundTripWorks Callback",
    ),
    (
        "wasm_vm_test",
        "Init Basic Memory SetDatatypeWritesLittleEndian Clone",
    ),
    (
        "security_test",
        "MallocNoHostcalls MallocWithLog MallocWithHostcall",
    ),
    ("stop_iteration_test", "AllowOnHeadersStopIteration"),
    ("logging_test", "HttpLogging"),
    ("pairs_util_test", "EncodeDecode fuzzer"),
    (
        "shared_data_test",
        "SingleThread Concurrent DeleteByVmId VmIdHandleCleanup",
    ),
    (
        "shared_queue_test",
        "NextQueueToken SingleThread Concurrent DeleteByVmId VmIdHandleCleanup",
    ),
    ("vm_id_handle_test", "Basic"),
    (
        "wasm_test",
        "GetOrCreateThreadLocalWasmFailCallbacks AlwaysApplyCanary CleanupThreadLocalCacheKeys",
    ),
    (
        "bytecode_util_test",
        "getCustomSection getFunctionNameIndex getStrippedSource getAbiVersion writeModuleWithCustomSection fuzzer",
    ),
    ("signature_util_test", ""),
    ("endianness_test", ""),
    ("null_vm_test", ""),
    (
        "http/wasm",
        "BadCode HeadersOnlyRequestHeadersOnly AllHeadersAndTrailers AllHeadersAndTrailersNotStarted HeadersOnlyRequestHeadersAndBody HeadersStopAndContinue HeadersStopAndBuffer HeadersStopAndWatermark BodyRequestReadBody PrependAndAppendToBody ReplaceBody PartialReplaceBody RemoveBody PartialRemoveBody BodyRequestBufferBody PrependAndAppendToBufferedBody ReplaceBufferedBody PartialReplaceBufferedBody RemoveBufferedBody PartialRemoveBufferedBody BodyRequestBufferThenStreamBody BodyResponseBufferThenStreamBody AccessLog AccessLogClientDisconnected AccessLogDisabledForIncompleteStream AccessLogCreate AsyncCall StopAndResumeViaAsyncCall AsyncCallBadCall AsyncCallBadCluster AsyncCallFailure AsyncCallAfterDestroyed GrpcCall GrpcCallBadCall GrpcCallFailure GrpcCallCancel GrpcCallClose GrpcCallAfterDestroyed GrpcStream GrpcStreamCloseLocal GrpcStreamCloseRemote GrpcStreamCancel GrpcStreamOpenAtShutdown Metadata Property ClusterMetadata SharedData SharedQueue RootIdNotRegistered RootId1 RootId2 PanicOnRequestHeaders PanicOnRequestBody PanicOnRequestTrailers PanicOnResponseHeaders PanicOnResponseBody PanicOnResponseTrailers CloseRequest CloseResponse VerifySignature",
    ),
    (
        "network/wasm",
        "BadCode BadCodeFailOpen HappyPath CloseDownstreamFirst CloseStream SegvFailOpen RestrictOnNewConnection RestrictOnDownstreamConnectionClose RestrictLog StopAndResumeDownstreamViaAsyncCall StopAndResumeUpstreamViaAsyncCall CloseDownstream CloseUpstream PanicOnNewConnection PanicOnDownstreamData PanicOnUpstreamData",
    ),
    (
        "common/wasm",
        "WasmFailState Logging BadSignature Segv DivByZero IntrinsicGlobals Utilities Stats Foreign OnForeign WASI VmCache RemoteCode RemoteCodeMultipleRetry RestrictCapabilities AllowOnVmStart AllowLog AllowWASI AllowOnContextCreate ThreadLocalCopyRetainsEnforcement OnDnsResolve EmptyContext LocalReplyWhenPanic ProcessInvalidGRPCStatusCodeAsEmptyInLocalReply ProcessValidGRPCStatus DuplicateLocalReply LocalReplyInRequestAndResponse PanicDuringResponse FailReloadPolicy FailClosedPolicy FailUnspecifiedPolicy FailOpenPolicy",
    ),
    (
        "context_test",
        "GetRequestStreamInfoTest GetConnectionTest SerializeValueMapTest SerializeValueListTest FindValueTest ClearRouteCacheCalledInDownstreamConfiguration ClearRouteCacheDoesNothingInUpstreamConfiguration",
    ),
    (
        "foreign_test",
        "ForeignFunctionEdgeCaseTest ForeignFunctionSetEnvoyFilterTest ForeignFunctionClearRouteCache",
    ),
    ("plugin_test", "environment variables plugin key"),
];

#[test]
fn every_test_of_theirs_stands_in_a_row() {
    let text = std::fs::read_to_string(root().join("tests/README.md")).unwrap();
    let (_, table) = text.split_once("## The checklist").unwrap();
    let first_cells = table.lines().filter_map(|line| line.strip_prefix("| "));
    let rows: Vec<&str> = first_cells
        .map(|l| l.split(" | ").next().unwrap())
        .collect();
    let all = rows.join(" ");
    let words: Vec<&str> = all
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .collect();
    for (file, tests) in THEIRS {
        for test in tests.split(' ').filter(|test| !test.is_empty()) {
            assert!(words.contains(&test), "{file}: no row says {test}");
        }
        assert!(table.contains(file), "nothing is said of {file}");
    }
}

/// Whether `room::file::name` is a test in `tests/it` or in `src`.
fn is_there(name: &str) -> bool {
    let (module, function) = name.rsplit_once("::").unwrap();
    let path = module.replace("::", "/");
    let files: [PathBuf; 3] = [
        root().join(format!("tests/it/{path}.rs")),
        root().join(format!("tests/it/{path}/mod.rs")),
        root().join(format!("src/{path}.rs")),
    ];
    let wanted = format!("fn {function}()");
    files.iter().any(|file| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.split("#[test]").skip(1).any(|after| {
            let signature = after.lines().find(|line| line.contains("fn "));
            signature.is_some_and(|line| line.contains(&wanted))
        })
    })
}
