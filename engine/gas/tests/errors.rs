//! A schedule file with a fault is refused, with the place and the reason.

use etalon_gas::{Schedule, ScheduleError, ScheduleErrorKind};

const DEFAULT: &str = include_str!("../schedules/default.toml");

fn refusal(text: &str) -> ScheduleError {
    match Schedule::parse(text, "prices.toml") {
        Ok(schedule) => panic!("accepted as {}", schedule.id()),
        Err(error) => error,
    }
}

/// The default schedule with one line of it replaced, and the number of that line.
fn with(line: &str, replacement: &str) -> (String, usize) {
    let number = DEFAULT.lines().position(|other| other == line).expect("the line is there") + 1;
    let text = DEFAULT.replacen(&format!("\n{line}\n"), &format!("\n{replacement}\n"), 1);
    assert_ne!(text, DEFAULT);
    (text, number)
}

fn line_of(line: &str) -> usize {
    with(line, "").1
}

#[test]
fn an_operator_without_a_weight_is_named_and_what_to_add() {
    let place = format!("prices.toml:{}", line_of("[operators]"));
    let (text, _) = with("wide = 3", "");
    assert_eq!(
        refusal(&text).to_string(),
        format!(
            "{place}: no weight for `i64.add128` and 3 others: add `wide` to [classes], or a row for it to [operators]"
        )
    );
    let (text, _) = with("fence = 24", "");
    assert!(refusal(&text).to_string().ends_with(
        "no weight for `atomic.fence`: add `fence` to [classes], or a row for it to [operators]"
    ));
    let (text, _) = with("fence = 24", "");
    let text = text.replacen("[operators]", "[operators]\n\"atomic.fence\" = 24", 1);
    assert!(Schedule::parse(&text, "prices.toml").is_ok(), "a row will do");
}

#[test]
fn a_dynamic_operator_without_a_rate_is_named() {
    let (text, _) = with("\"memory.copy\" = { weight = 1, granule = 64 }", "");
    let line = line_of("[dynamic]");
    assert_eq!(
        refusal(&text).to_string(),
        format!("prices.toml:{line}: no row for `memory.copy` in [dynamic]")
    );
    let text = text.replace("\"memory.fill\" = { weight = 1, granule = 64 }\n", "");
    assert!(
        refusal(&text)
            .to_string()
            .ends_with("no row for `memory.copy` and another one in [dynamic]")
    );
}

#[test]
fn an_unknown_class_is_named() {
    // The name of an operator is not that of a class, nor the other way round.
    for unknown in ["integers", "int_binop", "\"i32.add\""] {
        let (text, line) = with("wide = 3", &format!("wide = 3\n{unknown} = 1"));
        let name = unknown.trim_matches('"');
        assert_eq!(
            refusal(&text).to_string(),
            format!("prices.toml:{}: `{name}` is not a class of operators", line + 1)
        );
    }
    let (text, line) = with("\"i32.mul\" = 3", "int-binop = 2");
    assert_eq!(
        refusal(&text).to_string(),
        format!("prices.toml:{line}: `int-binop` is not an operator")
    );
}

#[test]
fn an_unknown_row_is_named() {
    let (text, line) = with("\"i32.mul\" = 3", "\"i32.mul\" = 3\n\"i32.plus\" = 1");
    assert_eq!(
        refusal(&text).to_string(),
        format!("prices.toml:{}: `i32.plus` is not an operator", line + 1)
    );
    // Not a row for an operator that another name is meant for, either.
    let (text, line) = with("\"i32.mul\" = 3", "\"I32.mul\" = 2");
    assert_eq!(
        refusal(&text).to_string(),
        format!("prices.toml:{line}: `I32.mul` is not an operator")
    );
    let (text, line) = with("[dynamic]", "[dynamic]\n\"i32.add\" = { weight = 1, granule = 1 }");
    assert_eq!(
        refusal(&text).to_string(),
        format!("prices.toml:{}: `i32.add` has no dynamic charge", line + 1)
    );
}

#[test]
fn numbers_must_be_whole_and_fit() {
    for wrong in [
        "-1",
        "4294967296",
        "1.0",
        "\"1\"",
        "true",
        "[1]",
        "{ weight = 1 }",
        "99999999999999999999",
        "nan",
    ] {
        let (text, line) = with("\"i32.mul\" = 3", &format!("\"i32.mul\" = {wrong}"));
        let error = refusal(&text);
        assert_eq!(error.line, Some(line), "{error}");
        assert!(matches!(error.kind, ScheduleErrorKind::Malformed(_)), "{error}");
    }
    let (text, _) = with("\"i32.mul\" = 3", "\"i32.mul\" = 4294967295");
    assert!(Schedule::parse(&text, "prices.toml").is_ok(), "the greatest weight");
}

#[test]
fn a_granule_holds_at_least_one_unit() {
    let row = "\"memory.copy\" = { weight = 1, granule = 64 }";
    for wrong in [
        "{ weight = 1, granule = 0 }",
        "{ weight = 1 }",
        "{ weight = 1, granule = 1, unit = 1 }",
        "7",
    ] {
        let (text, line) = with(row, &format!("\"memory.copy\" = {wrong}"));
        assert_eq!(refusal(&text).line, Some(line), "{wrong}");
    }
}

#[test]
fn a_row_given_twice_is_refused() {
    let (text, line) = with("\"i32.mul\" = 3", "\"i32.mul\" = 3\n\"i32.mul\" = 2");
    let error = refusal(&text);
    assert_eq!(error.line, Some(line + 1));
    assert!(error.to_string().contains("duplicate key"), "{error}");
}

#[test]
fn keys_are_exactly_those_of_the_format() {
    for key in [
        "semantics",
        "name",
        "version",
        "cuts",
        "entry",
        "frame",
        "memory_pages",
        "const_operator",
        "base",
    ] {
        let start = format!("{key} = ");
        let line = DEFAULT.lines().find(|line| line.starts_with(&start)).expect("the key is there");
        let error = refusal(&with(line, "").0);
        assert!(error.to_string().contains(&format!("missing field `{key}`")), "{error}");
        let (text, number) = with(line, &format!("{line}\nextra = 1"));
        let error = refusal(&text);
        assert!(error.to_string().contains("unknown field `extra`"), "{error}");
        assert_eq!(error.line, Some(number + 1));
    }
    let (text, line) = with("cuts = \"coarse\"", "cuts = \"middling\"");
    assert_eq!(refusal(&text).line, Some(line));
}

#[test]
fn another_semantics_is_refused() {
    let (text, line) = with("semantics = \"gas-1\"", "semantics = \"gas-2\"");
    let expected =
        format!("prices.toml:{line}: `gas-2` is not the gas that this engine implements (gas-1)");
    assert_eq!(refusal(&text).to_string(), expected);
}

#[test]
fn a_name_must_fit_into_an_id() {
    let long = "a".repeat(65);
    for wrong in ["", "a b", "a@1", "a#1", "Etalon", "é", long.as_str()] {
        let (text, line) = with("name = \"etalon-1\"", &format!("name = \"{wrong}\""));
        let error = refusal(&text);
        assert_eq!(
            (error.line, error.kind),
            (Some(line), ScheduleErrorKind::Name(wrong.to_owned()))
        );
    }
}

#[test]
fn caps_stay_within_the_address_types() {
    let (text, _) = with("memory_pages = 65536", "memory_pages = 65537");
    assert!(refusal(&text).to_string().ends_with("`limits.memory_pages` is 65537, above 65536"));
    let (text, _) = with("memory_pages_64 = 262144", "memory_pages_64 = 281474976710657");
    assert!(
        refusal(&text).to_string().contains("`limits.memory_pages_64` is 281474976710657, above")
    );
    let (text, line) = with("table_elements = 10_000_000", "table_elements = -1");
    assert_eq!(refusal(&text).line, Some(line));
}

#[test]
fn what_is_not_toml_or_too_long_is_refused() {
    assert_eq!(refusal("name = ").line, Some(1));
    assert_eq!(refusal("\n\n[operators").line, Some(3));
    assert!(matches!(refusal("").kind, ScheduleErrorKind::Malformed(_)));
    let long = format!("{DEFAULT}{}", "#".repeat(1 << 20));
    let error = refusal(&long);
    assert_eq!(error.line, None);
    assert!(error.to_string().starts_with("prices.toml: the file has "), "{error}");
}
