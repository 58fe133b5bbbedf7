//! Lengths of time on the command line.

use std::time::Duration;

/// Reads `90s`, `10m`, `1h 30m`, `500ms`, or plain seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string());
    }
    humantime::parse_duration(text).map_err(|error| format!("{error}; write 90s, 10m or 1h 30m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, seconds) in
            [("90s", 90), ("10m", 600), ("1h 30m", 5400), ("1h30m", 5400), ("5", 5)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("0.25"), Ok(Duration::from_millis(250)));
        for text in ["soon", "", "-1", "nan", "inf", "1x", "999999999999999999h"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
