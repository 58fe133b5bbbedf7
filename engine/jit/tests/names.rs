//! Every instruction can be found by its name: this reads the crate's own sources.

use etalon_module::operator::Opcode;
use std::collections::BTreeSet;
use std::path::Path;

/// Proposals that another tier executes and whose operators the compiler refuses by name, as the decoder calls them.
const UNSUPPORTED: &[&str] = &["legacy_exceptions"];

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
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![crate_root.join("src/compile"), crate_root.join("src/libcalls")];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(path).unwrap();
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
    let executed = Opcode::ALL.iter().filter(|op| op.is_executed());
    let supported = executed.filter(|op| !UNSUPPORTED.contains(&op.proposal()));
    let names: BTreeSet<&str> = supported.map(|op| official(*op)).collect();
    assert!(names.len() > 500, "{} names", names.len());
    let missing: Vec<&&str> =
        names.iter().filter(|name| !comments.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "no comment names {missing:?}");
}

#[test]
fn the_proposals_that_are_left_out_are_executed_by_others() {
    let executed = Opcode::ALL.iter().filter(|op| op.is_executed());
    let executed: BTreeSet<&str> = executed.map(|op| op.proposal()).collect();
    for proposal in UNSUPPORTED {
        assert!(executed.contains(proposal), "{proposal}");
    }
}
