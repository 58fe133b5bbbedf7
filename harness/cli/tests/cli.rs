//! The command line, as scripts see it: each file in `cases/` is a trial.
//!
//! A case is lines of these forms; `#` starts a comment:
//!
//! ```text
//! file NAME hex 00 61 73 6d      writes bytes
//! file NAME text (module)        writes text
//! file NAME text                 writes the lines that follow, up to a line with `end`
//! file NAME from PATH            copies a file of the repository
//! file NAME zeros N              writes N zero bytes after the magic of a module
//! run ARGUMENT...                runs `etalon` there; words in single quotes are one argument
//! run ARGUMENT... <NAME          the same, with a file as standard input
//! ```
//!
//! What all runs print, with their exit status, must be what the `.out` beside the case says.
//! With `ETALON_BLESS=1` it is written instead.

mod program;

/// Each case has a cache of its own, beside its files.
const ENVIRONMENT: [(&str, &str); 2] = [("NO_COLOR", "1"), ("ETALON_CACHE_DIR", "../cache")];

use libtest_mimic::{Arguments, Failed, Trial};
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the cases are there")
        .map(|entry| entry.expect("an entry is readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "case"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no case was found");
    let trials = cases
        .into_iter()
        .map(|path| {
            let name = path.file_stem().expect("a case has a name").to_string_lossy().into_owned();
            Trial::test(format!("cli/{name}"), move || check(&path))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let got = play(&text)?;
    let expected_path = path.with_extension("out");
    if std::env::var_os("ETALON_BLESS").is_some() {
        return Ok(std::fs::write(expected_path, got)?);
    }
    let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
    if got == expected {
        return Ok(());
    }
    Err(format!("--- expected\n{expected}\n--- got\n{got}\n(`make bless` accepts it)").into())
}

/// The line without the size of an artefact, which differs from machine to machine.
fn without_size(line: &str) -> String {
    match line.strip_suffix(" bytes").and_then(|rest| rest.rsplit_once(' ')) {
        Some((before, size)) if size.parse::<u64>().is_ok() => format!("{before} N bytes"),
        _ => line.to_owned(),
    }
}

/// Does what a case says; gives what was printed.
fn play(text: &str) -> Result<String, Failed> {
    // What is printed may name the folder, so it has a name of its own.
    let above = tempfile::tempdir()?;
    let folder = above.path().join("here");
    std::fs::create_dir(&folder)?;
    let mut printed = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [first, ..] if first.starts_with('#') => {}
            ["file", name, "text"] => {
                let body: Vec<&str> = lines.by_ref().take_while(|l| l.trim() != "end").collect();
                std::fs::write(folder.join(name), body.join("\n") + "\n")?;
            }
            ["file", name, how, rest @ ..] => {
                std::fs::write(folder.join(name), content(how, rest)?)?;
            }
            ["run", ..] => run(&folder, line["run".len()..].trim(), &mut printed)?,
            _ => return Err(format!("not a line of a case: {line}").into()),
        }
    }
    Ok(printed)
}

fn content(how: &str, rest: &[&str]) -> Result<Vec<u8>, Failed> {
    Ok(match how {
        "hex" => rest.iter().map(|b| u8::from_str_radix(b, 16)).collect::<Result<_, _>>()?,
        "text" => rest.join(" ").into_bytes(),
        "from" => {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            std::fs::read(root.join(rest.concat()))?
        }
        "zeros" => {
            let mut bytes = b"\0asm\x01\0\0\0".to_vec();
            bytes.resize(8 + rest.concat().parse::<usize>()?, 0);
            bytes
        }
        _ => return Err(format!("not a way to make a file: {how}").into()),
    })
}

/// The words of a command, as a shell would separate them.
fn words(line: &str) -> Result<Vec<String>, Failed> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quoted { Err(format!("a quote is open: {line}").into()) } else { Ok(words) }
}

/// A line as it is on every architecture: a record and a folder of reports name the one that they are of.
fn anywhere(line: &str) -> String {
    let arch = std::env::consts::ARCH;
    line.replace(&format!("out/{arch}/"), "out/ARCH/")
        .replace(&format!("\"arch\": \"{arch}\""), "\"arch\": \"ARCH\"")
}

fn run(folder: &Path, arguments: &str, printed: &mut String) -> Result<(), Failed> {
    let mut command = program::etalon();
    let (words, stdin) = match words(arguments)?.split_last() {
        Some((last, words)) if last.starts_with('<') => {
            (words.to_vec(), File::open(folder.join(&last[1..]))?.into())
        }
        _ => (self::words(arguments)?, Stdio::null()),
    };
    let output = command.args(words).current_dir(folder).envs(ENVIRONMENT).stdin(stdin).output()?;
    writeln!(printed, "$ etalon {arguments}")?;
    for (name, bytes) in [("", &output.stdout), ("! ", &output.stderr)] {
        for line in String::from_utf8_lossy(bytes).lines() {
            let line = anywhere(&without_size(&format!("{name}{line}")));
            writeln!(printed, "{}", line.trim_end())?;
        }
    }
    match output.status.code() {
        Some(code) => writeln!(printed, "exit {code}\n")?,
        None => writeln!(printed, "killed: {}\n", output.status)?,
    }
    Ok(())
}
