//! What `spectest-interp` prints.

/// One of its lines, if it says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// What a function gave, each with the name of its type.
    Returned(Vec<(String, String)>),
    /// How a function stopped.
    Stopped(String),
    /// A number that a host function was given.
    Noted(u32),
    /// There is no instance of the module of the command with a number, and why.
    Refused(usize, String),
    /// The module of the only command is not valid, as further lines say.
    Invalid,
    /// It is.
    Valid,
    /// The script is at its end.
    Done,
}

/// What a line says.
pub(super) fn said(line: &str) -> Option<Said> {
    if let Some(call) = line.strip_prefix("f(") {
        let (_, results) = call.split_once(") =>")?;
        let results = results.trim();
        if let Some(error) = results.strip_prefix("error: ") {
            return Some(Said::Stopped(error.to_owned()));
        }
        let results = results.split(", ").filter(|result| !result.is_empty());
        let value = |result: &str| {
            let (ty, value) = result.split_once(':')?;
            Some((ty.to_owned(), value.to_owned()))
        };
        return results.map(value).collect::<Option<_>>().map(Said::Returned);
    }
    if let Some(noted) = line.strip_prefix("called host spectest.print_i32(i32:") {
        return noted.split(')').next()?.parse().ok().map(Said::Noted);
    }
    if line.ends_with(" tests passed.") {
        return Some(Said::Done);
    }
    let (number, message) = line.strip_prefix("e:")?.split_once(": ")?;
    match message.strip_prefix("error instantiating module: ") {
        Some(why) => Some(Said::Refused(number.parse().ok()?, why.trim_matches('"').to_owned())),
        None if message.starts_with("error reading module") => {
            Some(Said::Refused(number.parse().ok()?, message.to_owned()))
        }
        None if message.starts_with("assert_invalid passed") => Some(Said::Invalid),
        None if message.starts_with("expected module to be invalid") => Some(Said::Valid),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood_or_left() {
        let value = |ty: &str, value: &str| (ty.to_owned(), value.to_owned());
        for (line, expected) in [
            ("f() =>", Some(Said::Returned(Vec::new()))),
            (
                "f(i32:7, i64:1) => i64:18446744073709551615, externref:8",
                Some(Said::Returned(vec![
                    value("i64", "18446744073709551615"),
                    value("externref", "8"),
                ])),
            ),
            (
                "f(i32:4) => error: integer divide by zero",
                Some(Said::Stopped("integer divide by zero".to_owned())),
            ),
            ("called host spectest.print_i32(i32:4294967295) =>", Some(Said::Noted(u32::MAX))),
            (
                "e:6: error instantiating module: \"invalid import \"a.b\"\"",
                Some(Said::Refused(6, "invalid import \"a.b".to_owned())),
            ),
            ("e:10: assert_invalid passed:", Some(Said::Invalid)),
            ("e:11: expected module to be invalid: \"5\"", Some(Said::Valid)),
            ("e:12: unexpected trap: unreachable executed", None),
            ("  5:0000019: error: type mismatch", None),
            ("6/12 tests passed.", Some(Said::Done)),
        ] {
            assert_eq!(said(line), expected, "{line}");
        }
    }
}
