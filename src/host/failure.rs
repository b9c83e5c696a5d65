//! How loading and running a module can fail, in Envoy's states and words.

use crate::model::Bytes;
use wasmi::TrapCode;
use wasmi::errors::{ErrorKind, InstantiationError};

/// Envoy's states of a VM that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailState {
    /// The VM could not be made.
    UnableToCreateVm = 1,
    /// The VM could not be copied for a thread.
    UnableToCloneVm = 2,
    /// A function that every module needs is missing.
    MissingFunction = 3,
    /// The bytes, their imports or their exports are not usable.
    UnableToInitializeCode = 4,
    /// `proxy_on_vm_start` returned false.
    StartFailed = 5,
    /// `proxy_on_configure` returned false.
    ConfigureFailed = 6,
    /// A trap.
    RuntimeError = 7,
}

/// Why a module cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// Envoy's state.
    pub state: FailState,
    /// Envoy's words, then what to do.
    pub message: String,
}

impl LoadError {
    pub(super) fn new(state: FailState, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { state, message }
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LoadError {}

/// Why a VM is dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Envoy's state.
    pub state: FailState,
    /// The export that was called.
    pub function: String,
    /// What happened in it: `unreachable`, `out of fuel: …`.
    pub cause: String,
    /// The limit that was hit, when one was: `fuel`, `memory`, `run memory`, `stack`, `table`, `log`,
    /// `run log`, `kept`, or one of the proxy's (`shared data`, `queue`, `uncompress`).
    pub limit: Option<&'static str>,
    /// The last host call of the callback that is no logging, and its status, when there was one.
    pub last_host_call: Option<String>,
    /// The last line that the callback has logged at error or critical, when there was one: a Rust
    /// panic, an AssemblyScript abort.
    pub said: Option<Bytes>,
    /// The line that Envoy logs: `Function: NAME failed: …`. Where Envoy adds a backtrace, the last
    /// host call stands, and where to find what the module itself says.
    pub message: String,
}

impl Failure {
    pub(super) fn trap(function: &str, cause: String, limit: Option<&'static str>) -> Self {
        Self {
            state: FailState::RuntimeError,
            function: function.to_owned(),
            message: format!("Function: {function} failed: Uncaught RuntimeError: {cause}"),
            cause,
            limit,
            last_host_call: None,
            said: None,
        }
    }

    /// Says which host call the callback has made last.
    pub(super) fn after(&mut self, name: &str, status: &str) {
        let call = match status {
            "" => name.to_owned(),
            status => format!("{name}: {status}"),
        };
        self.message += &format!(" (last host call: {call})");
        self.last_host_call = Some(call);
    }
}

/// What a host call throws to end the guest's call.
#[derive(Debug)]
pub(super) enum Stop {
    /// The proxy wants another thread to run before this host call.
    Suspend,
    /// A trap of the host's making: its cause and the limit that was hit.
    Trap(String, Option<&'static str>),
    /// A replay has come to its event: the guest stands still.
    Halt,
    /// `proc_exit`: the exit code.
    Exit(u32),
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Suspend => f.write_str("suspended"),
            Self::Halt => f.write_str("halted"),
            Self::Trap(cause, _) => f.write_str(cause),
            Self::Exit(code) => write!(f, "proc_exit({code})"),
        }
    }
}

impl std::error::Error for Stop {}
impl wasmi::errors::HostError for Stop {}

/// The cause of an end for lack of fuel, and its limit.
pub(super) fn out_of_fuel(fuel: u64) -> (String, &'static str) {
    let cause = format!("out of fuel: the callback used its limit of {fuel} units");
    (cause, "fuel")
}

/// The cause of an interpreter's error in V8's words where V8 has some, and the limit it stands for.
pub(super) fn cause(error: &wasmi::Error, fuel: u64) -> (String, Option<&'static str>) {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Trap(cause, limit) => (cause.clone(), *limit),
            Stop::Exit(code) => (format!("the module called proc_exit({code})"), None),
            Stop::Suspend | Stop::Halt => (stop.to_string(), None),
        };
    }
    let words = match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => "unreachable",
        Some(TrapCode::MemoryOutOfBounds) => "memory access out of bounds",
        Some(TrapCode::TableOutOfBounds) => "table index is out of bounds",
        Some(TrapCode::IndirectCallToNull) => "indirect call of a null function",
        Some(TrapCode::IntegerDivisionByZero) => "divide by zero",
        Some(TrapCode::IntegerOverflow) => "divide result unrepresentable",
        Some(TrapCode::BadConversionToInteger) => "float unrepresentable in integer range",
        Some(TrapCode::BadSignature) => "null function or function signature mismatch",
        Some(TrapCode::StackOverflow) => {
            let cause = "Maximum call stack size exceeded (the stack limit)";
            return (cause.to_owned(), Some("stack"));
        }
        Some(TrapCode::OutOfFuel) => {
            let (cause, limit) = out_of_fuel(fuel);
            return (cause, Some(limit));
        }
        Some(TrapCode::GrowthOperationLimited | TrapCode::OutOfSystemMemory) => {
            return (
                "out of memory (the memory limit)".to_owned(),
                Some("memory"),
            );
        }
        None => return (plain_words(error), None),
    };
    (words.to_owned(), None)
}

/// An interpreter's error in words that are the same in every run: its own sometimes name a table
/// by the number of the store that it is in.
pub(super) fn plain_words(error: &wasmi::Error) -> String {
    match error.kind() {
        ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit {
            table_index: offset,
            len,
            ..
        }) => format!(
            "table index is out of bounds: an element segment of {len} functions at {offset} does not fit its table"
        ),
        _ => error.to_string(),
    }
}
