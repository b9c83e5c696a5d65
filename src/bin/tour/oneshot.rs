//! `tour run --wasm`: options to a lab file, so that there is one way to run anything.

use super::Unusable;
use super::options::Options;
use proxy_wasm_tour::export::in_words;
use proxy_wasm_tour::model::Bytes;
use serde_json::{Value, json};

/// The text of a lab with one filter and one request. JSON is YAML.
pub(crate) fn lab(wasm: &str, options: &Options) -> Result<String, Unusable> {
    let name = std::path::Path::new(wasm).file_stem().map_or_else(
        || wasm.to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    );
    let mut config = json!({
        "name": name,
        "vm_config": {
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": "/filter.wasm"}},
        },
    });
    if let Some(text) = options.value("config") {
        config["configuration"] = configuration(&content("config", text)?);
    }
    let (mut request, line) = (json!({}), options.value("request").unwrap_or(""));
    let body = options
        .value("body")
        .map(|given| content("body", given))
        .transpose()?;
    request_line(line, body.is_some(), &mut request)?;
    if let Some(body) = body {
        request["body"] = json!(body);
    }
    headers(options, &mut request)?;
    let lab = json!({
        "name": name,
        "envoy": {"http_filters": [{
            "name": "envoy.filters.http.wasm",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": config,
            },
        }]},
        "files": {"/filter.wasm": {"path": wasm}},
        "scenarios": [{"name": "request", "traffic": [{"request": request}]}],
    });
    Ok(lab.to_string())
}

/// TEXT, or the bytes of FILE for `@FILE`.
fn content(option: &str, given: &str) -> Result<Bytes, Unusable> {
    match given.strip_prefix('@') {
        None => Ok(given.into()),
        Some(file) => match std::fs::read(file) {
            Ok(bytes) => Ok(bytes.into()),
            Err(error) => Err(Unusable(format!(
                "--{option} @{file}: {}\n  Give the text itself, or the path of a file after @.",
                in_words(&error)
            ))),
        },
    }
}

/// Text reaches the plugin through a `StringValue`, other bytes through a `BytesValue`.
fn configuration(bytes: &Bytes) -> Value {
    match bytes.as_str() {
        Some(text) => {
            json!({"@type": "type.googleapis.com/google.protobuf.StringValue", "value": text})
        }
        None => {
            json!({"@type": "type.googleapis.com/google.protobuf.BytesValue", "value": bytes.to_base64()})
        }
    }
}

/// `GET /path`, `/path`, `POST http://host/path`; POST by default when there is a body.
fn request_line(line: &str, has_body: bool, request: &mut Value) -> Result<(), Unusable> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (method, target) = match words.as_slice() {
        [] => (None, "/"),
        [target] if target.contains('/') => (None, *target),
        [method] => (Some(*method), "/"),
        [method, target] => (Some(*method), *target),
        _ => {
            return Err(Unusable(format!(
                "--request `{line}`: expected a method and a path\n  Write 'GET /path'."
            )));
        }
    };
    let default = if has_body { "POST" } else { "GET" };
    request["method"] = json!(method.unwrap_or(default));
    let rest = target
        .strip_prefix("http://")
        .or_else(|| target.strip_prefix("https://"));
    let path = match rest {
        None => target,
        Some(rest) => {
            let at = rest.find('/').unwrap_or(rest.len());
            request["authority"] = json!(rest[..at]);
            if at == rest.len() { "/" } else { &rest[at..] }
        }
    };
    if !path.starts_with('/') && path != "*" {
        return Err(Unusable(format!(
            "--request `{line}`: the path begins with /\n  Write 'GET /path'."
        )));
    }
    request["path"] = json!(path);
    Ok(())
}

/// `name: value` pairs; `host` is the authority, as in HTTP/1.
fn headers(options: &Options, request: &mut Value) -> Result<(), Unusable> {
    let mut map = serde_json::Map::new();
    for given in options.values("header") {
        let Some((name, value)) = given.split_once(':') else {
            return Err(Unusable(format!(
                "--header `{given}`: expected name: value"
            )));
        };
        let (name, value) = (name.trim().to_ascii_lowercase(), json!(value.trim()));
        if name == "host" {
            request["authority"] = value;
            continue;
        }
        match map.entry(name).or_insert_with(|| json!([])) {
            Value::Array(values) => values.push(value),
            other => *other = value,
        }
    }
    request["headers"] = Value::Object(map);
    Ok(())
}
