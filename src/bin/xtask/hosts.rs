//! The headers of `public/_headers` in the words of other servers, written beside the site:
//! `vercel.json`, `.htaccess` for Apache, `nginx.conf` to include in a server block.

use crate::headers::Headers;
use crate::sh::{self, Outcome};
use std::path::Path;

/// Writes them into a finished site.
pub(crate) fn write(out: &Path) -> Outcome<()> {
    let headers = Headers::parse(&sh::read(&out.join("_headers"))?)?;
    sh::write(&out.join("vercel.json"), vercel(&headers))?;
    sh::write(&out.join(".htaccess"), apache(&headers))?;
    sh::write(&out.join("nginx.conf"), nginx(&headers))
}

/// <https://vercel.com/docs/project-configuration#headers>
fn vercel(headers: &Headers) -> String {
    let rules: Vec<String> = (headers.rules())
        .map(|(path, headers)| {
            let fields: Vec<String> = headers
                .iter()
                .map(|(name, value)| {
                    format!(
                        "{{\"key\": {}, \"value\": {}}}",
                        quoted(name),
                        quoted(value)
                    )
                })
                .collect();
            let source = path.replace('*', "(.*)");
            format!(
                "    {{\"source\": {}, \"headers\": [{}]}}",
                quoted(&source),
                fields.join(", ")
            )
        })
        .collect();
    format!(
        "{{\n  \"trailingSlash\": true,\n  \"headers\": [\n{}\n  ]\n}}\n",
        rules.join(",\n")
    )
}

/// <https://httpd.apache.org/docs/2.4/mod/mod_headers.html>
fn apache(headers: &Headers) -> String {
    let mut text = String::from("AddType application/wasm .wasm\nAddType text/markdown .md\n");
    for (path, headers) in headers.rules() {
        let sets: String = headers
            .iter()
            .map(|(name, value)| format!("  Header set {name} {}\n", quoted(value)))
            .collect();
        let pattern = pattern(path);
        text.push_str(&format!(
            "<If \"%{{REQUEST_URI}} =~ m#{pattern}#\">\n{sets}</If>\n"
        ));
    }
    text
}

/// <https://nginx.org/en/docs/http/ngx_http_headers_module.html>. A location that adds a header
/// inherits none, so each has all.
fn nginx(headers: &Headers) -> String {
    let mut text = String::from(
        "# include this in a server block, beside `root` and `index index.html;`. The mime.types of\n\
         # nginx 1.21 and newer has application/wasm.\n\
         error_page 404 /404.html;\n",
    );
    for (path, _) in headers.rules() {
        let sample = path.replace('*', "x");
        let adds: String = (headers.of(&sample).iter())
            .map(|(name, value)| format!("  add_header {name} {} always;\n", quoted(value)))
            .collect();
        let location = match path {
            "/*" => "/".to_string(),
            path => format!("~ {}", pattern(path)),
        };
        text.push_str(&format!("location {location} {{\n{adds}}}\n"));
    }
    text
}

/// A path with stars as a regular expression. The site may stand below any path.
fn pattern(path: &str) -> String {
    let path = path.replace('.', "\\.").replace('*', ".*");
    format!("{path}$")
}

/// A text in double quotes, for JSON and for both servers.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "/*\n  A: 'self' \"x\"\n/app-*\n  Cache-Control: immutable\n";

    #[test]
    fn each_server_gets_each_header() {
        let headers = Headers::parse(RULES).expect("parses");
        let vercel = vercel(&headers);
        assert!(vercel.contains(r#""source": "/app-(.*)""#), "{vercel}");
        assert!(vercel.contains(r#""value": "'self' \"x\"""#), "{vercel}");
        let apache = apache(&headers);
        assert!(apache.contains("=~ m#/app-.*$#"), "{apache}");
        let nginx = nginx(&headers);
        let app = nginx
            .split("location ~ /app-.*$")
            .nth(1)
            .expect("a location");
        // nginx hands nothing down to a location that has a header of its own.
        assert!(
            app.contains("add_header A ") && app.contains("immutable"),
            "{nginx}"
        );
    }
}
