//! `tour new lesson FOLDER`: a lesson that passes the gate, to be written over.

use super::options::Options;
use super::{Done, Unusable};
use proxy_wasm_tour::export::in_words;
use proxy_wasm_tour::model::Problem;
use std::ffi::OsString;
use std::path::Path;

/// What a lesson begins with: the file's name and its text. `%ID%` and `%TITLE%` are filled in.
const FILES: [(&str, &str); 4] = [
    (
        "index.md",
        "---
id: %ID%
title: %TITLE%
goal: say in one phrase what the learner can do afterwards
minutes: 5
needs: []
kind: core
sources:
- https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/wasm_filter
---
One idea. Say what it is good for, then show it.

## Predict

```predict
id: what-changes
scenario: one request
question: What does the upstream see as the chain stands?
choices:
- text: \"`x-hello: world`\"
  say: Look at the chain again. There is no filter that would add it.
  expect:
  - upstream: {headers: {x-hello: world}}
- text: No `x-hello` at all
  say: Yes. The router alone changes none of the client's headers.
  expect:
  - upstream: {no_headers: [x-hello]}
```

## Change it

```lab
scenario: one request
text: Send the request
```
",
    ),
    (
        "lab.yaml",
        "name: %TITLE%
envoy: {edit: envoy.yaml}
files:
  /etc/envoy/add-header.wasm: {sample: add-header}
scenarios:
- name: one request
  traffic:
  - request: {path: /hello}
  expect:
  - upstream: {headers: {x-hello: world}}
    hint: Does the chain have a filter that adds it?
- name: another request
  hidden: true
  traffic:
  - request: {method: POST, path: /other}
  expect:
  - upstream: {headers: {x-hello: world}}
    hint: It must not depend on the request.
exercises:
- id: %ID%
  kind: config
  task: Put the filter `add-header` into the chain.
  hints:
  - A filter stands in `http_filters`, before the router.
  why: The router sends what the filters before it have left.
",
    ),
    ("start/envoy.yaml", "http_filters:\n%ROUTER%"),
    (
        "solution/envoy.yaml",
        "http_filters:
- name: envoy.filters.http.wasm
  typed_config:
    \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config:
      name: add-header
      vm_config:
        runtime: envoy.wasm.runtime.v8
        code: {local: {filename: /etc/envoy/add-header.wasm}}
%ROUTER%",
    ),
];

const ROUTER: &str = "- name: envoy.filters.http.router
  typed_config:
    \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
";

pub(crate) fn command(args: impl Iterator<Item = OsString>) -> Result<Done, Unusable> {
    let mut args = args.peekable();
    match args.next() {
        Some(what) if what == "lesson" => {}
        _ => {
            return Err(
                "`tour new` makes a lesson\n  tour new lesson content/en/NN-part/NN-lesson"
                    .to_owned()
                    .into(),
            );
        }
    }
    let options = Options::read(args, &[])?;
    let folder = options.one_word("the folder of the lesson (content/en/04-part/02-lesson)")?;
    let folder = Path::new(folder);
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let id = match name.split_once('-') {
        Some((number, id))
            if number.len() == 2
                && number.bytes().all(|b| b.is_ascii_digit())
                && !id.is_empty() =>
        {
            id
        }
        _ => {
            return Err(format!(
                "the folder `{name}` does not begin with two digits and a hyphen\n  The number gives the lesson's place: content/en/04-part/02-lesson."
            )
            .into());
        }
    };
    if folder.exists() {
        return Err(format!(
            "{} is there already\n  Choose another number or name.",
            folder.display()
        )
        .into());
    }
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !id.chars().all(letter) {
        return Err(format!(
            "`{id}` cannot be a lesson's id\n  It stands in the address: lower-case letters, digits and hyphens, as in 02-my-lesson."
        )
        .into());
    }
    let mut title = id.replace('-', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let mut out = String::new();
    for (file, text) in FILES {
        let path = folder.join(file);
        let text = text
            .replace("%ID%", id)
            .replace("%TITLE%", &title)
            .replace("%ROUTER%", ROUTER);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|e| {
                let help = "Name a folder that can be made.";
                Problem::in_file(path.display().to_string(), in_words(&e), help)
            })?;
        out.push_str(&format!("{}\n", path.display()));
    }
    out.push_str("Write over them. `tour check content/` says what is missing, `cargo xtask serve` shows the page.\n");
    Ok(Done::text(out))
}
