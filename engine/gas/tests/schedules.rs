//! The built-in schedules, and what every schedule promises.

use std::collections::BTreeSet;
use std::sync::Arc;

use etalon_gas::{Cuts, Rate, Schedule};
use etalon_module::{Class, Opcode};

fn builtin(name: &str) -> Arc<Schedule> {
    Schedule::builtin(name).expect("a built-in schedule")
}

/// The operators of gas-1.
fn covered() -> impl Iterator<Item = Opcode> {
    Opcode::ALL.iter().copied().filter(|op| op.has_meaning())
}

const DEFAULT: &str = include_str!("../schedules/default.toml");

fn parse(text: &str) -> Schedule {
    match Schedule::parse(text, "test.toml") {
        Ok(schedule) => schedule,
        Err(error) => panic!("{error}"),
    }
}

/// The default schedule with one line of it replaced.
fn with(line: &str, replacement: &str) -> Schedule {
    let line = format!("\n{line}\n");
    assert_eq!(DEFAULT.matches(&line).count(), 1, "{line:?}");
    parse(&DEFAULT.replace(&line, &format!("\n{replacement}\n")))
}

#[test]
fn built_in_ids_are_pinned() {
    // A change here is a change of prices: give the schedule a new version.
    let pinned = [
        "etalon-1@2#4c75033a85c56fb3",
        "flat@1#dc76469894eb9845",
        "wasmtime-48@1#2163419d191e3937",
        "wasmi-2@1#e5ad499af6acf270",
    ];
    let ids: Vec<String> =
        Schedule::BUILTIN.iter().map(|name| builtin(name).id().to_string()).collect();
    assert_eq!(ids, pinned);
    assert!(Schedule::builtin("no-such").is_none());
}

#[test]
fn each_built_in_schedule_has_the_name_it_is_found_by() {
    for name in Schedule::BUILTIN {
        let schedule = builtin(name);
        assert_eq!(schedule.id().name(), *name);
        assert_eq!(schedule.cuts(), Cuts::Coarse);
    }
}

#[test]
fn exactly_the_dynamic_operators_have_a_rate() {
    for name in Schedule::BUILTIN {
        let schedule = builtin(name);
        for &op in Opcode::ALL {
            assert_eq!(schedule.dynamic(op).is_some(), schedule.is_dynamic(op), "{name}: {op}");
            assert!(schedule.is_cut(op) || !schedule.is_dynamic(op), "{name}: {op} ends a segment");
        }
    }
}

#[test]
fn no_operator_of_the_default_schedule_is_free() {
    let (schedule, flat) = (builtin(Schedule::DEFAULT), builtin("flat"));
    for op in covered() {
        assert!(schedule.weight(op) >= 1, "{op}");
        assert_eq!(flat.weight(op), 1, "{op}");
    }
    assert!(schedule.weight(Opcode::I32DivS) > schedule.weight(Opcode::I32Add));
    assert!(schedule.weight(Opcode::CallIndirect) > schedule.weight(Opcode::Call));
}

#[test]
fn operators_that_do_alike_cost_alike() {
    let schedule = builtin(Schedule::DEFAULT);
    for op in covered() {
        // The width and the signedness of an operator are not its price.
        for (from, to) in
            [("i32.", "i64."), ("f32.", "f64."), ("f32x4.", "f64x2."), ("return_", "")]
        {
            let twin = op
                .name()
                .strip_prefix(from)
                .and_then(|rest| Opcode::from_name(&format!("{to}{rest}")));
            if let Some(twin) = twin {
                assert_eq!(schedule.weight(op), schedule.weight(twin), "{op} and {twin}");
            }
        }
        let unsigned = op.name().strip_suffix("_s").map(|stem| format!("{stem}_u"));
        if let Some(unsigned) = unsigned.and_then(|name| Opcode::from_name(&name)) {
            assert_eq!(schedule.weight(op), schedule.weight(unsigned), "{op} and {unsigned}");
        }
    }
}

#[test]
fn wasmtime_has_eight_free_operators() {
    let schedule = builtin("wasmtime-48");
    let free: BTreeSet<&str> =
        covered().filter(|&op| schedule.weight(op) == 0).map(|op| op.name()).collect();
    let expected = ["block", "drop", "else", "end", "loop", "nop", "return", "unreachable"];
    assert_eq!(free, BTreeSet::from(expected));
    assert!(Opcode::ALL.iter().all(|&op| schedule.weight(op) <= 1));
    assert_eq!(schedule.entry_cost(9, 9), 1);
    let units = |op| schedule.dynamic(op).map(|rate: Rate| rate.charge(1000));
    assert_eq!(units(Opcode::MemoryFill), Some(1000));
    assert_eq!(units(Opcode::MemoryGrow), Some(0));
    assert_eq!(units(Opcode::I32Add), None);
}

#[test]
fn entry_and_frame_costs_are_sums_that_saturate() {
    let schedule = builtin(Schedule::DEFAULT);
    assert_eq!(schedule.entry_cost(0, 0), 4);
    assert_eq!(schedule.entry_cost(2, 3), 4 + 2 + 3);
    assert_eq!(schedule.entry_cost(u64::MAX, u64::MAX), u64::MAX);
    assert_eq!(schedule.frame_cost(0, 0, 0), 8);
    assert_eq!(schedule.frame_cost(2, 3, 5), 8 + 2 + 3 + 5);
    assert_eq!(schedule.frame_cost(u64::MAX, 1, 1), u64::MAX);
    let priced = with("arg = 1", "arg = 4294967295");
    assert_eq!(priced.entry_cost(3, 1), 4 + 3 * 4_294_967_295 + 1);
    assert_eq!(priced.entry_cost(1 << 40, 0), u64::MAX);
}

#[test]
fn the_numbers_of_the_default_schedule_arrive() {
    let schedule = builtin(Schedule::DEFAULT);
    let (depth, limits) = (schedule.depth(), schedule.limits());
    assert_eq!((depth.frame, depth.reentry, depth.max), (8, 2048, 524_288));
    assert_eq!((limits.memory_pages, limits.table_elements), (65_536, 10_000_000));
    let grow = schedule.dynamic(Opcode::MemoryGrow).expect("memory.grow is dynamic");
    assert_eq!((grow.charge(0), grow.charge(3)), (0, 3 * 1024));
    assert_eq!(schedule.instantiation().data_bytes.charge(65), 2);
    assert_eq!(schedule.compilation().module_bytes.charge(8), 512);
}

#[test]
fn host_functions_are_priced_by_module_and_name() {
    let text = DEFAULT.replace(
        "\n# What an operator touches",
        "\n[host.imports]\nenv.print = 7\n\"a.b\".c = 8\na.\"b.c\" = 9\n\n# What an operator touches",
    );
    let schedule = parse(&text);
    let base = |module, name| schedule.host().base(module, name);
    assert_eq!(base("env", "print"), 7);
    assert_eq!((base("a.b", "c"), base("a", "b.c")), (8, 9), "a dot in a name does not confuse");
    assert_eq!((base("env", "read"), base("other", "print")), (24, 24));
    assert_ne!(schedule.id(), builtin(Schedule::DEFAULT).id());
}

#[test]
fn names_of_imports_cannot_forge_another_line() {
    let import = |name: &str| {
        let rows = format!("\n[host.imports.env]\n{name} = 1\n\n# What an operator touches");
        parse(&DEFAULT.replace("\n# What an operator touches", &rows)).canonical_bytes()
    };
    let forged = import(r#""a\nhost.imports.\"env\".\"b\"""#);
    let text = String::from_utf8(forged).expect("the canonical form is text");
    assert!(text.contains(r#"host.imports."env"."a\nhost.imports.\"env\".\"b\""=1"#), "{text}");
    let lines =
        builtin(Schedule::DEFAULT).canonical_bytes().iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(text.lines().count(), lines + 1);
}

#[test]
fn the_canonical_form_is_of_the_numbers_and_not_of_the_text() {
    let schedule = builtin(Schedule::DEFAULT);
    let mut without_comments = String::new();
    for line in DEFAULT.lines().filter(|line| !line.starts_with('#')) {
        without_comments.push_str(&line.replace(" = ", "="));
        without_comments.push('\n');
    }
    let other = parse(&without_comments);
    assert_eq!(other.canonical_bytes(), schedule.canonical_bytes());
    assert_eq!(other.id(), schedule.id());

    let text = String::from_utf8(schedule.canonical_bytes()).expect("the canonical form is text");
    let (first, rest) = text.split_once('\n').expect("more than one line");
    assert_eq!(first, "gas-1");
    assert!(rest.lines().is_sorted());
    assert!(
        rest.contains("\noperators.i32.add=1\n") && rest.contains("\ndynamic.memory.copy=1/64\n")
    );
}

#[test]
fn the_canonical_form_has_each_operator_of_gas_1_and_no_class() {
    let bytes = builtin(Schedule::DEFAULT).canonical_bytes();
    let text = String::from_utf8(bytes).expect("the canonical form is text");
    let rows = |table: &str| -> BTreeSet<&str> {
        let keys = text.lines().filter_map(|line| line.strip_prefix(table));
        keys.filter_map(|row| row.split_once('=')).map(|row| row.0).collect()
    };
    // An update of the decoder changes nothing here, and a new instruction that is priced as an older one neither.
    let fixed = covered().filter(|op| op.priced_as().is_none());
    assert_eq!(rows("operators."), fixed.map(Opcode::name).collect());
    assert_eq!(rows("operators.").len(), 583, "gas-1 as it was fixed");
    assert_eq!(rows("dynamic.").len(), 21);
    assert_eq!(rows("classes."), BTreeSet::new());
}

#[test]
fn weights_by_class_and_weights_by_operator_are_the_same_schedule() {
    let (head, _) = DEFAULT.split_once("# What an operator costs by its class").expect("a comment");
    let schedule = builtin(Schedule::DEFAULT);
    // Files of before [classes] have a row for each operator that the decoder knows.
    let mut long = format!("{head}[operators]\n");
    for &op in Opcode::ALL {
        let weight = if op.has_meaning() { schedule.weight(op) } else { 64 };
        long.push_str(&format!("\"{op}\" = {weight}\n"));
    }
    let long = parse(&long);
    assert_eq!(long.canonical_bytes(), schedule.canonical_bytes());
    assert_eq!(long.weight(Opcode::Suspend), 0, "what gas-1 does not cover is ignored");
    // A row that says what its class says anyway.
    assert_eq!(with("\"i32.mul\" = 3", "\"i32.mul\" = 3\n\"i32.add\" = 1").id(), schedule.id());
    // A row counts, not the class.
    let dear = with("int-binop = 1", "int-binop = 9");
    assert_eq!((dear.weight(Opcode::I32Add), dear.weight(Opcode::I32Mul)), (9, 3));
}

#[test]
fn the_specification_lists_the_classes() {
    let (_, rest) = include_str!("../SPEC.md").split_once("\n12.4 ").expect("a section");
    let (_, rest) = rest.split_once("```text\n").expect("a list");
    let (list, _) = rest.split_once("```").expect("the list ends");
    let listed: Vec<&str> = list.split_whitespace().collect();
    assert_eq!(listed, Class::ALL.iter().map(|class| class.name()).collect::<Vec<_>>());
}

#[test]
fn each_number_of_the_file_is_in_the_id() {
    let schedule = builtin(Schedule::DEFAULT);
    let mut ids = BTreeSet::from([schedule.id().clone()]);
    let mut numbers = 0;
    for (position, line) in DEFAULT.lines().enumerate() {
        // Every number of a row is raised in turn, but the caps that are at their greatest.
        if line.starts_with('#') || line.starts_with("memory_pages ") {
            continue;
        }
        let Some((key, value)) = line.split_once(" = ") else { continue };
        for changed in raised(value) {
            let mut lines: Vec<String> = DEFAULT.lines().map(str::to_owned).collect();
            lines[position] = format!("{key} = {changed}");
            assert!(ids.insert(parse(&lines.join("\n")).id().clone()), "{key} = {changed}");
            numbers += 1;
        }
    }
    assert!(numbers > Class::ALL.len() + 100, "{numbers}");
    assert!(ids.insert(with("memory_pages = 65536", "memory_pages = 65535").id().clone()));
    assert!(ids.insert(with("cuts = \"coarse\"", "cuts = \"fine\"").id().clone()));
    assert!(ids.insert(with("name = \"etalon-1\"", "name = \"etalon-2\"").id().clone()));
}

/// The value with one of its numbers raised by one, for each of its numbers. Text has none.
fn raised(value: &str) -> Vec<String> {
    let plain = if value.starts_with('"') { String::new() } else { value.replace('_', "") };
    let digit = |at: usize| plain.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let starts = (0..plain.len()).filter(|&at| digit(at) && (at == 0 || !digit(at - 1)));
    starts
        .map(|start| {
            let end = (start..).find(|&at| !digit(at)).expect("the text ends");
            let number: u64 = plain[start..end].parse().expect("digits");
            format!("{}{}{}", &plain[..start], number + 1, &plain[end..])
        })
        .collect()
}

#[test]
fn fine_cuts_change_nothing_but_the_cuts() {
    let coarse = builtin(Schedule::DEFAULT);
    let fine = with("cuts = \"coarse\"", "cuts = \"fine\"");
    assert!(fine.is_cut(Opcode::I32Load) && !coarse.is_cut(Opcode::I32Load));
    for &op in Opcode::ALL {
        assert_eq!(fine.weight(op), coarse.weight(op));
        assert!(fine.is_cut(op) || !coarse.is_cut(op));
    }
    for op in [Opcode::Block, Opcode::Nop, Opcode::Drop, Opcode::LocalGet, Opcode::F64Div] {
        assert!(!fine.is_cut(op), "{op}");
    }
}
