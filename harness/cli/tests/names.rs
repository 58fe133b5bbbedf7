//! What a name cannot do, whatever command prints it: begin a line, be obeyed by a terminal, hide, or fill the screen.

mod program;

use serde_json::Value;
use std::path::Path;
use std::process::{Output, Stdio};

/// A name that would be two lines, the second of which would look like ours.
const NAME: &str = "x\nerror: FORGED \x1b[31m\u{200b}\u{202e}\u{ad}\u{feff}y";

/// What may not be seen in anything that is printed.
const HIDDEN: &[char] = &['\x1b', '\u{200b}', '\u{202e}', '\u{ad}', '\u{feff}', '\r'];

/// Characters of a line of output, at most.
const MOST: usize = 9000;

/// Command lines in which `N` stands for the name, `L` for a long one. Every command is there.
const LINES: &[&str] = &[
    "run N.wat",
    "run N.wat --invoke N",
    "run N.wat --invoke none",
    "run N.wat --invoke f N",
    "run N.wat --tier N",
    "run N.wat --schedule N",
    "run N.wat --features N",
    "run N.wat --gas N",
    "run --N N.wat",
    "run N.missing",
    "run N.bad.wat",
    "run N.open.wat",
    "run N.import.wat",
    "run N.toml",
    "run L.wat",
    "run L.wat --invoke none",
    "run L.wat --invoke L",
    "run L.import.wat",
    "run twice.wat",
    "validate N.wat N.bad.wat N.open.wat N.missing L.wat twice.wat twice.long.wat",
    "inspect N.import.wat",
    "inspect L.import.wat",
    "inspect N.bad.wat",
    "inspect N.missing",
    "inspect N.wat --policy N.toml",
    "inspect N.wat --function N",
    "inspect N.wat --function 0 --show asm",
    "inspect N.wat --function none",
    "inspect N.wat --function 0 --show clif --target N",
    "inspect N.wat --function 0 --show clif --cpu N",
    "inspect L.wat --function L",
    "inspect L.wat --function 0 --show asm",
    "inspect L.wat --function none",
    "compile N.wat -o N.etalon",
    "compile N.bad.wat -o N.etalon",
    "compile N.wat -o N.none/x",
    "compile N.wat -o N.wat",
    "compile N.wat -o N.etalon --target N",
    "compile N.wat -o N.etalon --cpu N",
    "compile N.wat -o N.o --emit object --target N",
    "compile N.wat -o N.o --emit object --symbol N",
    "cache N",
    "cache",
    "wast N.wast --tier interp",
    "wast N.open.wast N.missing.wast --tier interp",
    "wast N.wast --tier interp --record N.none/x",
    "wast N.wast --outcomes",
    "wast N.folder --tier interp",
    "wast L.wast --tier interp",
    "wast N.wast --to json -o N.json",
    "wast N.open.wast N.missing.wast --to json -o N.json",
    "wast N.wast N.wast --to json -o N.wast",
    "accepts oracle interp N.wat N.bad.wat",
    "accepts oracle N N.wat",
    "accepts oracle interp N.missing",
    "accepts oracle interp N.folder",
    "wast empty --tier interp",
    "diff N.wat --engine oracle,interp --rounds 1",
    "diff N.wat N.bad.wat N.missing --engine oracle,interp --rounds 1",
    "diff N.wat --invoke N --engine oracle,interp",
    "diff N.wat --invoke none --engine oracle,interp",
    "diff N.wat --allow N",
    "diff N.spin.wat --engine oracle,interp --rounds 1 --timeout 1ms --gas 1000000000000",
    "diff L.wat --engine oracle,interp --rounds 1",
    "diff L.wat --invoke L --engine oracle,interp",
    "serve --engine N",
    "diff N.wat --engine oracle,cmd:N",
    "diff N.wat --engine oracle,capi:N",
    "reduce N.wat -o N.small.wat --engine oracle,interp --rounds 1",
    "reduce N.missing -o N.small.wat --engine oracle,interp",
    "localise N.wat --engine oracle,interp --rounds 1",
    "localise N.wat --invoke N --engine oracle,interp",
    "gas snapshot N.toml --out N.gas",
    "gas snapshot N.toml --out -",
    "gas snapshot L.toml --out -",
    "gas snapshot N.missing",
    "gas snapshot N.wat",
    "gas check N.toml --against N.gas",
    "gas check N.toml --against N.wat",
    "gas check N.toml --against N.other.gas",
    "gas check N.toml --against N.other.gas --report markdown",
    "gas check N.toml --against N.other.gas --report github",
    "gas check N.toml --against N.other.gas --report junit",
    "gas profile N.toml",
    "gas run N.toml --schedule default,flat",
    "gas estimate N.wat --samples 2",
    "gas estimate N.import.wat",
    "gas estimate N.spin.wat",
    "gas estimate N.spin.wat --bound N@0x20=1",
    "gas estimate N.spin.wat --bound N",
    "gas estimate N.wat --export none --at-most 1",
    "gas estimate N.toml --export none",
    "gas estimate L.wat --schedule N",
    "gas estimate L.spin.wat",
    "gas estimate L.toml",
    "gas run L.toml --schedule N",
    "gas profile L.toml",
    "gas profile N.toml --scenario N",
    "gas check N.toml --tolerance N",
    "gas diff N.missing N.missing",
    "gas diff N.gas N.other.gas",
    "gas instrument N.import.wat -o N.metered.wasm",
    "gas instrument L.wat -o N.metered.wasm",
    "gas instrument N.bad.wat -o N.metered.wasm",
    "gas instrument N.missing -o N.metered.wasm",
    "gas instrument N.wat -o N.wat",
    "gas instrument N.wat -o N.metered.wasm --schedule N",
    "gas instrument N.wat -o N.metered.wasm --gas N",
    "gas instrument N.wat -o N.metered.wasm --features N",
    "gas schedule check N N.wat",
    "gas schedule diff N flat",
    "gas schedule new N",
    "fuzz --cases 1 --engine oracle,interp --out N.out",
    "fuzz --cases 1 --engine oracle,interp --out N.wat",
    "fuzz --cases 1 --engine oracle,N",
    "fuzz --cases 1 --profile N",
    "spec --suite N",
    "spec --filter N",
    "spec --shard N",
    "bench N.wat",
    "bench L.wat",
    "bench --kernel N",
    "bench --tier N",
    "bench N.run.wat --tier interp --time 0 --rounds 1 --record N.none/x",
    "report N.missing",
    "report N.wat",
    "report N.wat --out N.wat",
    "wast N.wast --engine interp --record N.json",
    "report N.json --out N.out",
    "report N.json --out N.out --card",
    "report N.json --out N.out --annotations",
    "report N.json --out N.out --compare N.none",
    "report N.json --out N.out --history N.none",
    "engines N",
    "completions N",
    "man f.wat/N",
];

fn long() -> String {
    "long name ".repeat(10_000)
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // As the text format writes a string.
    let quoted = |name: &str| {
        let bytes: Vec<String> = name.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        format!("\"{}\"", bytes.concat())
    };
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    for (prefix, name) in [(NAME, NAME), ("L", &long())] {
        let name = quoted(name);
        let func =
            format!("(func (@name {name}) (export {name}) (param i32) (result i32) unreachable)");
        write(
            &format!("{prefix}.wat"),
            &format!("(module {func} (func (export \"f\") (param i32)))"),
        );
        write(
            &format!("{prefix}.spin.wat"),
            &format!("(module (func (export {name}) (loop (br 0))))"),
        );
        write(&format!("{prefix}.import.wat"), &format!("(module (import {name} {name} (func)))"));
        let script = format!(
            "(module {func})\n(assert_return (invoke {name} (i32.const 1)))\n(assert_trap (invoke {name}) {name})\n\
             (invoke \"none\")\n(assert_invalid (module {func} {func}) {name})\n(register {name})\n\
             (module (import {name} \"none\" (func)))\n(assert_unlinkable (module (import {name} {name} (func))) {name})\n\
             (assert_malformed (module quote {name}) {name})"
        );
        write(&format!("{prefix}.wast"), &script);
    }
    for (prefix, name) in [(NAME, NAME), ("L", &long())] {
        let export = serde_json::Value::from(name).to_string();
        // In TOML as in JSON, but for one escape.
        let (module, export) = (format!("{prefix}.wat"), export.replace('\u{7f}', "\\u007f"));
        let module = serde_json::Value::from(module);
        let scenario = format!(
            "module = {module}\n[[scenario]]\nname = \"s\"\n[[scenario.call]]\nexport = {export}\nargs = [\"i32:1\"]\n"
        );
        write(&format!("{prefix}.toml"), &scenario);
    }
    let schedule = etalon::Schedule::builtin("default").unwrap();
    let other = format!(
        "gas snapshot 1\nschedule {}\n\nscenario {}\nscenario s\n  step instantiation -> returned\n    heap 7\n",
        schedule.id(),
        NAME.replace('\n', " ")
    );
    write(&format!("{NAME}.other.gas"), &other);
    write(&format!("{NAME}.bad.wat"), "(module (func (result i32)))");
    write(
        &format!("{NAME}.run.wat"),
        "(module (func (export \"run\") (param i32) (result i32) (i32.const 4)))",
    );
    write(&format!("{NAME}.open.wat"), &format!("(module (func $\"{NAME}\" (call $\"{NAME} z\"))"));
    write(&format!("{NAME}.open.wast"), &format!("(module) (assert_return \"{NAME}\")"));
    for (file, name) in [("twice.wat", NAME), ("twice.long.wat", &long())] {
        let export = format!("(export {})", quoted(name));
        write(file, &format!("(module (func {export} {export}))"));
    }
    std::fs::create_dir_all(folder.path().join(format!("{NAME}.folder/{NAME}"))).unwrap();
    write(&format!("{NAME}.folder/{NAME}/{NAME}.wast"), "(assert_return (invoke \"f\"))");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    folder
}

fn etalon(folder: &Path, words: &[String]) -> Output {
    let mut command = program::etalon();
    command.args(words).current_dir(folder).stdin(Stdio::null()).env("NO_COLOR", "1");
    command.env("ETALON_CACHE_DIR", NAME);
    command.output().unwrap()
}

fn words(line: &str) -> Vec<String> {
    let word = |word: &str| match word.strip_prefix('N') {
        Some(rest) => format!("{NAME}{rest}"),
        None if word == "L" => long(),
        None => word.replace("--N", &format!("--{NAME}")).replace(",N", &format!(",{NAME}")),
    };
    line.split(' ').map(word).collect()
}

#[test]
fn every_command_is_there() {
    let help = etalon(folder().path(), &["help".to_owned()]);
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    for command in commands.take_while(|line| !line.is_empty()) {
        let Some(name) = command.split_whitespace().next().filter(|_| !command.starts_with("   "))
        else {
            continue;
        };
        let is_there = LINES.iter().any(|line| line.split(' ').next() == Some(name));
        assert!(is_there || name == "help", "{name}");
    }
}

#[test]
fn no_name_begins_a_line_or_is_obeyed_or_hides_or_fills_the_screen() {
    let folder = folder();
    for line in LINES {
        let output = etalon(folder.path(), &words(line));
        assert!(output.status.code().is_some_and(|code| code <= 3), "{line}: {output:?}");
        for bytes in [&output.stdout, &output.stderr] {
            let text = std::str::from_utf8(bytes).unwrap();
            assert!(!text.contains(HIDDEN), "{line}: {text:?}");
            for printed in text.lines() {
                assert!(!printed.starts_with("error: FORGED"), "{line}: {text}");
                assert!(printed.chars().count() < MOST, "{line}: {printed}");
            }
        }
    }
}

#[test]
fn documents_have_names_whole() {
    let folder = folder();
    for line in LINES {
        let mut words = words(line);
        words.extend(["--format".to_owned(), "json".to_owned()]);
        let output = etalon(folder.path(), &words);
        let text = std::str::from_utf8(&output.stdout).unwrap();
        assert!(!text.contains(HIDDEN), "{line}: {text:?}");
        let document: Value = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("{line}: {error}: {text:?} {output:?}"));
        assert!(document["record"].is_string(), "{line}");
        if line.starts_with("run N.wat --invoke N") {
            assert_eq!(document["error"]["file"], format!("{NAME}.wat"), "{line}");
        }
        if *line == "run L.import.wat" {
            assert!(document["message"].as_str().unwrap().len() > 200_000);
        }
    }
}
