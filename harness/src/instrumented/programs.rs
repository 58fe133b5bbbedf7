//! Small programs that between them reach every cut, dynamic operators, handlers, tail calls, host calls, re-entry, start functions and
//! objects, so that every limit of each can be tried.

use crate::diff::{Call, Case};
use etalon_adapters::Val;
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    program: Vec<Program>,
}

#[derive(Deserialize)]
struct Program {
    name: String,
    /// What is in the module, as text.
    wat: String,
    /// Calls, each an export and its arguments.
    calls: Vec<String>,
}

/// The small programs.
///
/// # Panics
/// Never: the file is built in, and tests read it.
pub fn small_programs() -> Vec<Case> {
    let file: File = toml::from_str(include_str!("programs.toml")).expect("the file has programs");
    let case = |program: Program| {
        let text = format!("(module {})", program.wat);
        let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{}: {error}", program.name));
        let calls = program.calls.iter().map(|text| call(text)).collect();
        Case::new(program.name, wasm, calls)
    };
    file.program.into_iter().map(case).collect()
}

/// An export, whose name may have blanks, and arguments.
fn call(text: &str) -> Call {
    let is_argument = |word: &&str| word.contains(':');
    let words = text.split(' ');
    let export: Vec<&str> = words.clone().take_while(|word| !is_argument(word)).collect();
    let args = words.filter(is_argument).map(|word| match word.split_once(':') {
        Some(("i32", value)) => Val::I32(value.parse().expect("it is a number")),
        Some((_, value)) => Val::I64(value.parse().expect("it is a number")),
        None => unreachable!("it has a colon"),
    });
    Call { export: export.join(" "), args: args.collect() }
}
