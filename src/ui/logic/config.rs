//! Edits of a configuration as text, which is what the learner sees and goes on editing.

/// Puts a path where the first `filename:` has one; false when there is none.
pub fn put_filename(text: &mut String, path: &str) -> bool {
    const KEY: &str = "filename:";
    let Some(at) = text.find(KEY) else {
        return false;
    };
    let value = at + KEY.len();
    let rest = &text[value..];
    let end = rest.find(['}', ',', '\n', '#']).unwrap_or(rest.len());
    let end = rest[..end].trim_end().len();
    text.replace_range(value..value + end, &format!(" {path}"));
    true
}

#[cfg(test)]
mod tests {
    use super::put_filename;

    #[test]
    fn the_first_filter_gets_the_path_in_both_styles_of_yaml() {
        for (before, after) in [
            (
                "code: {local: {filename: /etc/envoy/a.wasm}}\nfilename: b",
                "code: {local: {filename: /p.wasm}}\nfilename: b",
            ),
            ("filename: 'a b.wasm'\nx: 1", "filename: /p.wasm\nx: 1"),
            ("filename: a # mine", "filename: /p.wasm # mine"),
            ("filename:a", "filename: /p.wasm"),
        ] {
            let mut text = before.to_owned();
            assert!(put_filename(&mut text, "/p.wasm"));
            assert_eq!(text, after);
        }
        assert!(!put_filename(&mut String::new(), "/p.wasm"));
    }
}
