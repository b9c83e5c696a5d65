//! Notices that a file of the repository changed, by its time.

use crate::sh;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What the site is made of.
const WATCHED: [&str; 7] = [
    "src",
    "content",
    "public",
    "index.html",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
];

/// Each file and when it was last written.
pub(crate) type Snapshot = BTreeMap<PathBuf, SystemTime>;

/// The files as they are now.
pub(crate) fn snapshot() -> Snapshot {
    let mut found = Snapshot::new();
    for name in WATCHED {
        visit(&sh::root().join(name), &mut found);
    }
    found
}

/// Waits until something differs from `before` and then stands still, and gives what changed.
pub(crate) fn wait_for_change(before: &Snapshot) -> (Snapshot, Vec<PathBuf>) {
    let mut last = before.clone();
    loop {
        std::thread::sleep(Duration::from_millis(300));
        let now = snapshot();
        // Editors write several files in a row: build when nothing moved since the last look.
        if now == last && now != *before {
            let changed = now
                .iter()
                .filter(|(path, time)| before.get(*path) != Some(time))
                .map(|(path, _)| path.clone())
                .chain(
                    before
                        .keys()
                        .filter(|path| !now.contains_key(*path))
                        .cloned(),
                )
                .collect();
            return (now, changed);
        }
        last = now;
    }
}

fn visit(path: &Path, found: &mut Snapshot) {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let Some(name) = name else { return };
    if name.starts_with('.') || name.ends_with('~') || name == "node_modules" || name == "target" {
        return;
    }
    if path.is_dir() {
        for entry in sh::list(path).unwrap_or_default() {
            visit(&entry, found);
        }
    } else if let Ok(time) = path.metadata().and_then(|data| data.modified()) {
        found.insert(path.to_path_buf(), time);
    }
}
