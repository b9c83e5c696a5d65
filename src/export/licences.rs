//! What the site is made of besides our own code, with the full texts of the licences: from `cargo
//! metadata`, the npm lock file, and the packages' own folders, as HTML.

mod texts;

use crate::course::escape;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// One package.
struct Package {
    version: String,
    licence: String,
    home: String,
    /// Where its files are; unknown when it is not there.
    folder: Option<PathBuf>,
}

/// Packages by name. Two versions of one are two entries, told apart by the version.
type Packages = BTreeMap<(String, String), Package>;

/// A page's HTML. `metadata` is what `cargo metadata` prints, `lock` npm's `package-lock.json`,
/// `modules` the `node_modules` with what that lock names.
///
/// # Errors
/// What cannot be read.
pub fn html(metadata: &str, lock: &str, modules: Option<&Path>) -> Result<String, String> {
    let read = |what: &str, text: &str| {
        serde_json::from_str::<Value>(text).map_err(|e| format!("{what}: {e}"))
    };
    let crates = crates(&read("cargo metadata", metadata)?)
        .ok_or("cargo metadata: no list of packages and what each needs")?;
    let npm =
        npm(&read("package-lock.json", lock)?, modules).ok_or("package-lock.json: no packages")?;
    let all = crates.iter().chain(&npm);
    let found = all.map(|((name, version), package)| {
        let folder = package.folder.as_deref();
        (format!("{name} {version}"), folder.map(texts::of))
    });
    Ok(format!(
        "<p>{}</p><h2 id=\"rust\">{}</h2>{}<h2 id=\"scripts\">{}</h2>{}{}",
        say!(licences_own),
        say!(licences_rust),
        table(say!(licences_rust_table), &crates),
        say!(licences_scripts),
        table(say!(licences_scripts_table), &npm),
        texts::html(found)
    ))
}

/// The crates that the page, the workers and the sample filters are linked from.
fn crates(metadata: &Value) -> Option<Packages> {
    let root = metadata["resolve"]["root"].as_str()?;
    let nodes: BTreeMap<&str, &Value> = (metadata["resolve"]["nodes"].as_array()?.iter())
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    // The sample filters are packages of the same workspace, and the site serves them.
    let members = metadata["workspace_members"].as_array();
    let own: BTreeSet<&str> = (members.into_iter().flatten())
        .filter_map(Value::as_str)
        .chain([root])
        .collect();
    let mut seen = BTreeSet::new();
    let mut left: Vec<&str> = own.iter().copied().collect();
    while let Some(id) = left.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dep in nodes.get(id)?["deps"].as_array()? {
            // Without a kind it is linked, and not only used to build or to test.
            let linked = dep["dep_kinds"]
                .as_array()?
                .iter()
                .any(|kind| kind["kind"].is_null());
            if linked {
                left.push(dep["pkg"].as_str()?);
            }
        }
    }
    let packages = metadata["packages"].as_array()?.iter();
    let packages = packages.filter(|package| {
        let id = package["id"].as_str().unwrap_or_default();
        !own.contains(id) && seen.contains(id)
    });
    packages
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap_or_default().to_string();
            let manifest = package["manifest_path"].as_str().map(Path::new);
            let found = Package {
                version: text("version"),
                licence: text("license"),
                home: text("repository"),
                folder: manifest.and_then(Path::parent).map(Path::to_path_buf),
            };
            Some(((text("name"), text("version")), found))
        })
        .collect()
}

/// The npm packages that the bundles are made from.
fn npm(lock: &Value, modules: Option<&Path>) -> Option<Packages> {
    // What only builds is no part of the site.
    let builds = ["esbuild", "@esbuild/"];
    let packages = lock["packages"].as_object()?.iter();
    let packages = packages.filter_map(|(path, package)| {
        let name = path
            .rsplit("node_modules/")
            .next()
            .filter(|name| !name.is_empty())?;
        if builds.iter().any(|build| name.starts_with(build)) {
            return None;
        }
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_string();
        let found = Package {
            version: text("version"),
            licence: text("license"),
            home: format!("https://www.npmjs.com/package/{name}"),
            folder: modules
                .zip(path.strip_prefix("node_modules/"))
                .map(|(modules, below)| modules.join(below)),
        };
        Some(((name.to_string(), text("version")), found))
    });
    Some(packages.collect())
}

fn table(name: &str, packages: &Packages) -> String {
    let rows = packages.iter().map(|((name, _), package)| {
        let shown = match package.home.starts_with("https://") {
            true => format!(
                "<a href=\"{}\" rel=\"noopener\">{}</a>",
                escape(&package.home),
                escape(name)
            ),
            false => escape(name),
        };
        format!(
            "<tr><th scope=\"row\">{shown}</th><td>{}</td><td>{}</td></tr>",
            escape(&package.version),
            escape(&package.licence)
        )
    });
    format!(
        "<div class=\"scroll even\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\"><table><thead><tr>\
         <th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead>\
         <tbody>{}</tbody></table></div>",
        say!(column_package),
        say!(column_version),
        say!(column_licence),
        rows.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::html;
    use std::path::Path;

    const LOCK: &str = r#"{"packages": {"": {}, "node_modules/a": {"version": "1.0.0", "license": "MIT"},
        "node_modules/esbuild": {"version": "1.0.0", "license": "MIT"}}}"#;

    /// `r` is ours and `f` a sample filter; `x` stands in a folder with texts, `z` in an empty one.
    fn metadata(x: &Path, z: &Path) -> String {
        serde_json::json!({
            "workspace_members": ["r", "f"],
            "resolve": {"root": "r", "nodes": [
                {"id": "r", "deps": [{"pkg": "x", "dep_kinds": [{"kind": null}]}, {"pkg": "y", "dep_kinds": [{"kind": "build"}]}]},
                {"id": "f", "deps": [{"pkg": "z", "dep_kinds": [{"kind": null}]}]},
                {"id": "x", "deps": []}, {"id": "y", "deps": []}, {"id": "z", "deps": []}]},
            "packages": [{"id": "r", "name": "r"}, {"id": "f", "name": "filter"},
                {"id": "x", "name": "xx", "version": "2.0.0", "license": "MIT", "repository": "https://x.example/", "manifest_path": x.join("Cargo.toml")},
                {"id": "z", "name": "zz", "version": "3.0.0", "license": "MIT", "manifest_path": z.join("Cargo.toml")},
                {"id": "y", "name": "yy", "version": "1.0.0", "license": "MIT"}],
        })
        .to_string()
    }

    #[test]
    fn what_is_linked_is_listed_with_its_texts_and_what_only_builds_is_not() {
        let folder = std::env::temp_dir().join(format!("licences-{}", std::process::id()));
        let (x, z, a) = (
            folder.join("x"),
            folder.join("z"),
            folder.join("node_modules/a"),
        );
        for folder in [&x, &z, &a] {
            std::fs::create_dir_all(folder).expect("a folder");
        }
        std::fs::write(x.join("LICENSE-MIT"), "Permission <is>\n  granted.\n").expect("a file");
        std::fs::write(x.join("license.rs"), "no text").expect("a file");
        std::fs::write(a.join("LICENSE"), "Permission <is> granted.\r\n").expect("a file");
        let html = html(&metadata(&x, &z), LOCK, Some(&folder.join("node_modules")));
        std::fs::remove_dir_all(&folder).expect("it was made here");
        let html = html.expect("a page");
        assert!(html.contains("xx</a>") && html.contains("2.0.0"));
        assert!(!html.contains("yy") && !html.contains("esbuild") && !html.contains("no text"));
        // Texts that differ in their lines alone are one, with both packages.
        assert_eq!(html.matches("Permission &lt;is&gt;").count(), 1, "{html}");
        assert!(html.contains("xx 2.0.0, a 1.0.0"), "{html}");
        // A package without a text is named.
        assert!(html.contains("<li>zz 3.0.0</li>"), "{html}");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let problem = html("{}", LOCK, None).expect_err("no packages");
        assert!(problem.starts_with("cargo metadata"), "{problem}");
    }
}
