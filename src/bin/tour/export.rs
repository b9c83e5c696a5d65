//! `tour export` and `tour import`: a lab as files that run elsewhere, and the way back.

use super::options::{Options, Takes};
use super::{Done, Unusable, run};
use proxy_wasm_tour::export::{self, Bundle, Disk, Named, Target, in_words, read_text};
use proxy_wasm_tour::model::Problem;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const EXPORT: &[(&str, Takes)] = &[
    ("force", Takes::Nothing),
    ("samples", Takes::One),
    ("parts", Takes::One),
];

const IMPORT: &[(&str, Takes)] = &[("surroundings", Takes::One)];

/// What an export leaves beside a bootstrap.
const SURROUNDINGS: &str = "surroundings.yaml";

pub(crate) fn command(args: impl Iterator<Item = OsString>) -> Result<Done, Unusable> {
    let mut options = Options::read(args, EXPORT)?;
    let (target, dir) = match options.words.as_slice() {
        [_, target, dir] => (target_of(target)?, PathBuf::from(dir)),
        _ => {
            return Err(Unusable(format!(
                "`tour export` wants a lab file, a target and a directory\n  tour export LAB.yaml {} DIR",
                words("|")
            )));
        }
    };
    options.words.truncate(1);
    let (lab, contents) = run::from_file(&options)?;
    let mut disk = Disk::around(Path::new(&options.words[0]));
    if let Some(samples) = options.value("samples") {
        disk.samples = samples.into();
    }
    let bundle = export::bundle(&lab, &contents, target, &disk)?;
    write(&bundle, &dir, options.has("force"))?;
    let mut out = String::new();
    for file in &bundle.files {
        out.push_str(&format!("{}\n", dir.join(&file.path).display()));
    }
    let err: String = bundle
        .notes
        .iter()
        .map(|note| format!("note: {note}\n"))
        .collect();
    Ok(Done { out, err, ok: true })
}

fn words(between: &str) -> String {
    Target::ALL.map(Target::word).join(between)
}

fn target_of(word: &str) -> Result<Target, Unusable> {
    Target::named(word).ok_or_else(|| {
        Unusable(format!(
            "nothing is exported to `{word}`\n  Known targets: {}.",
            words(", ")
        ))
    })
}

/// Writes the files of a bundle; none of them where one is there already, unless by force.
fn write(bundle: &Bundle, dir: &Path, force: bool) -> Result<(), Unusable> {
    let mut there = bundle.files.iter().map(|file| dir.join(&file.path));
    let there = there.find(|path| path.symlink_metadata().is_ok());
    if let (Some(path), false) = (there, force) {
        return Err(Problem::in_file(
            path.display().to_string(),
            "there is such a file already",
            "Give another directory, or --force to write over what is there.",
        )
        .into());
    }
    for file in &bundle.files {
        let path = dir.join(&file.path);
        let written = std::fs::create_dir_all(path.parent().unwrap_or(dir))
            .and_then(|()| std::fs::write(&path, &file.bytes))
            .and_then(|()| runnable(&path, file.executable));
        written.map_err(|error| {
            Problem::in_file(
                path.display().to_string(),
                in_words(&error),
                "Give a directory that can be written.",
            )
        })?;
    }
    Ok(())
}

#[cfg(unix)]
fn runnable(path: &Path, yes: bool) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    match yes {
        true => std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)),
        false => Ok(()),
    }
}

#[cfg(not(unix))]
fn runnable(_: &Path, _: bool) -> std::io::Result<()> {
    Ok(())
}

/// `tour import`.
pub(crate) fn import(args: impl Iterator<Item = OsString>) -> Result<Done, Unusable> {
    let options = Options::read(args, IMPORT)?;
    let file = options.one_word("the bootstrap")?;
    let text = read_text(file, "Give the path of a bootstrap, as envoy.yaml.")?;
    Ok(Done::text(imported(
        file,
        &text,
        options.value("surroundings"),
    )?))
}

/// The lab file of a bootstrap and of what lies beside it; its paths are relative to the bootstrap.
pub(crate) fn imported(
    file: &str,
    text: &str,
    surroundings: Option<&str>,
) -> Result<String, Unusable> {
    let folder = match Path::new(file).parent() {
        Some(folder) => folder.to_owned(),
        None => PathBuf::new(),
    };
    let beside = folder.join(SURROUNDINGS);
    let name = match surroundings {
        Some(name) => Some(name.to_owned()),
        None => beside.is_file().then(|| beside.display().to_string()),
    };
    let help = "Give the path of the file that an export has written beside its bootstrap.";
    let around = name
        .as_ref()
        .map(|name| read_text(name, help))
        .transpose()?;
    let around = name.as_ref().zip(around.as_ref());
    let around = around.map(|(name, text)| Named { name, text });
    let find = |path: &str| {
        let base = path.rsplit('/').next().unwrap_or(path);
        [base, path.trim_start_matches('/'), path]
            .into_iter()
            .find(|name| folder.join(name).is_file())
            .map(str::to_owned)
    };
    Ok(export::import(Named { name: file, text }, around, &find)?)
}
