//! Dates: `2026-01-01T00:00:00Z` to nanoseconds since the Unix epoch.

use crate::model::Problem;
use crate::model::yaml::Node;

/// Reads a UTC timestamp of RFC 3339, with up to nine digits of a second's fraction.
///
/// # Errors
/// For anything else, for days that do not exist, and for years outside 1970 to 2261.
pub(super) fn timestamp(node: &Node) -> Result<u64, Problem> {
    read(node.as_str()?).ok_or_else(|| node.expected("a time in UTC such as 2026-01-01T00:00:00Z"))
}

fn read(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [
        31,
        if leap { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let length = *lengths.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if !(1970..=2261).contains(&year)
        || !(1..=length).contains(&day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    let nanos = match fraction.len() {
        0 => 0,
        n @ 1..=9 if fraction.bytes().all(|b| b.is_ascii_digit()) => {
            fraction.parse::<u64>().ok()? * 10_u64.pow(9 - n as u32)
        }
        _ => return None,
    };
    let leap_days = |y: u64| y / 4 - y / 100 + y / 400;
    let years = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    let days = years + lengths[..month as usize - 1].iter().sum::<u64>() + day - 1;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000_000 + nanos)
}

/// Three numbers of fixed widths.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[u64; 3]> {
    let mut out = [0; 3];
    let mut pieces = text.split(separator);
    for (slot, width) in out.iter_mut().zip(widths) {
        let piece = pieces.next()?;
        if piece.len() != width || !piece.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *slot = piece.parse().ok()?;
    }
    pieces.next().is_none().then_some(out)
}
