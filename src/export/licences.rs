//! What the site is made of besides our own code, with licences: from `cargo metadata` and the npm
//! lock file, as HTML.

use crate::course::escape;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One package.
struct Package {
    version: String,
    licence: String,
    home: String,
}

/// A page's HTML. `metadata` is what `cargo metadata` prints, `lock` npm's `package-lock.json`.
///
/// # Errors
/// What cannot be read.
pub fn html(metadata: &str, lock: &str) -> Result<String, String> {
    let read = |what: &str, text: &str| {
        serde_json::from_str::<Value>(text).map_err(|e| format!("{what}: {e}"))
    };
    let crates = crates(&read("cargo metadata", metadata)?)
        .ok_or("cargo metadata: no list of packages and what each needs")?;
    let npm = npm(&read("package-lock.json", lock)?).ok_or("package-lock.json: no packages")?;
    Ok(format!(
        "<p>The site itself is under the Apache License 2.0. It holds compiled code of these packages.</p>\
         <h2 id=\"rust\">Rust</h2>{}<h2 id=\"scripts\">Scripts</h2>{}",
        table("Rust packages", &crates),
        table("npm packages", &npm)
    ))
}

/// The crates that the page and the engine are linked from.
fn crates(metadata: &Value) -> Option<BTreeMap<String, Package>> {
    let root = metadata["resolve"]["root"].as_str()?;
    let nodes: BTreeMap<&str, &Value> = (metadata["resolve"]["nodes"].as_array()?.iter())
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut left = vec![root];
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
        id != root && seen.contains(id)
    });
    packages
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap_or_default().to_string();
            let found = Package {
                version: text("version"),
                licence: text("license"),
                home: text("repository"),
            };
            Some((text("name"), found))
        })
        .collect()
}

/// The npm packages that the bundles are made from.
fn npm(lock: &Value) -> Option<BTreeMap<String, Package>> {
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
        };
        Some((name.to_string(), found))
    });
    Some(packages.collect())
}

fn table(name: &str, packages: &BTreeMap<String, Package>) -> String {
    let rows = packages.iter().map(|(name, package)| {
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
         <th scope=\"col\">Package</th><th scope=\"col\">Version</th><th scope=\"col\">Licence</th></tr></thead>\
         <tbody>{}</tbody></table></div>",
        rows.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::html;

    const LOCK: &str = r#"{"packages": {"": {}, "node_modules/a": {"version": "1.0.0", "license": "MIT"},
        "node_modules/esbuild": {"version": "1.0.0", "license": "MIT"}}}"#;

    #[test]
    fn what_is_linked_is_listed_and_what_only_builds_is_not() {
        let metadata = r#"{"resolve": {"root": "r", "nodes": [
            {"id": "r", "deps": [{"pkg": "x", "dep_kinds": [{"kind": null}]}, {"pkg": "y", "dep_kinds": [{"kind": "build"}]}]},
            {"id": "x", "deps": []}, {"id": "y", "deps": []}]},
            "packages": [{"id": "r", "name": "r"},
            {"id": "x", "name": "xx", "version": "2.0.0", "license": "MIT", "repository": "https://x.example/"},
            {"id": "y", "name": "yy", "version": "1.0.0", "license": "MIT"}]}"#;
        let html = html(metadata, LOCK).expect("a page");
        assert!(html.contains("xx</a>") && html.contains("2.0.0"));
        assert!(!html.contains("yy") && !html.contains("esbuild"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let problem = html("{}", LOCK).expect_err("no packages");
        assert!(problem.starts_with("cargo metadata"), "{problem}");
    }
}
