//! Seeds on the command line: numbers, or days.

use std::time::{SystemTime, UNIX_EPOCH};

/// A seed as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seed {
    /// A number, or what a day stands for.
    Number(u64),
    /// That of today.
    Nightly,
}

impl Seed {
    /// The number. What the clock says only chooses it, and only where no campaign that goes on has one already.
    #[allow(clippy::disallowed_methods, reason = "the record holds the number, and no clock")]
    pub(crate) fn number(self, begun: impl FnOnce() -> Option<u64>) -> u64 {
        match self {
            Seed::Number(number) => number,
            Seed::Nightly => begun().unwrap_or_else(|| {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let (year, month, day) = date_of(now.as_secs() / 86_400);
                seed_of(year, month, day)
            }),
        }
    }
}

/// Reads `7`, `date:2026-11-29` or `nightly`.
pub(crate) fn parse(text: &str) -> Result<Seed, String> {
    if text == "nightly" {
        return Ok(Seed::Nightly);
    }
    if let Some(date) = text.strip_prefix("date:") {
        let wrong = || format!("{date:?} is not a day of the calendar: write date:2026-11-29");
        return date_in(date).map(|(y, m, d)| Seed::Number(seed_of(y, m, d))).ok_or_else(wrong);
    }
    let wrong = |_| format!("{text:?} is no seed: write a number, date:2026-11-29 or nightly");
    text.parse().map(Seed::Number).map_err(wrong)
}

/// The digits of the day, so that whoever sees the seed sees the day.
fn seed_of(year: u64, month: u64, day: u64) -> u64 {
    (year * 100 + month) * 100 + day
}

fn date_in(text: &str) -> Option<(u64, u64, u64)> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let digits = |text: &str, count: usize| {
        (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())
    };
    let date @ (year, month, day) = (digits(year, 4)??, digits(month, 2)??, digits(day, 2)??);
    let exists = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    exists.then_some(date)
}

fn days_of(year: u64, month: u64) -> u64 {
    let is_leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day that is so many days after 1970-01-01.
fn date_of(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    let days_in = |year| (1..=12).map(|month| days_of(year, month)).sum::<u64>();
    while days >= days_in(year) {
        days -= days_in(year);
        year += 1;
    }
    let mut month = 1;
    while days >= days_of(year, month) {
        days -= days_of(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_seed() {
        assert_eq!(parse("date:2026-11-29"), Ok(Seed::Number(20_261_129)));
        assert_eq!(parse("date:2028-02-29"), Ok(Seed::Number(20_280_229)));
        assert_eq!(parse("7"), Ok(Seed::Number(7)));
        assert_eq!(parse("nightly"), Ok(Seed::Nightly));
        for text in
            ["date:2026-02-29", "date:2026-13-01", "date:26-1-1", "date:", "-1", "tonight", ""]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (20_786, (2026, 11, 29)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(date_of(days), date, "{days}");
        }
    }

    #[test]
    fn tonight_is_chosen_once() {
        assert_eq!(Seed::Nightly.number(|| Some(20_200_101)), 20_200_101);
        let now = Seed::Nightly.number(|| None);
        assert!(now >= 20_260_101, "{now}");
        assert_eq!(Seed::Number(7).number(|| Some(9)), 7);
    }
}
