//! `tour`: runs labs, examines modules, checks the course.
//!
//! Exit codes: 0 when everything asserted holds, 1 when something does not, 2 when what was given
//! cannot be used; then one message on stderr says what and where, and stdout is empty.

#![allow(clippy::print_stderr)]

mod at;
mod bench;
mod check;
mod doctor;
mod export;
mod new;
mod observe;
mod oneshot;
mod options;
mod race;
mod run;
mod show;
mod trace;

use proxy_wasm_tour::model::Problem;
use proxy_wasm_tour::model::yaml::nearest;
use std::io::Write as _;
use std::process::ExitCode;

/// What was given cannot be used: one message, exit code 2.
pub(crate) struct Unusable(pub(crate) String);

impl From<Problem> for Unusable {
    fn from(problem: Problem) -> Self {
        Self(problem.to_string())
    }
}

impl From<String> for Unusable {
    fn from(message: String) -> Self {
        Self(message)
    }
}

/// Text for stdout, and whether everything asserted holds.
pub(crate) struct Done {
    pub(crate) out: String,
    /// Text for stderr: what went wrong, where stdout is for machines.
    pub(crate) err: String,
    pub(crate) ok: bool,
}

impl Done {
    /// Text, and nothing was asserted.
    pub(crate) fn text(out: String) -> Self {
        Self {
            out,
            err: String::new(),
            ok: true,
        }
    }
}

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let command = args.next().map(|word| word.to_string_lossy().into_owned());
    let args: Vec<_> = args.collect();
    // Asked for behind a command too: all there is to know fits one screen.
    let help = args.iter().any(|word| word == "--help" || word == "-h");
    let args = args.into_iter();
    let result = match command.as_deref() {
        Some(_) if help => Ok(Done::text(HELP.to_owned())),
        Some("run") => run::command(args),
        Some("doctor") => doctor::command(args),
        Some("check") => check::command(args),
        Some("race") => race::command(args),
        Some("bench") => bench::command(args),
        Some("export") => export::command(args),
        Some("import") => export::import(args),
        Some("trace") => trace::command(args),
        Some("new") => new::command(args),
        None | Some("help" | "--help" | "-h") => Ok(Done::text(HELP.to_owned())),
        Some("--version" | "-V" | "version") => {
            Ok(Done::text(format!("tour {}\n", env!("CARGO_PKG_VERSION"))))
        }
        Some(other) => Err(unknown_command(other)),
    };
    match result {
        Ok(done) => {
            eprint!("{}", done.err);
            let mut stdout = std::io::stdout().lock();
            let written = stdout.write_all(done.out.as_bytes());
            match written.and_then(|()| stdout.flush()) {
                // A reader that has seen enough (`| head`) closes the pipe: that is no error.
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    eprintln!("tour: the output cannot be written: {error}");
                    return ExitCode::from(2);
                }
                _ => {}
            }
            ExitCode::from(u8::from(!done.ok))
        }
        Err(Unusable(message)) => {
            eprintln!("tour: {message}");
            ExitCode::from(2)
        }
    }
}

fn unknown_command(word: &str) -> Unusable {
    let help = match nearest(
        word,
        [
            "run",
            "race",
            "doctor",
            "check",
            "bench",
            "export",
            "import",
            "trace",
            "new",
            "help",
            "--version",
        ],
    ) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "`tour help` lists the commands.".to_owned(),
    };
    Unusable(format!("unknown command `{word}`\n  {help}"))
}

const HELP: &str = "\
tour: Proxy-Wasm filters in a simulated Envoy

  tour run LAB.yaml             run a lab and check what it expects
  tour run --wasm FILTER.wasm   one filter, one request, no lab file
  tour race LAB.yaml            whether its checks hold in every order of threads
  tour doctor FILTER.wasm       what a module imports, exports and runs on
  tour check content/           what is wrong with the course, if anything
  tour new lesson FOLDER        a lesson that passes it, to be written over
  tour bench LAB.yaml           time for each request
  tour export LAB.yaml envoy|compose|istio|project DIR
                                files for Envoy, alone or with Docker and a script
                                of the lab's checks; for Istio; to build its filters
  tour import BOOTSTRAP.yaml    a lab file of a bootstrap, on stdout
  tour trace ENVOY.log          Envoy's own trace (--component-log-level wasm:trace)
                                as the events of `run --trace`; - is stdin
  tour help, tour --version

Options of `run`:
  --json                 the whole report as one JSON object
  --trace                the trace only, one JSON event per line
  --stats text|prometheus
                         the stats only, as Envoy's /stats prints them
  --envoy-log            the log only, as Envoy writes it
  --admin VIEW           clusters, config_dump or listeners, as Envoy's admin has them
  --scenario NAME        only this scenario
  --at K                 the state when event K was recorded; with --json as JSON
  --memory ADDR,LEN      with --at: these bytes of the module's memory
  --samples DIR          where sample filters lie (default: target/filters)
  --parts DIR            where editable parts stand (default: start)
Options of `race`: --json, --scenario, --samples, --parts as above, and
  --orders N             runs after which the search ends (default: 10000)
Options of `check`: --samples as above
Options of `doctor`: --json
Options of `bench`: --json, --scenario, --samples, --parts as above
Options of `export`: --samples, --parts as above, and
  --force                write over files that are there
Options of `import`:
  --surroundings FILE    traffic, upstreams and checks of the lab
                         (default: surroundings.yaml beside the bootstrap)
A lab that `import` makes wants to lie beside the bootstrap.
`run` takes a bootstrap too, and imports it first.
Options of `run --wasm`:
  --config TEXT|@FILE    the plugin's configuration
  --request 'GET /path'  method, path, and host if you like
  --header 'name: value' a request header; may be repeated
  --body TEXT|@FILE      the request's body

Exit code: 0 all checks hold, 1 one fails, 2 something cannot be used.
";
