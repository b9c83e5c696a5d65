//! Makes the macro `say!` of the table of the interface's words.
//!
//! The language is `TOUR_LANGUAGE`, English unless it is set: a folder of `content` with that name.

#[path = "src/bin/xtask/words.rs"]
mod words;

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=TOUR_LANGUAGE");
    let language = std::env::var("TOUR_LANGUAGE").unwrap_or_else(|_| "en".to_string());
    let table = format!("content/{language}/words.properties");
    for file in ["build.rs", "src/bin/xtask/words.rs", &table] {
        println!("cargo:rerun-if-changed={file}");
    }
    let text = std::fs::read_to_string(&table).map_err(|e| format!("{table}: {e}"))?;
    let entries = words::read(&text).map_err(|e| format!("{table}, {e}"))?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("words.rs"), words::rust(&entries))?;
    println!("cargo:rustc-env=TOUR_LANGUAGE={language}");
    Ok(())
}
