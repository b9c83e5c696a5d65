//! What happened to headers between two places: kept, added, removed, changed.

use super::text;
use crate::model::{Bytes, Headers};

/// A line of a diff, in the order of the later side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The header's name.
    pub name: String,
    /// Its value now; the old one where it was removed.
    pub value: String,
    /// What happened to it.
    pub change: Change,
}

/// What happened to a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The same on both sides.
    Same,
    /// Only on the later side.
    Added,
    /// Only on the earlier side.
    Removed,
    /// Another value before: this one.
    Changed(String),
}

/// Compares headers. Order matters: of several values of one name each is compared with its like.
pub fn headers(before: &Headers, after: &Headers) -> Vec<Line> {
    let old: Vec<_> = before.iter().collect();
    let new: Vec<_> = after.iter().collect();
    let kept = common(&old, &new);
    let mut lines = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (at_old, at_new) in kept.into_iter().chain([(old.len(), new.len())]) {
        gap(&old[i..at_old], &new[j..at_new], &mut lines);
        if let Some((name, value)) = new.get(at_new) {
            lines.push(line(name, value, Change::Same));
        }
        (i, j) = (at_old + 1, at_new + 1);
    }
    pair_up(&mut lines);
    lines
}

/// Every header as one that came from nowhere else.
pub fn plain(headers: &Headers) -> Vec<Line> {
    headers
        .iter()
        .map(|(name, value)| line(name, value, Change::Same))
        .collect()
}

/// How many lines of each sort: added, removed, changed.
pub fn counts(lines: &[Line]) -> (usize, usize, usize) {
    lines
        .iter()
        .fold((0, 0, 0), |(a, r, c), line| match line.change {
            Change::Same => (a, r, c),
            Change::Added => (a + 1, r, c),
            Change::Removed => (a, r + 1, c),
            Change::Changed(_) => (a, r, c + 1),
        })
}

/// What happened to a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyChange {
    /// Both sides are empty.
    None,
    /// The same bytes.
    Same,
    /// Other bytes than before.
    Changed,
}

/// Compares bodies.
pub fn body(before: &Bytes, after: &Bytes) -> BodyChange {
    match (before == after, after.is_empty()) {
        (true, true) => BodyChange::None,
        (true, false) => BodyChange::Same,
        (false, _) => BodyChange::Changed,
    }
}

type Pair<'a> = (&'a [u8], &'a [u8]);

fn line(name: &[u8], value: &[u8], change: Change) -> Line {
    Line {
        name: text::show(name),
        value: text::show(value),
        change,
    }
}

fn gap(old: &[Pair<'_>], new: &[Pair<'_>], lines: &mut Vec<Line>) {
    lines.extend(old.iter().map(|(n, v)| line(n, v, Change::Removed)));
    lines.extend(new.iter().map(|(n, v)| line(n, v, Change::Added)));
}

/// Turns a removal and an addition of one name into a change, where the addition stands.
fn pair_up(lines: &mut Vec<Line>) {
    let mut at = 0;
    while at < lines.len() {
        let twin = (lines[at].change == Change::Removed)
            .then(|| {
                lines
                    .iter()
                    .position(|l| l.change == Change::Added && l.name == lines[at].name)
            })
            .flatten();
        match twin {
            Some(twin) => {
                let was = lines[at].value.clone();
                lines[twin].change = Change::Changed(was);
                lines.remove(at);
            }
            None => at += 1,
        }
    }
}

/// The longest common subsequence, as positions on both sides.
fn common(old: &[Pair<'_>], new: &[Pair<'_>]) -> Vec<(usize, usize)> {
    let mut best = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            best[i][j] = if old[i] == new[j] {
                best[i + 1][j + 1] + 1
            } else {
                best[i + 1][j].max(best[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut kept) = (0, 0, Vec::new());
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            kept.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if best[i + 1][j] >= best[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &[(&str, &str)], after: &[(&str, &str)], expected: &[&str]) {
        let before: Headers = before.iter().copied().collect();
        let after: Headers = after.iter().copied().collect();
        let lines: Vec<String> = headers(&before, &after)
            .into_iter()
            .map(|line| match line.change {
                Change::Same => format!("  {}: {}", line.name, line.value),
                Change::Added => format!("+ {}: {}", line.name, line.value),
                Change::Removed => format!("- {}: {}", line.name, line.value),
                Change::Changed(was) => format!("~ {}: {} (was {was})", line.name, line.value),
            })
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_added_header_stands_where_it_was_added() {
        check(
            &[(":path", "/"), ("a", "1")],
            &[(":path", "/"), ("x-hello", "world"), ("a", "1")],
            &["  :path: /", "+ x-hello: world", "  a: 1"],
        );
    }

    #[test]
    fn a_removed_header_keeps_its_place() {
        check(
            &[("a", "1"), ("b", "2"), ("c", "3")],
            &[("a", "1"), ("c", "3")],
            &["  a: 1", "- b: 2", "  c: 3"],
        );
    }

    #[test]
    fn another_value_is_a_change_even_at_another_place() {
        check(
            &[("a", "1"), ("b", "2")],
            &[("b", "2"), ("a", "9")],
            &["  b: 2", "~ a: 9 (was 1)"],
        );
    }

    #[test]
    fn equal_names_are_compared_one_by_one() {
        check(
            &[("cookie", "x"), ("cookie", "y")],
            &[("cookie", "x"), ("cookie", "y"), ("cookie", "z")],
            &["  cookie: x", "  cookie: y", "+ cookie: z"],
        );
    }

    #[test]
    fn bodies_are_compared_as_bytes() {
        assert_eq!(body(&"".into(), &"".into()), BodyChange::None);
        assert_eq!(body(&"a".into(), &"a".into()), BodyChange::Same);
        assert_eq!(body(&"a".into(), &"".into()), BodyChange::Changed);
    }
}
