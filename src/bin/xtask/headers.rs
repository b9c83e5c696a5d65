//! Reads `public/_headers`, the file that static hosts read too.
//!
//! So what is tested here is what is published. The format is that of Netlify and Cloudflare: a
//! line with a path, where `*` stands for anything, then indented `Name: value` lines.

/// The rules, in the file's order.
#[derive(Default)]
pub(crate) struct Headers {
    rules: Vec<Rule>,
}

struct Rule {
    path: String,
    headers: Vec<(String, String)>,
}

impl Headers {
    /// Reads the rules; lines it cannot read are an error that names them.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut rules: Vec<Rule> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            if !line.starts_with([' ', '\t']) {
                rules.push(Rule {
                    path: trimmed.to_string(),
                    headers: Vec::new(),
                });
                continue;
            }
            let (Some(rule), Some((name, value))) = (rules.last_mut(), trimmed.split_once(':'))
            else {
                return Err(format!(
                    "_headers:{}: expected `Name: value` below a path, found `{trimmed}`",
                    number + 1
                ));
            };
            rule.headers
                .push((name.trim().to_string(), value.trim().to_string()));
        }
        Ok(Self { rules })
    }

    /// The rules' paths and headers, in the file's order.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (&str, &[(String, String)])> {
        let rules = self.rules.iter();
        rules.map(|rule| (rule.path.as_str(), rule.headers.as_slice()))
    }

    /// The headers of every rule that matches a path; a name set twice has the later value.
    pub(crate) fn of(&self, path: &str) -> Vec<(&str, &str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        for rule in self.rules.iter().filter(|rule| matches(&rule.path, path)) {
            for (name, value) in &rule.headers {
                found.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
                found.push((name, value));
            }
        }
        found
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((head, tail)) => path
            .strip_prefix(head)
            .is_some_and(|rest| rest.len() >= tail.len() && rest.ends_with(tail)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_rule_wins_and_a_star_matches_anything() {
        let rules = "# all\n/*\n  A: 1\n  B: 1\n/x/*.wasm\n  a: 2\n";
        let headers = Headers::parse(rules).expect("it parses");
        assert_eq!(headers.of("/x/y.wasm"), [("B", "1"), ("a", "2")]);
        assert_eq!(headers.of("/y.wasm"), [("A", "1"), ("B", "1")]);
    }

    #[test]
    fn a_header_without_a_path_is_refused_with_its_line() {
        let refused = Headers::parse("\n  A: 1\n").err().expect("it is refused");
        assert!(refused.starts_with("_headers:2:"), "{refused}");
    }
}
