//! What a campaign has done so far, in a file: so a campaign that is killed loses the cases under way, and nothing else.

use super::options::{FuzzError, FuzzOptions, changed};
use super::save::replace;
use super::tally::Tally;
use crate::settings::limit_text;
use etalon_record::{EngineInfo, FuzzRecord, RuleCoverage, Tool};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// The name of the journal, in the folder of findings.
pub const JOURNAL: &str = "campaign.jsonl";

/// Bytes after which the journal is written anew, with one tally in the place of many.
const LONG: usize = 4 << 20;

/// The options that decide what a campaign does; the first line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The version of the journal.
    journal: u32,
    tool: Tool,
    arch: String,
    seed: u64,
    modules: Option<u64>,
    shard: Option<String>,
    profiles: Vec<String>,
    engines: Vec<EngineInfo>,
    features: Vec<String>,
    rotates: bool,
    rounds: usize,
    gas: Option<u64>,
    schedules: Vec<String>,
    laws: bool,
    timeout: Option<String>,
    allow: Vec<String>,
    coverage: bool,
    keep: usize,
}

/// A line of the journal after the first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// What cases add.
    Cases(Tally),
    /// The rules that were reached until now.
    Rules(RuleCoverage),
    /// The campaign is complete.
    Complete(Box<FuzzRecord>),
}

/// What a journal holds.
#[derive(Debug, Default)]
pub(crate) struct Past {
    pub(crate) tally: Tally,
    pub(crate) rules: Option<RuleCoverage>,
    pub(crate) complete: Option<Box<FuzzRecord>>,
}

/// A journal that is being written.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    settings: Settings,
    file: File,
    /// Bytes that were added since it was written anew.
    added: usize,
    /// Holds the lock on the folder.
    _folder: File,
}

impl Settings {
    fn of(options: &FuzzOptions, engines: Vec<EngineInfo>, tool: &Tool, arch: &str) -> Self {
        let run = &options.diff.run;
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        Settings {
            journal: 6,
            tool: tool.clone(),
            arch: arch.to_owned(),
            seed: options.seed,
            modules: options.modules,
            shard: options.shard.map(|shard| shard.to_string()),
            profiles: owned(options.profiles.iter().map(|profile| profile.name).collect()),
            engines,
            features: owned(run.features.names()),
            rotates: options.rotates,
            rounds: options.rounds,
            gas: run.gas.as_ref().and_then(|gas| gas.limit),
            schedules: options.schedule_ids(),
            laws: options.diff.laws,
            timeout: run.time.as_ref().and_then(limit_text),
            allow: owned(options.diff.policies.iter().map(|policy| policy.name()).collect()),
            coverage: options.rules.is_some(),
            keep: options.keep,
        }
    }

    /// The options in which a campaign differs from what is asked for now, in words.
    fn differences(&self, now: &Settings) -> Vec<String> {
        let fields = changed(self, now).into_iter();
        let told = fields.map(|(name, before, now)| match name.as_str() {
            // Too long to be quoted.
            "engines" => format!("the engines were {}", names(&before)),
            _ => format!("{name} was {before} and is {now}"),
        });
        told.collect()
    }
}

/// The names and versions of engines.
fn names(engines: &serde_json::Value) -> String {
    let engines = engines.as_array().into_iter().flatten();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let names: Vec<String> =
        engines.map(|e| format!("{} {}", text(&e["name"]), text(&e["version"]))).collect();
    names.join(", ")
}

impl Journal {
    /// Opens the journal of a folder, which is made if it is not there, and gives what it holds: nothing, unless the
    /// campaign goes on. An older one is kept under another name.
    ///
    /// # Errors
    /// If the folder cannot be written, another campaign uses it, or there is none that could go on with these options.
    pub(crate) fn open(
        folder: &Path,
        options: &FuzzOptions,
        engines: Vec<EngineInfo>,
        tool: &Tool,
        arch: &str,
    ) -> Result<(Journal, Past), FuzzError> {
        let path = folder.join(JOURNAL);
        let failed = |file: &Path| {
            let file = file.to_owned();
            move |error| FuzzError::Save { file, error }
        };
        if options.resume && !path.exists() {
            return Err(FuzzError::NoCampaign(folder.to_owned()));
        }
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
        let locked = lock(folder)?;
        let settings = Settings::of(options, engines, tool, arch);
        let past = if options.resume {
            read(&path, &settings)?
        } else {
            if path.exists() {
                std::fs::rename(&path, folder.join("campaign.old.jsonl")).map_err(failed(&path))?;
            }
            Past::default()
        };
        // Written anew, a line that was broken off is gone.
        let file = write(&path, &settings, &past)?;
        Ok((Journal { path, settings, file, added: 0, _folder: locked }, past))
    }

    /// Adds what cases did.
    pub(crate) fn cases(&mut self, tally: Tally) -> Result<(), FuzzError> {
        self.line(&Line::Cases(tally))
    }

    /// Adds the rules that were reached until now.
    pub(crate) fn rules(&mut self, rules: RuleCoverage) -> Result<(), FuzzError> {
        self.line(&Line::Rules(rules))
    }

    /// Whether it has become long.
    pub(crate) fn is_long(&self) -> bool {
        self.added > LONG
    }

    /// Writes the journal anew, with the sums in the place of many lines.
    pub(crate) fn shorten(
        &mut self,
        tally: Tally,
        rules: Option<RuleCoverage>,
    ) -> Result<(), FuzzError> {
        let past = Past { tally, rules, complete: None };
        self.file = write(&self.path, &self.settings, &past)?;
        self.added = 0;
        Ok(())
    }

    /// Notes that the campaign is complete.
    pub(crate) fn complete(&mut self, record: &FuzzRecord) -> Result<(), FuzzError> {
        self.line(&Line::Complete(Box::new(record.clone())))
    }

    fn line(&mut self, line: &Line) -> Result<(), FuzzError> {
        let text = text_of(line);
        self.added += text.len();
        // In one piece, so that the line is there or is not.
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|error| FuzzError::Save { file: self.path.clone(), error })
    }
}

fn text_of(line: &impl Serialize) -> String {
    let mut text = serde_json::to_string(line).expect("tallies and records are JSON");
    text.push('\n');
    text
}

/// A campaign has its folder for itself. Where the system has no locks, that is left to the user.
fn lock(folder: &Path) -> Result<File, FuzzError> {
    let failed = |error| FuzzError::Save { file: folder.to_owned(), error };
    let file = File::open(folder).map_err(failed)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(FuzzError::Busy(folder.to_owned())),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Writes a journal and gives it, open for more lines.
fn write(path: &Path, settings: &Settings, past: &Past) -> Result<File, FuzzError> {
    let mut text = text_of(settings);
    if past.tally.modules() > 0 {
        text.push_str(&text_of(&Line::Cases(past.tally.clone())));
    }
    if let Some(rules) = &past.rules {
        text.push_str(&text_of(&Line::Rules(rules.clone())));
    }
    if let Some(record) = &past.complete {
        text.push_str(&text_of(&Line::Complete(record.clone())));
    }
    replace(path, text.as_bytes())?;
    let file = OpenOptions::new().append(true).open(path);
    file.map_err(|error| FuzzError::Save { file: path.to_owned(), error })
}

/// The seed of the campaign in a folder, if one was begun there.
pub fn seed_in(folder: &Path) -> Option<u64> {
    let first = BufReader::new(File::open(folder.join(JOURNAL)).ok()?).lines().next()?.ok()?;
    Some(serde_json::from_str::<Settings>(&first).ok()?.seed)
}

/// Reads a journal, which must be of these settings. A last line without an end was broken off and does not count.
fn read(path: &Path, settings: &Settings) -> Result<Past, FuzzError> {
    let mut bytes =
        std::fs::read(path).map_err(|error| FuzzError::Save { file: path.to_owned(), error })?;
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
    let wrong = |line: usize, error: &dyn std::fmt::Display| FuzzError::Journal {
        file: path.to_owned(),
        line: line + 1,
        error: error.to_string(),
    };
    let text = String::from_utf8(bytes).map_err(|error| wrong(0, &error))?;
    let mut lines = text.lines().enumerate();
    let (_, first) = lines.next().ok_or_else(|| wrong(0, &"it is empty"))?;
    let before: Settings = serde_json::from_str(first).map_err(|error| wrong(0, &error))?;
    let what = before.differences(settings);
    if !what.is_empty() {
        return Err(FuzzError::OtherOptions { file: path.to_owned(), what });
    }
    let mut past = Past::default();
    for (number, line) in lines {
        match serde_json::from_str(line).map_err(|error| wrong(number, &error))? {
            Line::Cases(tally) => past.tally.add(tally),
            Line::Rules(rules) => past.rules = Some(rules),
            Line::Complete(record) => past.complete = Some(record),
        }
    }
    Ok(past)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{DiffOptions, RunOptions};
    use crate::fuzz::ranges::Ranges;
    use etalon_adapters::Features;
    use std::collections::BTreeSet;

    fn options(resume: bool) -> FuzzOptions {
        let run = RunOptions { features: Features::wasm3(), gas: None, state: true, time: None };
        let diff = DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false, laws: false };
        FuzzOptions { resume, ..FuzzOptions::new(Vec::new(), Vec::new(), diff) }
    }

    fn open(folder: &Path, resume: bool) -> (Journal, Past) {
        let tool = Tool::new("test", "0");
        let journal = Journal::open(folder, &options(resume), Vec::new(), &tool, "any");
        journal.expect("the folder is writable")
    }

    /// Whatever is written when, and however often it is written anew, the sum is the same.
    #[test]
    fn a_long_journal_becomes_short_and_says_the_same() {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let path = folder.path().join(JOURNAL);
        let mut sum = Tally::default();
        let mut longest = 0;
        for run in 0..3 {
            let (mut journal, past) = open(folder.path(), run > 0);
            assert_eq!(past.tally, sum, "what earlier runs did is there");
            for case in 0..2000 {
                let number = run * 2000 + case;
                let mut one = Tally { finished: Ranges::of(number), ..Tally::default() };
                one.poisoned.insert("x".repeat(5000), 1);
                sum.add(one.clone());
                journal.cases(one).expect("it is writable");
                if journal.is_long() {
                    journal.shorten(sum.clone(), None).expect("it is writable");
                }
                longest = longest.max(journal.added);
            }
        }
        assert!(longest < 2 * LONG, "{longest}");
        assert_eq!(open(folder.path(), true).1.tally, sum);
        let size = std::fs::metadata(&path).expect("it is there").len();
        assert!(size < 10_000, "written anew it is short: {size}");
        assert_eq!(sum.modules(), 6000);
    }
}
