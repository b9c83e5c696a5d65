//! The request editor's fields, and the request that they mean.

use super::text;
use crate::model::{Bytes, Headers, Request};
use serde::{Deserialize, Serialize};

/// The fields as the learner types them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestForm {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Host.
    pub authority: String,
    /// Header rows.
    pub headers: Rows,
    /// The body as text, or as base64.
    pub body: String,
    /// Whether the body is typed as base64.
    pub base64: bool,
    /// Chunk sizes, as in `1, 2, 2`.
    pub chunks: String,
    /// Trailer rows.
    pub trailers: Rows,
}

/// Rows of names and values, each with a number that stays while rows come and go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// The rows in order.
    pub rows: Vec<Row>,
    /// The number of the next one.
    pub(in crate::ui) next: u32,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Stays the same while other rows come and go.
    pub id: u32,
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// The field that is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field.
    pub field: Field,
    /// What is wrong and what is expected.
    pub message: String,
}

/// A field of the request editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The method.
    Method,
    /// The path.
    Path,
    /// A header or trailer row by number.
    Row(u32),
    /// The body.
    Body,
    /// The chunk sizes.
    Chunks,
}

impl Rows {
    fn of(headers: &Headers) -> Self {
        let mut rows = Self::default();
        for (name, value) in headers.iter() {
            rows.add(text::show(name), text::show(value));
        }
        rows
    }

    /// Adds a row and returns its number.
    pub fn add(&mut self, name: String, value: String) -> u32 {
        let id = self.next;
        self.next += 1;
        self.rows.push(Row { id, name, value });
        id
    }

    /// Takes a row out.
    pub fn remove(&mut self, id: u32) {
        self.rows.retain(|row| row.id != id);
    }

    /// The row of a number.
    pub fn get(&self, id: u32) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The row of a number, to change it.
    pub fn get_mut(&mut self, id: u32) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.id == id)
    }

    fn headers(&self) -> Result<Headers, FieldProblem> {
        let mut headers = Headers::default();
        for row in &self.rows {
            let name = row.name.trim();
            if name.is_empty() && row.value.trim().is_empty() {
                continue;
            }
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(FieldProblem {
                    field: Field::Row(row.id),
                    message: format!(say!(problem_header_name), name = row.name),
                });
            }
            headers.push(name, bytes_of(row.value.trim()));
        }
        Ok(headers)
    }
}

impl RequestForm {
    /// The fields for a request.
    pub fn of(request: &Request) -> Self {
        let or = |text: &str, default: &str| {
            if text.is_empty() {
                default.to_owned()
            } else {
                text.to_owned()
            }
        };
        let (body, base64) = match request.body.as_str() {
            Some(text) => (text.to_owned(), false),
            None => (request.body.to_base64(), true),
        };
        let chunks: Vec<String> = request.chunks.iter().map(usize::to_string).collect();
        Self {
            method: or(&request.method, "GET"),
            path: or(&request.path, "/"),
            authority: or(&request.authority, "example.com"),
            headers: Rows::of(&request.headers),
            body,
            base64,
            chunks: chunks.join(", "),
            trailers: Rows::of(&request.trailers),
        }
    }

    /// The request that the fields mean.
    ///
    /// # Errors
    /// The first field that means nothing.
    pub fn request(&self) -> Result<Request, FieldProblem> {
        let problem = |field, message: &str| FieldProblem {
            field,
            message: message.to_owned(),
        };
        let method = self.method.trim();
        if method.is_empty() || !method.bytes().all(is_token) {
            return Err(problem(Field::Method, say!(problem_method)));
        }
        let path = self.path.trim();
        if !path.starts_with('/') && path != "*" {
            return Err(problem(Field::Path, say!(problem_path)));
        }
        let body = if self.base64 {
            Bytes::from_base64(&self.body).map_err(|e| FieldProblem {
                field: Field::Body,
                message: format!(say!(problem_base64), error = e),
            })?
        } else {
            self.body.as_str().into()
        };
        Ok(Request {
            method: method.to_owned(),
            path: path.to_owned(),
            authority: self.authority.trim().to_owned(),
            headers: self.headers.headers()?,
            chunks: chunks(&self.chunks, body.len())?,
            body,
            trailers: self.trailers.headers()?,
        })
    }
}

/// Reads chunk sizes and compares them with the body.
fn chunks(text: &str, body: usize) -> Result<Vec<usize>, FieldProblem> {
    let problem = |message: String| FieldProblem {
        field: Field::Chunks,
        message,
    };
    let mut sizes = Vec::new();
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        match word.parse::<usize>() {
            Ok(size) if size > 0 => sizes.push(size),
            _ => {
                return Err(problem(format!(say!(problem_chunk), word = word)));
            }
        }
    }
    // The page counts in 32 bits, where two large sizes overflow.
    let sum = sizes.iter().copied().fold(0, usize::saturating_add);
    if sum > body {
        return Err(problem(format!(
            say!(problem_chunks),
            sum = sum,
            body = body
        )));
    }
    Ok(sizes)
}

fn bytes_of(text: &str) -> Vec<u8> {
    text.strip_prefix("base64:")
        .and_then(|rest| Bytes::from_base64(rest).ok())
        .map_or_else(|| text.as_bytes().to_vec(), |bytes| bytes.0)
}

/// RFC 9110, section 5.6.2: the characters of a token.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> RequestForm {
        RequestForm::of(&Request {
            headers: [("a", "1"), ("cookie", "x")].into_iter().collect(),
            body: "hello".into(),
            chunks: vec![1, 2],
            ..Request::default()
        })
    }

    #[test]
    fn a_request_survives_the_form() {
        let request = form().request().expect("a request");
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("GET", "/")
        );
        assert_eq!(request.headers.get_str("cookie"), Some("x"));
        assert_eq!(request.chunks, [1, 2]);
        let binary = Request {
            body: vec![0xff, 0].into(),
            headers: [("x-bin", [0xfe_u8])].into_iter().collect(),
            ..Request::default()
        };
        let back = RequestForm::of(&binary).request().expect("a request");
        assert_eq!(back.body, binary.body);
        assert_eq!(back.headers, binary.headers);
    }

    #[test]
    fn rows_keep_their_numbers() {
        let mut form = form();
        form.headers.remove(0);
        let id = form.headers.add("b".into(), "2".into());
        assert_eq!(id, 2);
        assert_eq!(form.headers.get(1).map(|r| r.name.as_str()), Some("cookie"));
        form.headers.add(String::new(), String::new());
        assert_eq!(
            form.request()
                .expect("empty rows are left out")
                .headers
                .len(),
            2
        );
    }

    fn check(edit: impl FnOnce(&mut RequestForm), field: Field, words: &str) {
        let mut form = form();
        edit(&mut form);
        let problem = form.request().expect_err("a problem");
        assert_eq!(problem.field, field);
        assert!(problem.message.contains(words), "{}", problem.message);
    }

    #[test]
    fn a_wrong_field_is_named() {
        check(|f| f.method = "G T".into(), Field::Method, "one word");
        check(|f| f.path = "x".into(), Field::Path, "begins with /");
        check(|f| f.chunks = "1, x".into(), Field::Chunks, "“x”");
        check(|f| f.chunks = "9".into(), Field::Chunks, "only 5");
        let too_many = format!("{0}, {0}", usize::MAX);
        check(|f| f.chunks = too_many, Field::Chunks, "only 5");
        check(
            |f| {
                f.headers.add("a b".into(), "1".into());
            },
            Field::Row(2),
            "no header name",
        );
        check(
            |f| {
                f.base64 = true;
                f.body = "%".into();
            },
            Field::Body,
            "base64",
        );
    }
}
