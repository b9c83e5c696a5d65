//! A small static server: what any static host does, with the headers of `_headers`.
//!
//! It knows files, and in `serve` a counter of rebuilds that the browser waits on. Missing files
//! are real 404s: a page of HTML in place of a missing `.wasm` sends people on the wrong track.

use crate::headers::Headers;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// What is served.
pub(crate) struct Site {
    /// The directory; `serve` swaps it after a rebuild.
    pub(crate) root: RwLock<PathBuf>,
    /// The path that the site is mounted under, with a slash at both ends.
    pub(crate) mount: String,
    /// Rebuilds so far, when the browser shall reload; absent for a finished site.
    pub(crate) rebuilds: Option<(Mutex<u64>, Condvar)>,
}

/// Listens on a port of 127.0.0.1: the one asked for or, when it is taken, any that is free.
pub(crate) fn listen(port: u16) -> Result<TcpListener, String> {
    TcpListener::bind(("127.0.0.1", port))
        .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))
        .map_err(|e| format!("cannot listen on 127.0.0.1: {e}"))
}

/// Answers requests until the process ends, one thread for each connection.
pub(crate) fn run(listener: &TcpListener, site: &Arc<Site>) {
    for stream in listener.incoming().flatten() {
        let site = Arc::clone(site);
        std::thread::spawn(move || {
            // A client that goes away is no problem of ours.
            let _ = connection(&stream, &site);
        });
    }
}

fn connection(stream: &TcpStream, site: &Site) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some((method, target)) = request(&mut reader)? {
        let answer = answer(site, &method, &target);
        send(stream, &answer, method == "HEAD")?;
    }
    Ok(())
}

/// Reads a request's head; its body is not read, since only GET and HEAD are served.
fn request(reader: &mut impl BufRead) -> std::io::Result<Option<(String, String)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_string);
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            return Ok(Some((method, target)));
        }
    }
}

struct Answer {
    status: &'static str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn text(status: &'static str, text: &str) -> Self {
        let kind = (
            "Content-Type".to_string(),
            "text/plain; charset=utf-8".to_string(),
        );
        Self {
            status,
            headers: vec![kind],
            body: text.as_bytes().to_vec(),
        }
    }

    fn redirect(to: &str) -> Self {
        let mut answer = Self::text("301 Moved Permanently", "");
        answer
            .headers
            .push(("Location".to_string(), to.to_string()));
        answer
    }
}

fn answer(site: &Site, method: &str, target: &str) -> Answer {
    if method != "GET" && method != "HEAD" {
        return Answer::text("405 Method Not Allowed", "only GET and HEAD are served\n");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if let Some(rebuilds) = &site.rebuilds {
        match path {
            "/__reload" => return wait_for_rebuild(rebuilds, query),
            "/__reload.js" => return script(RELOAD),
            _ => {}
        }
    }
    let Some(inside) = path.strip_prefix(site.mount.as_str()) else {
        return Answer::text("404 Not Found", "nothing here\n");
    };
    let root = site
        .root
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let Some(mut file) = locate(&root, inside) else {
        return Answer::text("400 Bad Request", "no such path can be\n");
    };
    if file.is_dir() {
        if !path.ends_with('/') {
            let query = if query.is_empty() {
                String::new()
            } else {
                format!("?{query}")
            };
            return Answer::redirect(&format!("{path}/{query}"));
        }
        file.push("index.html");
    }
    let rules = std::fs::read_to_string(root.join("_headers")).unwrap_or_default();
    let rules = Headers::parse(&rules).unwrap_or_default();
    let (status, file, bytes) = match std::fs::read(&file) {
        Ok(bytes) => ("200 OK", file, bytes),
        Err(_) => match std::fs::read(root.join("404.html")) {
            Ok(page) => ("404 Not Found", root.join("404.html"), page),
            Err(_) => (
                "404 Not Found",
                root.join("404.txt"),
                b"nothing here\n".to_vec(),
            ),
        },
    };
    let mut headers: Vec<(String, String)> = rules
        .of(&format!("/{inside}"))
        .into_iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    headers.push(("Content-Type".to_string(), mime(&file).to_string()));
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("cache-control"))
    {
        headers.push(("Cache-Control".to_string(), "no-cache".to_string()));
    }
    let mut body = bytes;
    if site.rebuilds.is_some() && file.extension().is_some_and(|kind| kind == "html") {
        body.extend_from_slice(b"<script type=\"module\" src=\"/__reload.js\"></script>");
    }
    Answer {
        status,
        headers,
        body,
    }
}

/// The file a path names; nothing for a path that leaves the directory.
fn locate(root: &Path, path: &str) -> Option<PathBuf> {
    let mut file = root.to_path_buf();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let name = decode(part)?;
        if name == ".." || name == "." || name.contains(['/', '\\', '\0']) {
            return None;
        }
        file.push(name);
    }
    Some(file)
}

fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn mime(file: &Path) -> &'static str {
    match file
        .extension()
        .and_then(|kind| kind.to_str())
        .unwrap_or_default()
    {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "xml" => "application/xml",
        "webmanifest" => "application/manifest+json",
        "txt" | "md" | "yaml" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn send(mut stream: &TcpStream, answer: &Answer, head_only: bool) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {}\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", answer.body.len()));
    let mut bytes = head.into_bytes();
    if !head_only {
        bytes.extend_from_slice(&answer.body);
    }
    stream.write_all(&bytes)
}

fn script(text: &str) -> Answer {
    let kind = (
        "Content-Type".to_string(),
        "text/javascript; charset=utf-8".to_string(),
    );
    Answer {
        status: "200 OK",
        headers: vec![kind],
        body: text.as_bytes().to_vec(),
    }
}

/// Answers with the number of rebuilds as soon as it is not the one the browser knows, and after
/// half a minute in any case.
fn wait_for_rebuild((count, changed): &(Mutex<u64>, Condvar), known: &str) -> Answer {
    let known = known.parse().unwrap_or(u64::MAX);
    let count = count.lock().unwrap_or_else(PoisonError::into_inner);
    let half_a_minute = Duration::from_secs(30);
    let waited = changed.wait_timeout_while(count, half_a_minute, |count| *count == known);
    let count = match waited {
        Ok((count, _)) => *count,
        Err(poisoned) => *poisoned.into_inner().0,
    };
    Answer::text("200 OK", &count.to_string())
}

/// Asks for the number of rebuilds again and again, and reloads the page when it has grown.
const RELOAD: &str = "\
const pause = () => new Promise(done => setTimeout(done, 1000));
let known = '';
for (;;) {
  try {
    const answer = await (await fetch('/__reload?' + known)).text();
    if (known !== '' && answer !== known) { location.reload(); break; }
    known = answer;
  } catch { await pause(); }
}
";
