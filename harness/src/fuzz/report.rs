//! A finding for the maintainer of an engine.

use crate::corpus::EntryFile;
use crate::diff::{Call, Case};
use etalon_adapters::{Features, Val};
use etalon_module::Module;
use etalon_record::Aspect;
use std::fmt::Write as _;

/// The report, in Markdown.
pub(crate) fn of(file: &EntryFile, what: Aspect, case: &Case, text: &str) -> String {
    let mut report = String::new();
    let names: Vec<&str> = file.differing.iter().map(|engine| engine.name.as_str()).collect();
    let [first, other] = names[..] else { return solo(file, case, text) };
    let instruction = file.cause.as_ref().map(|cause| cause.instruction.as_str());
    let at = instruction.map(|text| format!("`{text}`: ")).unwrap_or_default();
    // Writing to a string cannot fail.
    _ = writeln!(report, "# {at}{} between {first} and {other}\n", differs(what));
    _ = writeln!(report, "The same module and the same calls give two answers.\n");
    _ = writeln!(report, "| engine | version | what it did |\n|---|---|---|");
    for engine in &file.differing {
        let version = cell(&engine.version);
        _ = writeln!(report, "| {} | {version} | {} |", cell(&engine.name), cell(&engine.seen));
    }
    if let Some(cause) = &file.cause {
        _ = writeln!(report, "\n## Where\n");
        _ = writeln!(
            report,
            "`{}` in function {}, at offset 0x{:x} of the module below in its binary form.\n",
            cause.instruction, cause.function, cause.offset
        );
        if !cause.operands.is_empty() {
            _ = writeln!(report, "- operands, the same on both: `{}`", cause.operands.join("`, `"));
        }
        for (name, seen) in names.iter().zip(&cause.seen) {
            _ = writeln!(report, "- {name}: `{}`", cell(seen).replace('`', "'"));
        }
        if !cause.rules.is_empty() {
            let rules = cause.rules.join("`, `");
            _ = writeln!(report, "- rules of the specification: `{rules}`");
        }
    }
    versions(&mut report, file);
    _ = writeln!(
        report,
        "\nAs far as the comparison tells, nothing that the specification leaves open covers this."
    );
    reproduce(&mut report, case, text);
    // By itself an engine has nothing that a module could import.
    let is_alone = Module::new(&case.wasm, Features::all()).is_ok_and(|of| of.imports.is_empty());
    let is_reduced = file.found.as_ref().is_some_and(|found| found.reduced);
    let module = if is_reduced { "reduced.wat" } else { "original.wasm" };
    for name in names.into_iter().filter(|_| is_alone) {
        if let [call] = &case.calls[..]
            && let Some(command) = plain(name, module, call)
        {
            _ = writeln!(report, "With {name} alone:\n\n```sh\n{command}\n```\n");
        }
    }
    _ = writeln!(report, "Both engines: `etalon diff` with the folder of this file.");
    report
}

/// That an aspect is not the same, as a clause.
pub(crate) fn differs(what: Aspect) -> String {
    match what {
        Aspect::Crash => "crash".to_owned(),
        Aspect::Time => "time-out".to_owned(),
        law if law.is_law() => format!("{} is broken", law.name().replace('-', " ")),
        Aspect::Results
        | Aspect::HostCalls
        | Aspect::Pages
        | Aspect::Files
        | Aspect::Globals
        | Aspect::Tables => {
            format!("{what} differ")
        }
        _ => format!("{what} differs"),
    }
}

/// Since which version it is, if engines of several were given.
fn versions(report: &mut String, file: &EntryFile) {
    let Some(since) = &file.since else { return };
    _ = writeln!(report, "\n## Since which version\n\n{}.\n", cell(&since.said));
    _ = writeln!(report, "| engine | version | |\n|---|---|---|");
    for asked in &since.asked {
        let version = asked.version.as_deref().unwrap_or("–");
        let seen = asked.in_words();
        _ = writeln!(report, "| {} | {} | {} |", cell(&asked.name), cell(version), cell(seen));
    }
}

/// How an engine makes a call without us, where we know.
fn plain(engine: &str, module: &str, call: &Call) -> Option<String> {
    if !call.export.chars().all(is_plain) || call.export.contains('\'') {
        // Shells write it each in their own way.
        return None;
    }
    let (name, export) = (engine.split(['?', ':']).next()?, format!("'{}'", call.export));
    let numbers: Vec<String> = call.args.iter().map(|v| v.to_record().in_words()).collect();
    let words: Vec<String> = numbers.iter().map(|number| format!(" '{number}'")).collect();
    let words = words.concat();
    Some(match name {
        "oracle" | "interp" | "jit" | "auto" => {
            format!("etalon run {module} --engine '{engine}' --invoke {export}{words}")
        }
        "wasmtime" => format!("wasmtime run --invoke {export} {module}{words}"),
        "wasmi" => format!("wasmi_cli --invoke {export} {module}{words}"),
        "node" => {
            let suffixed = call.args.iter().zip(numbers).map(|(arg, number)| match arg {
                Val::I64(_) => format!("{number}n"),
                _ => number,
            });
            let args = suffixed.collect::<Vec<_>>().join(", ");
            let binary = module.replace(".wat", ".wasm");
            let parse = match binary == module {
                true => String::new(),
                false => format!("wasm-tools parse {module} -o {binary}\n"),
            };
            format!(
                "{parse}node -e 'WebAssembly.instantiate(require(\"fs\").\
                 readFileSync(\"{binary}\")).then(m => console.log(m.instance.exports[{:?}]({args})))'",
                call.export
            )
        }
        _ => return None,
    })
}

/// The report on an engine that fails by itself.
fn solo(file: &EntryFile, case: &Case, text: &str) -> String {
    let mut report = format!("# {}\n\n", file.title);
    for line in &file.seen {
        _ = writeln!(report, "- {}", cell(line));
    }
    reproduce(&mut report, case, text);
    report
}

fn reproduce(report: &mut String, case: &Case, text: &str) {
    _ = writeln!(report, "\n## How to reproduce\n");
    if case.calls.is_empty() {
        _ = writeln!(report, "Instantiate this module:\n");
    } else {
        _ = writeln!(report, "Instantiate this module and call, in this order:\n");
        for call in &case.calls {
            _ = writeln!(report, "    {}", written(call));
        }
        _ = writeln!(report);
    }
    _ = writeln!(report, "```wat\n{}\n```\n", text.trim_end());
    _ = writeln!(
        report,
        "Imported functions, if there are any, return zeros and nulls; imported memories, tables and globals are as their types \
         say.\n"
    );
}

fn written(call: &Call) -> String {
    let args: Vec<String> = call.args.iter().map(|value| value.to_record().as_word()).collect();
    format!("{:?} ({})", call.export, args.join(", "))
}

/// Text that does not end a cell of a table, and has nothing that a terminal or a page would do something with.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for char in text.chars() {
        match char {
            '|' => cell.push_str("\\|"),
            '\n' | '\r' | '\t' => cell.push(' '),
            '<' => cell.push_str("&lt;"),
            _ if is_plain(char) => cell.push(char),
            _ => cell.extend(char.escape_unicode()),
        }
    }
    cell
}

/// Whether a character shows as one, and leaves the others where they are.
fn is_plain(char: char) -> bool {
    let turns =
        matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !char.is_control() && !turns
}

/// The script that runs the finding again.
pub(crate) fn replay(file: &EntryFile, limit: Option<&str>) -> String {
    let names: Vec<String> = file
        .differing
        .iter()
        .map(|engine| format!(" --engine '{}'", engine.name.replace('\'', r"'\''")))
        .collect();
    let gas = file.gas.map(|gas| format!(" --gas {gas}")).unwrap_or_default();
    let limit = limit.map(|limit| format!(" --timeout '{limit}'")).unwrap_or_default();
    format!(
        "#!/bin/sh\n# Runs the finding again; the status is 1 while the engines differ, and 3 if one crashes or does not end.\nexec etalon diff \"$(dirname \"$0\")\"{}{gas}{limit}\n",
        names.concat()
    )
}
