//! The guests: modules of every toolchain, built from `tests/guests` for the native tests.
//!
//! A guest is built again only when its sources or this file (flags and versions) have changed.

use crate::sh::{self, Outcome};
use crate::{npm, pip, tools};
use std::path::{Path, PathBuf};

/// PyPI's `ziglang`: one download with compilers for C, C++ and Zig and their libraries.
const ZIGLANG: &str = "0.15.2";

/// A module to build.
struct Guest {
    /// It becomes `target/guests/NAME.wasm`.
    name: &'static str,
    /// What it is made of, below `tests/guests`.
    sources: &'static [&'static str],
    /// Builds it; gives the file.
    build: fn() -> Outcome<PathBuf>,
}

const GUESTS: [Guest; 8] = [
    Guest {
        name: "rust",
        sources: &["rust"],
        build: || rust("guest", "wasm32-unknown-unknown"),
    },
    Guest {
        name: "rust-wasip1",
        sources: &["rust"],
        build: || rust("guest", "wasm32-wasip1"),
    },
    Guest {
        name: "rust-rewriter",
        sources: &["rust"],
        build: || rust("rewriter", "wasm32-unknown-unknown"),
    },
    Guest {
        name: "rust-grpc",
        sources: &["rust"],
        build: || rust("grpc", "wasm32-unknown-unknown"),
    },
    Guest {
        name: "assemblyscript",
        sources: &["assemblyscript"],
        build: assemblyscript,
    },
    Guest {
        name: "c",
        sources: &["c"],
        build: c,
    },
    Guest {
        name: "cpp",
        sources: &["c/proxy_wasm.h", "cpp"],
        build: cpp,
    },
    Guest {
        name: "zig",
        sources: &["zig"],
        build: zig,
    },
];

/// Builds the guests that are missing or stale, and gives the directory with `NAME.wasm`.
pub(crate) fn build() -> Outcome<PathBuf> {
    let out = sh::root().join("target/guests");
    sh::make_dir(&work())?;
    for guest in &GUESTS {
        let version = version(guest)?;
        let (module, stamp) = (
            out.join(format!("{}.wasm", guest.name)),
            out.join(format!("{}.version", guest.name)),
        );
        if module.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|have| have == version) {
            continue;
        }
        sh::step(&format!("building the guest {}", guest.name), || {
            let built = (guest.build)()?;
            sh::copy(&built, &module)?;
            sh::write(&stamp, &version)
        })?;
    }
    Ok(out)
}

/// Names what a guest is made from.
fn version(guest: &Guest) -> Outcome<String> {
    let mut bytes = include_bytes!("guests.rs").to_vec();
    bytes.extend(sh::read_bytes(&sh::root().join("rust-toolchain.toml"))?);
    for source in guest.sources {
        add_to(&mut bytes, &sources().join(source))?;
    }
    Ok(sh::hash(&bytes))
}

/// Adds a file, or all files below a directory, with their names.
fn add_to(bytes: &mut Vec<u8>, path: &Path) -> Outcome<()> {
    if path.is_dir() {
        // What an editor or a package manager leaves behind is no source.
        let kept = |path: &PathBuf| !path.ends_with("node_modules") && !path.ends_with("target");
        for path in sh::list(path)?.iter().filter(|path| kept(path)) {
            add_to(bytes, path)?;
        }
        return Ok(());
    }
    let name = path.strip_prefix(sources()).unwrap_or(path);
    bytes.extend(name.to_string_lossy().as_bytes());
    bytes.extend(sh::read_bytes(path)?);
    Ok(())
}

fn sources() -> PathBuf {
    sh::root().join("tests/guests")
}

/// Where compilers leave what they need to be quicker the next time.
fn work() -> PathBuf {
    sh::root().join("target/guests/build")
}

/// A package of `tests/guests/rust`, as an author would build it.
fn rust(package: &str, target: &str) -> Outcome<PathBuf> {
    tools::targets()?;
    let mut cargo = sh::cargo();
    cargo.current_dir(sources().join("rust"));
    cargo.args(["build", "-q", "--locked", "--release", "--target", target]);
    cargo.args(["-p", package]);
    cargo.env("CARGO_TARGET_DIR", work());
    // Set but empty, it outranks .cargo/config.toml, whose flags are for the page and the engine.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "");
    sh::run(&mut cargo)?;
    Ok(work().join(format!("{target}/release/{package}.wasm")))
}

/// With the compiler, the SDK and the WASI library that the lock file names.
fn assemblyscript() -> Outcome<PathBuf> {
    let source = sources().join("assemblyscript");
    let packages = npm::packages(&source, "fetching the AssemblyScript compiler and SDK")?;
    // The compiler finds packages only above what it compiles.
    let home = work().join("assemblyscript");
    let here = home.join("guest");
    sh::copy_dir(&source.join("assembly"), &here, &|_| false)?;
    npm::link(&packages.join("node_modules"), &home.join("node_modules"))?;
    let mut asc = sh::command("node");
    asc.current_dir(&home);
    asc.args(["node_modules/assemblyscript/bin/asc.js", "guest/index.ts"]);
    asc.args([
        "--config",
        "node_modules/@assemblyscript/wasi-shim/asconfig.json",
    ]);
    asc.args(["-O3s", "-o", "guest/guest.wasm"]);
    sh::run(&mut asc)?;
    Ok(here.join("guest.wasm"))
}

/// C on the bare ABI, without a library.
fn c() -> Outcome<PathBuf> {
    let out = work().join("c.wasm");
    let mut cc = zig_command()?;
    cc.args(["cc", "-target", "wasm32-freestanding", "-std=c11"]);
    cc.args(["-nostdlib", "-Wl,--no-entry"]);
    warnings_and_output(&mut cc, &out);
    cc.arg("c/guest.c");
    sh::run(&mut cc)?;
    Ok(out)
}

/// C++ with its standard library on WASI, as a reactor: constructors run in `_initialize`.
fn cpp() -> Outcome<PathBuf> {
    let out = work().join("cpp.wasm");
    let mut cc = zig_command()?;
    cc.args(["c++", "-target", "wasm32-wasi", "-std=c++20"]);
    cc.args(["-mexec-model=reactor", "-fno-exceptions"]);
    cc.arg("-Wl,--export=malloc");
    warnings_and_output(&mut cc, &out);
    cc.arg("cpp/guest.cc");
    sh::run(&mut cc)?;
    Ok(out)
}

fn warnings_and_output(cc: &mut std::process::Command, out: &Path) {
    cc.args(["-O2", "-s", "-Wall", "-Wextra", "-Werror", "-o"]);
    cc.arg(out);
}

/// Zig with its own allocator.
fn zig() -> Outcome<PathBuf> {
    let out = work().join("zig.wasm");
    let mut zig = zig_command()?;
    zig.args(["build-exe", "zig/guest.zig", "-target"]);
    zig.args(["wasm32-freestanding", "-O", "ReleaseSmall"]);
    zig.args(["-fno-entry", "-rdynamic"]);
    zig.arg(format!("-femit-bin={}", out.display()));
    sh::run(&mut zig)?;
    Ok(out)
}

/// The `zig` of PyPI's package.
fn zig_command() -> Outcome<std::process::Command> {
    let home = pip::packages(
        &format!("ziglang-{ZIGLANG}"),
        &format!("ziglang {ZIGLANG}"),
        &[format!("ziglang=={ZIGLANG}")],
    )?;
    let mut zig = sh::command(home.join("ziglang/zig"));
    zig.current_dir(sources());
    // The libraries are compiled once for all clones, where that can be kept.
    let cache = match tools::writable(&home.join("cache")) {
        true => home.join("cache"),
        false => work().join("zig-libraries"),
    };
    zig.env("ZIG_GLOBAL_CACHE_DIR", cache);
    zig.env("ZIG_LOCAL_CACHE_DIR", work().join("zig"));
    Ok(zig)
}
