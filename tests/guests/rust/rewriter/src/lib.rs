//! A filter of a real filter's size: JSON configuration, regular expressions, URLs, and an HTML
//! rewriter that works on the body chunk by chunk.
//!
//! Configuration: `{"routes": [{"pattern": "^/old/(.*)$", "path": "/new/$1"}], "base": "https://cdn.example/"}`.
//! A request's path is rewritten by the first route that matches. In HTML responses every relative
//! link and image is made absolute below `base`, and inline scripts are taken out.

use lol_html::{element, HtmlRewriter, OutputSink, Settings};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use regex::Regex;
use serde::Deserialize;
use std::cell::RefCell;
use std::rc::Rc;
use url::Url;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root { rules: None }));
}}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    routes: Vec<RouteConfiguration>,
    base: Url,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteConfiguration {
    pattern: String,
    path: String,
}

/// The configuration, ready to use.
struct Rules {
    routes: Vec<(Regex, String)>,
    base: Url,
}

impl Rules {
    fn parse(json: &[u8]) -> Result<Self, String> {
        let read: Configuration = serde_json::from_slice(json).map_err(|e| e.to_string())?;
        let mut routes = Vec::new();
        for route in read.routes {
            let pattern = Regex::new(&route.pattern).map_err(|e| e.to_string())?;
            routes.push((pattern, route.path));
        }
        Ok(Self {
            routes,
            base: read.base,
        })
    }

    fn route(&self, path: &str) -> Option<String> {
        let (pattern, to) = self.routes.iter().find(|(r, _)| r.is_match(path))?;
        Some(pattern.replace(path, to.as_str()).into_owned())
    }
}

struct Root {
    rules: Option<Rc<Rules>>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        match Rules::parse(&self.get_plugin_configuration().unwrap_or_default()) {
            Ok(rules) => {
                self.rules = Some(Rc::new(rules));
                true
            }
            Err(problem) => {
                let line = format!("cannot read the configuration: {problem}");
                let _ = proxy_wasm::hostcalls::log(LogLevel::Error, &line);
                false
            }
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream {
            rules: self.rules.clone()?,
            rewriter: None,
            output: Output::default(),
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// Where the rewriter leaves what is ready.
#[derive(Clone, Default)]
struct Output(Rc<RefCell<Vec<u8>>>);

impl OutputSink for Output {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        self.0.borrow_mut().extend_from_slice(chunk);
    }
}

struct Stream {
    rules: Rc<Rules>,
    rewriter: Option<HtmlRewriter<'static, Output>>,
    output: Output,
}

impl Stream {
    fn rewriter(&self) -> HtmlRewriter<'static, Output> {
        let (links, images) = (self.rules.clone(), self.rules.clone());
        let settings = Settings {
            element_content_handlers: vec![
                element!("a[href]", move |element| {
                    absolute(element, "href", &links.base)
                }),
                element!("img[src]", move |element| {
                    absolute(element, "src", &images.base)
                }),
                element!("script:not([src])", |element| {
                    element.remove();
                    Ok(())
                }),
            ],
            ..Settings::new()
        };
        HtmlRewriter::new(settings, self.output.clone())
    }
}

/// Makes one attribute's URL absolute.
fn absolute(
    element: &mut lol_html::html_content::Element<'_, '_>,
    attribute: &str,
    base: &Url,
) -> lol_html::HandlerResult {
    if let Some(value) = element.get_attribute(attribute) {
        element.set_attribute(attribute, base.join(&value)?.as_str())?;
    }
    Ok(())
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let path = self.get_http_request_header(":path").unwrap_or_default();
        if let Some(to) = self.rules.route(&path) {
            self.set_http_request_header(":path", Some(&to));
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let html = self
            .get_http_response_header("content-type")
            .is_some_and(|value| value.starts_with("text/html"));
        if html && !end_of_stream {
            self.set_http_response_header("content-length", None);
            self.rewriter = Some(self.rewriter());
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let Some(mut rewriter) = self.rewriter.take() else {
            return Action::Continue;
        };
        let chunk = self.get_http_response_body(0, size).unwrap_or_default();
        let outcome = rewriter.write(&chunk).and_then(|()| {
            if end_of_stream {
                return rewriter.end();
            }
            self.rewriter = Some(rewriter);
            Ok(())
        });
        if let Err(problem) = outcome {
            let line = format!("cannot rewrite the page: {problem}");
            let _ = proxy_wasm::hostcalls::log(LogLevel::Error, &line);
        }
        let ready = self.output.0.take();
        self.set_http_response_body(0, size, &ready);
        Action::Continue
    }
}
