//! What a strict upstream refuses: requests that are malformed, as a picky server reads RFC 9110,
//! 9112 and 9113. A plugin that edits a body or a map can make one without noticing.

use crate::model::Headers;
use crate::model::report::UpstreamRequest;

/// Headers that belong to one connection and never to a request that was sent on.
const ONE_HOP: [&str; 4] = ["connection", "keep-alive", "proxy-connection", "upgrade"];

/// Why a request is malformed; `None` when it is not.
pub(super) fn malformed(request: &UpstreamRequest) -> Option<String> {
    let headers = &request.headers;
    pseudo_headers(headers)
        .or_else(|| names_and_values(headers))
        .or_else(|| length(headers, request.body.len()))
        .or_else(|| names_and_values(&request.trailers))
        .or_else(|| {
            let mut names = request.trailers.iter().map(|(name, _)| name);
            let pseudo = names.find(|name| name.starts_with(b":"))?;
            Some(format!("the trailer {} is a pseudo-header", text(pseudo)))
        })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn pseudo_headers(headers: &Headers) -> Option<String> {
    for name in [":method", ":path", ":authority"] {
        let mut values = headers.get_all(name);
        match (values.next(), values.next()) {
            (None, _) => return Some(format!("the header {name} is missing")),
            (Some([]), _) => return Some(format!("the header {name} is empty")),
            (_, Some(_)) => return Some(format!("the header {name} is there twice")),
            _ => {}
        }
    }
    let path = headers.get_str(":path").unwrap_or("");
    let method = headers.get_str(":method").unwrap_or("");
    let whole = method == "OPTIONS" && path == "*" || method == "CONNECT";
    if !path.starts_with('/') && !whole {
        return Some(format!("the path {path} does not begin with /"));
    }
    let known = [":method", ":path", ":authority", ":scheme", ":protocol"];
    let mut names = headers.iter().map(|(name, _)| name);
    let other = names.find(|name| {
        name.starts_with(b":") && !known.iter().any(|known| known.as_bytes() == *name)
    })?;
    Some(format!("the pseudo-header {} does not exist", text(other)))
}

fn names_and_values(headers: &Headers) -> Option<String> {
    for (name, value) in headers.iter() {
        let shown = text(name);
        let plain = name.strip_prefix(b":").unwrap_or(name);
        let token = |c: &u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(c);
        if plain.is_empty() || !plain.iter().all(token) {
            return Some(format!("`{shown}` is no header name"));
        }
        if value.iter().any(|c| matches!(c, 0 | b'\r' | b'\n')) {
            return Some(format!(
                "the value of {shown} has a line break or a zero byte"
            ));
        }
        if ONE_HOP.contains(&shown.as_str()) {
            return Some(format!("the header {shown} belongs to one connection"));
        }
    }
    None
}

fn length(headers: &Headers, body: usize) -> Option<String> {
    let mut lengths = headers.get_all("content-length");
    let length = lengths.next()?;
    if lengths.any(|other| other != length) {
        return Some("there are two values of content-length".to_owned());
    }
    let shown = text(length);
    if headers.get("transfer-encoding").is_some() {
        return Some("content-length beside transfer-encoding".to_owned());
    }
    match shown.parse::<usize>() {
        Err(_) => Some(format!("the content-length {shown} is no number")),
        Ok(length) if length != body => Some(format!(
            "content-length says {length} bytes, and the body has {body}"
        )),
        Ok(_) => None,
    }
}
