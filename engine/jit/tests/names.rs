//! Every instruction can be found by its name: this reads the crate's own sources.

use etalon_module::operator::Opcode;
use std::collections::BTreeSet;
use std::path::Path;

/// Proposals whose operators the compiler refuses by name, as the decoder calls them.
const UNSUPPORTED: &[&str] = &[
    "acquire_release_atomics",
    "custom_descriptors",
    "legacy_exceptions",
    "memory_control",
    "shared_everything_threads",
    "stack_switching",
];

/// The official name of an operator. The text format tells some operators apart by their immediates only, and our
/// names for those have a suffix.
fn official(op: Opcode) -> &'static str {
    match op.name() {
        "select_t" | "select_t_multi" => "select",
        "ref.test_null" => "ref.test",
        "ref.cast_null" => "ref.cast",
        name => name,
    }
}

/// The comments of what translates instructions, and of the routines that it calls.
fn comments() -> String {
    let mut text = String::new();
    for folder in ["src/compile", "src/libcalls"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in std::fs::read_dir(folder).unwrap() {
            let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let comments = source.lines().filter_map(|line| line.split_once("//"));
            for (_, comment) in comments {
                text.push_str(comment);
                text.push('\n');
            }
        }
    }
    text
}

#[test]
fn a_comment_names_each_instruction_where_it_is_translated() {
    let comments = comments();
    let supported = Opcode::ALL.iter().filter(|op| !UNSUPPORTED.contains(&op.proposal()));
    let names: BTreeSet<&str> = supported.map(|op| official(*op)).collect();
    assert!(names.len() > 500, "{} names", names.len());
    let missing: Vec<&&str> =
        names.iter().filter(|name| !comments.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "no comment names {missing:?}");
}

#[test]
fn the_proposals_that_are_left_out_are_known() {
    let known: BTreeSet<&str> = Opcode::ALL.iter().map(|op| op.proposal()).collect();
    for proposal in UNSUPPORTED {
        assert!(known.contains(proposal), "{proposal}");
    }
}
