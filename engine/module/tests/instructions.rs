//! The table of instructions, against what validation says of each.

use std::collections::BTreeSet;

use etalon_module::{Class, Features, Module, Opcode, Shape, ValType};

fn names(select: impl Fn(Opcode) -> bool) -> BTreeSet<&'static str> {
    Opcode::ALL.iter().filter(|&&op| select(op)).map(|op| op.name()).collect()
}

#[test]
fn a_proposal_has_a_meaning_as_a_whole() {
    // So an operator that an update of the decoder adds to a proposal that we have is not forgotten.
    let with_meaning: BTreeSet<&str> =
        Opcode::ALL.iter().filter(|op| op.has_meaning()).map(|op| op.proposal()).collect();
    for &op in Opcode::ALL {
        assert_eq!(op.has_meaning(), with_meaning.contains(op.proposal()), "{op}");
        assert_eq!(op.class().is_some(), op.has_meaning(), "{op}");
        let known = op.may_trap() || op.transfers_control() || op.is_dynamic() || op.is_executed();
        assert!(op.has_meaning() || !known, "{op}");
        assert!(!(op.is_dynamic() && op.transfers_control()), "{op}");
    }
    let priced_only = names(|op| op.has_meaning() && !op.is_executed());
    let descriptors = names(|op| op.proposal() == "custom_descriptors");
    assert_eq!(priced_only, &descriptors | &BTreeSet::from(["select_t_multi"]));
}

#[test]
fn every_class_has_instructions_and_a_name_of_its_own() {
    let used: BTreeSet<Class> = Opcode::ALL.iter().filter_map(|op| op.class()).collect();
    assert_eq!(used, Class::ALL.iter().copied().collect());
    for &class in Class::ALL {
        assert_eq!(Class::from_name(class.name()), Some(class));
    }
    assert_eq!(Class::from_name("int_binop"), None);
}

/// A function that uses the operator on its parameters.
fn user(op: Opcode, shape: Shape) -> String {
    let name = op.name();
    let immediate = match op.class() {
        Some(Class::Const) => " 0",
        Some(Class::VectorConst) => " i64x2 0 0",
        Some(Class::VectorLane) if !name.ends_with("splat") => " 0",
        Some(Class::VectorShuffle) if name == "i8x16.shuffle" => {
            " 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"
        }
        Some(Class::Segment) => " 0",
        _ => "",
    };
    let types = |types: &[ValType]| {
        types.iter().map(|ty| format!(" {ty:?}").to_lowercase()).collect::<String>()
    };
    let gets: String = (0..shape.operands.len()).map(|i| format!("local.get {i} ")).collect();
    let (operands, results) = (types(shape.operands), types(shape.results));
    format!(
        "(module (memory 1) (data \"\") (elem func) \
         (func (param{operands}) (result{results}) {gets} {name}{immediate}))"
    )
}

#[test]
fn shapes_are_those_that_validate() {
    let mut shapes = 0;
    for &op in Opcode::ALL {
        let Some(shape) = op.shape() else { continue };
        let text = user(op, shape);
        let bytes = wat::parse_str(&text).unwrap_or_else(|e| panic!("{op}: {e}"));
        if let Err(error) = Module::new(&bytes, Features::all()) {
            panic!("{text}: {error}");
        }
        shapes += 1;
    }
    // All of the numeric and vector instructions but the accesses.
    assert!(shapes > 350, "{shapes}");
    let numeric = |class: Class| (Class::Const..=Class::Wide).contains(&class);
    assert_eq!(
        names(|op| op.class().is_some_and(numeric) && op.shape().is_none()),
        BTreeSet::new()
    );
}

/// Which operators may trap, judged by their names alone.
fn traps_by_name(name: &str) -> bool {
    let (space, rest) = name.split_once('.').unwrap_or(("", name));
    let integer = matches!(space, "i32" | "i64");
    let accesses = rest.contains("load") || rest.contains("store");
    match space {
        "struct" => rest.starts_with("get") || rest == "set" || rest.ends_with("desc"),
        "array" => !matches!(rest, "new" | "new_default" | "new_fixed"),
        "ref" => rest.starts_with("cast") || rest == "as_non_null" || rest == "get_desc",
        "i31" => true,
        "table" | "memory" => !matches!(rest, "size" | "grow"),
        "" if name.contains("call_") && name != "return_call" => true,
        "" => matches!(name, "unreachable" | "throw_ref") || name.starts_with("br_on_cast_desc_eq"),
        _ if integer && (rest.starts_with("div") || rest.starts_with("rem")) => true,
        _ if integer && rest.starts_with("trunc_f") => true,
        _ => accesses || (integer && rest.starts_with("atomic")),
    }
}

#[test]
fn what_may_trap_is_what_its_name_says() {
    let by_name = names(|op| op.has_meaning() && traps_by_name(op.name()));
    assert_eq!(names(Opcode::may_trap), by_name);
    for never in ["i32.add", "f64.div", "i32.trunc_sat_f32_s", "ref.test", "table.size", "throw"] {
        assert!(!by_name.contains(never), "{never}");
    }
}

#[test]
fn accesses_to_memories_are_told_from_the_rest() {
    for (name, expected) in [
        ("i32.load8_s", true),
        ("v128.load8_splat", true),
        ("v128.store64_lane", true),
        ("i64.atomic.rmw32.cmpxchg_u", true),
        ("memory.atomic.notify", true),
        ("memory.size", true),
        ("memory.copy", true),
        ("atomic.fence", false),
        ("struct.get", false),
        ("global.get", false),
        ("array.new_data", false),
        ("data.drop", false),
        ("i32.add", false),
    ] {
        let op = Opcode::from_name(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(op.accesses_memory(), expected, "{name}");
    }
}
