//! Simulated wall clock as text.

/// Days since 1970-01-01 as year, month and day, by the proleptic Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// `Thu, 01 Jan 2026 00:00:00 GMT`, as the `date` header has it.
pub(super) fn http_date(unix_ns: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let seconds = unix_ns / 1_000_000_000;
    let (year, month, day) = civil(seconds / 86_400);
    let weekday = DAYS[(seconds / 86_400 % 7) as usize];
    let month = MONTHS[month as usize - 1];
    let (h, m, s) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{weekday}, {day:02} {month} {year} {h:02}:{m:02}:{s:02} GMT")
}

/// `2026-01-01T00:00:00.000Z`, as `%START_TIME%` writes it.
pub(crate) fn iso_millis(unix_ns: u64) -> String {
    let seconds = unix_ns / 1_000_000_000;
    let (year, month, day) = civil(seconds / 86_400);
    let (h, m, s) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let ms = unix_ns / 1_000_000 % 1000;
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z")
}

/// A time in a format of `strftime`'s, as `%START_TIME(…)%` takes it; `None` for a specifier that is
/// not simulated.
pub(super) fn write_time(format: &str, unix_ns: u64) -> Option<String> {
    let seconds = unix_ns / 1_000_000_000;
    let fraction = format!("{:09}", unix_ns % 1_000_000_000);
    let (year, month, day) = civil(seconds / 86_400);
    let (h, m, s) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let mut chars = rest.chars();
        let mut next = || chars.next();
        match next()? {
            'Y' => out += &format!("{year:04}"),
            'm' => out += &format!("{month:02}"),
            'd' => out += &format!("{day:02}"),
            'H' => out += &format!("{h:02}"),
            'M' => out += &format!("{m:02}"),
            'S' => out += &format!("{s:02}"),
            'F' => out += &format!("{year:04}-{month:02}-{day:02}"),
            'T' => out += &format!("{h:02}:{m:02}:{s:02}"),
            'z' => out += "+0000",
            'Z' => out += "UTC",
            's' => out += &seconds.to_string(),
            'f' => out += &fraction,
            '%' => out.push('%'),
            digit @ '1'..='9' => {
                (next()? == 'f').then_some(())?;
                out += fraction.get(..digit.to_digit(10)? as usize)?;
            }
            'E' => {
                let digits = next()?.to_digit(10).filter(|digits| *digits < 10)?;
                (next()? == 'S').then_some(())?;
                out += &format!("{s:02}.{}", fraction.get(..digits as usize)?);
            }
            _ => return None,
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(
            http_date(1_767_225_600_000_000_000),
            "Thu, 01 Jan 2026 00:00:00 GMT"
        );
        assert_eq!(
            http_date(1_709_210_096_000_000_000),
            "Thu, 29 Feb 2024 12:34:56 GMT"
        );
        assert_eq!(iso_millis(0), "1970-01-01T00:00:00.000Z");
    }
}
