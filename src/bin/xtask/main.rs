//! The commands of this repository: `cargo xtask COMMAND`.
//!
//! Standard library only, so that it builds in seconds on a bare machine. It knows how the product
//! is put together and served, and nothing of what the product does.

// A command speaks through the terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod check;
mod envoy;
mod filters;
mod fuzz;
mod guests;
mod headers;
mod hosts;
mod leftovers;
mod npm;
mod offline;
mod options;
mod pip;
mod serve;
mod server;
mod sh;
mod site;
mod slim;
mod test;
mod tools;
mod vendor;
mod watch;
mod words;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  serve [--port N]        build everything, serve it, and rebuild on change
  test [GROUP]            every test: native, course (the gate), envoy (exports), browser; or one
  build [--site URL]      write the finished site to dist/
  check                   formatting, lints, and proofs that the walls stand
  bench                   measure what the budgets limit
  fuzz [--minutes N] [--seed S]
                          run the fuzz targets: N minutes, 1 unless told
  filters                 build the sample filters into target/filters/
  guests                  build the tests' modules of every SDK into target/guests/
  tools                   only bring the tools that are missing
  static DIR [--port N] [--mount /x/y/]
                          serve a finished site with its headers";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &[][..]),
    };
    let outcome = match command {
        "serve" => serve::serve(rest),
        // It says itself what failed, before its last line.
        "test" => return test::test(rest),
        "build" => site::build_release(rest),
        "check" => alone(rest).and_then(|()| check::check()),
        "bench" => alone(rest).and_then(|()| bench::bench()),
        "filters" => alone(rest).and_then(|()| filters::build().map(|_| ())),
        "fuzz" => fuzz::fuzz(rest),
        "guests" => alone(rest).and_then(|()| guests::build().map(|_| ())),
        "tools" => alone(rest).and_then(|()| tools::bring_all()),
        "static" => serve::serve_static(rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// For a command that takes neither options nor words.
fn alone(args: &[String]) -> sh::Outcome<()> {
    options::Given::read(args, &[], 0).map(|_| ())
}
