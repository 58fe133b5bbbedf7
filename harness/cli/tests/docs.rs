//! The documents: every command line in them is one that the program understands, and what they hand out works.

mod program;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ETALON: &str = env!("CARGO_BIN_EXE_etalon");

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("it is readable");
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("it is readable").path()).collect();
    files.sort();
    files.retain(|path| path.is_file());
    files
}

/// The documents and examples in which commands stand.
fn documents() -> Vec<PathBuf> {
    let mut files = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    for folder in [
        "docs",
        "docs/examples",
        "docs/examples/campaigns",
        "docs/examples/ci",
        "docs/examples/ci/github",
        "docs/examples/object",
    ] {
        files.extend(files_in(&root().join(folder)));
    }
    files
}

/// The words of every call of `etalon` in a line: what follows the name, up to what ends a command. Words in quotes are one.
fn calls(line: &str) -> Vec<Vec<String>> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, c) if c.is_whitespace() => words.push(String::new()),
            (None, '`' | '|' | '&' | ';' | '#') => words.extend([c.to_string(), String::new()]),
            (_, c) => words.last_mut().expect("there is one").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    let ends = |word: &String| {
        matches!(word.as_str(), "`" | "|" | "&" | ";" | "#" | "||" | "&&") || word.starts_with('>')
    };
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if word == "etalon" || word.ends_with("/etalon") || word.ends_with("shard.sh") {
            let mut call: Vec<String> =
                words[at + 1..].iter().take_while(|word| !ends(word)).cloned().collect();
            if word.ends_with("shard.sh") {
                call.insert(0, "fuzz".to_owned());
            }
            found.push(call);
        }
    }
    found
}

/// Every command's options, as its help lists them.
fn options() -> BTreeMap<String, String> {
    let help = |words: &[&str]| {
        let output = program::etalon().args(words).output().expect("it runs");
        String::from_utf8(output.stdout).expect("help is text")
    };
    let listed = |all: &str| -> Vec<String> {
        let lines = all.lines().skip_while(|line| *line != "Commands:").skip(1);
        let lines = lines.take_while(|line| !line.is_empty());
        let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    let names = listed(&help(&["--help"]));
    assert!(names.len() > 10, "{names:?}");
    // A command of commands has the options of all of them.
    let whole = |name: &String| {
        let own = help(&[name, "--help"]);
        let inner = listed(&own);
        let inner = inner.iter().filter(|inner| *inner != "help");
        own.clone() + &inner.map(|inner| help(&[name, inner, "--help"])).collect::<String>()
    };
    names.iter().map(|name| (name.clone(), whole(name))).collect()
}

#[test]
fn commands_in_documents_exist_with_their_options() {
    let options = options();
    let (mut faults, mut seen) = (Vec::new(), 0);
    for file in documents() {
        let text = std::fs::read_to_string(&file).expect("it is text").replace("\\\n", " ");
        let is_script = file.extension().is_none_or(|extension| extension != "md");
        let mut is_code = is_script;
        for line in text.lines() {
            if line.starts_with("```") {
                is_code = !is_code;
                continue;
            }
            // In prose, what stands between backquotes.
            let is_mentioned = line.contains("`etalon ");
            if !is_code && !is_mentioned {
                continue;
            }
            for call in calls(line) {
                let Some(help) = call.first().and_then(|name| options.get(name)) else {
                    let is_prose = is_script && line.trim_start().starts_with('#');
                    let word = call.first().map(String::as_str).unwrap_or_default();
                    let is_name = word.chars().all(|c| c.is_ascii_lowercase()) && !word.is_empty();
                    if is_code && !is_prose && is_name && call.len() > 1 {
                        faults.push(format!(
                            "{}: there is no command {word}: {line}",
                            file.display()
                        ));
                    }
                    continue;
                };
                seen += 1;
                for word in
                    call.iter().take_while(|word| *word != "--").filter(|w| w.starts_with("--"))
                {
                    let name = word.split('=').next().unwrap_or(word);
                    let known = help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
                    if name != "--resume" && !known.into_iter().any(|option| option == name) {
                        faults.push(format!("{}: no option {name}: {line}", file.display()));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 30, "only {seen} commands were found");
}

#[test]
fn links_of_documents_lead_somewhere() {
    let mut faults = Vec::new();
    for file in documents().into_iter().filter(|file| file.extension().is_some_and(|e| e == "md")) {
        let text = std::fs::read_to_string(&file).expect("it is text");
        for part in text.split("](").skip(1) {
            let target = part.split([')', '#']).next().unwrap_or_default();
            let is_file = !target.is_empty() && !target.contains("://");
            if is_file && !file.parent().expect("a folder").join(target).exists() {
                faults.push(format!("{}: {target} is not there", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// As a job engine runs it: each shard, one of them twice, then the report.
#[test]
fn the_script_of_a_shard_begins_goes_on_and_is_merged() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let beside = Path::new(ETALON).parent().expect("it has a folder").display();
    let run = |command: &mut Command| -> Output {
        let command = command.current_dir(folder.path()).env("PATH", format!("{beside}:{path}"));
        command.output().expect("it runs")
    };
    let options = "--modules 4 --profile float --engine oracle,interp --seed date:2026-11-29";
    for shard in ["1", "2", "1"] {
        let mut command = Command::new(root().join("docs/examples/campaigns/shard.sh"));
        let output = run(command.args([shard, "2", "campaign"]).args(options.split(' ')));
        assert!(output.status.success(), "{output:?}");
    }
    let output = run(Command::new("sh").args(["-c", "etalon report campaign/*.json --out report"]));
    assert!(output.status.success(), "{output:?}");
    let merged = folder.path().join("report").join(std::env::consts::ARCH).join("fuzz.json");
    let merged = std::fs::read_to_string(merged).expect("it was written");
    let merged: serde_json::Value = serde_json::from_str(&merged).expect("it is JSON");
    assert_eq!((&merged["modules"], &merged["seed"]), (&4.into(), &20_261_129.into()));
    assert!(merged.get("shards").is_none(), "all are there");
}

/// The scenarios that are handed out cost what their snapshot says, on every tier.
#[test]
fn the_examples_of_gas_cost_what_they_say() {
    let words = ["gas", "check", "token.toml", "--engine", "oracle,interp,jit,auto"];
    let folder = root().join("docs/examples/gas");
    let output = program::etalon().args(words).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
