//! What pages show is what commands print: each block of text on a page is named here, with the commands that make its lines.

use std::path::Path;
use std::process::Command;

const ETALON: &str = env!("CARGO_BIN_EXE_etalon");

/// A block by its first line, and the commands of a shell that print it, in a copy of docs/examples/gas.
const SHOWN: &[(&str, &str)] = &[
    ("step transfer(i32:1, i32:2, i64:500) -> returned", "etalon gas snapshot token.toml && cat token.gas"),
    (
        "FAILED token.toml: 2 differences from token.gas",
        "sed -i 's/(i64.div_u (local.get $amount) (i64.const 100))/(i64.add (i64.const 1) &)/' token.wat
         etalon gas check token.toml",
    ),
    ("gas                              times  gas segment", "etalon gas profile token.toml"),
    (
        "metered.wasm: 1039 bytes, 4 functions with charges by",
        // What the copy consumes is what the snapshot says; that is seen in metered_copies.rs, where there is node.
        "etalon gas instrument token.wat -o metered.wasm 2>&1
         awk '/consumed/ && $2 > 0 { print \"returned, consumed \" $2; print \"out of gas, consumed \" $2 - 1; exit }' token.gas",
    ),
    ("token.wat, by etalon-1@", "etalon gas estimate token.toml --at-most 300 --samples 1000"),
    (
        "sum: unbounded",
        "echo '(module (func (export \"sum\") (param i32) (result i32) (local i32)
           (loop $l (local.set 1 (i32.add (local.get 1) (local.get 0)))
             (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
           (local.get 1)))' > sum.wat
         etalon gas estimate sum.wat",
    ),
];

/// Blocks that no test makes, and why.
const LEFT_OUT: &[(&str, &str)] =
    &[("cmd:target/peers/release/etalon serve", "needs other engines")];

fn run(script: &str) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/gas");
    let folder = tempfile::tempdir().expect("there is room");
    for entry in std::fs::read_dir(examples).expect("it is there") {
        let path = entry.expect("it is readable").path();
        let name = path.file_name().expect("it has a name");
        std::fs::copy(&path, folder.path().join(name)).expect("there is room");
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let beside = Path::new(ETALON).parent().expect("it has a folder").display();
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).current_dir(folder.path()).env("PATH", format!("{beside}:{path}"));
    let output = shell.output().expect("there is a shell");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// The lines of a block that do not stand in what was printed, in their order. A line of three dots stands for any.
fn missing<'a>(block: &[&'a str], printed: &str) -> Option<&'a str> {
    let mut lines = printed.lines().map(str::trim);
    let shown =
        block.iter().map(|line| line.trim()).filter(|line| !line.is_empty() && *line != "…");
    let mut shown = shown;
    shown.find(|line| !lines.any(|printed| printed == *line))
}

#[test]
fn the_page_for_auditors_shows_what_the_commands_print() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/gas-audit.md");
    let page = std::fs::read_to_string(page).expect("it is text");
    let blocks = page.split("```text\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let mut seen = 0;
    for block in blocks {
        let lines: Vec<&str> = block.lines().collect();
        let begins = |(first, _): &&(&str, &str)| lines[0].trim().starts_with(first);
        if LEFT_OUT.iter().any(|entry| begins(&entry)) {
            continue;
        }
        let (_, script) =
            SHOWN.iter().find(begins).unwrap_or_else(|| panic!("{}: who prints this?", lines[0]));
        let printed = run(script);
        if let Some(line) = missing(&lines, &printed) {
            panic!(
                "the page shows what is not printed:\n{line}\n\nprinted by\n{script}\n\n{printed}"
            );
        }
        seen += 1;
    }
    assert_eq!(seen, SHOWN.len(), "blocks that the page no longer has");
}

#[test]
fn a_line_that_is_not_printed_is_found() {
    let printed = "one\n  two\nthree\n";
    assert_eq!(missing(&["one", "…", "three"], printed), None);
    assert_eq!(missing(&["one", "2"], printed), Some("2"));
    assert_eq!(missing(&["two", "one"], printed), Some("one"), "in another order");
}
