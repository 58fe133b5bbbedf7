//! What `etalon reduce` and `etalon localise` have in common: a case, and engines that differ in it.

use crate::commands::diff;
use crate::commands::diff::phrase;
use crate::commands::finding::Finding;
use crate::commands::validate::feature_names;
use crate::engines::{self, EngineArgs};
use crate::escape;
use crate::exit::Status;
use crate::input::Precompiled;
use crate::output::{self, bad, good, plain, say};
use crate::program::ProgramArgs;
use crate::time::{Stopped, Timeout};
use anyhow::Result;
use clap::ValueHint;
use etalon_harness::diff::{Case, Differ, Difference, Judged, Policy, Verdict};
use etalon_harness::localise::{Cause, Certainty};
use etalon_record::Divergence;
use std::path::PathBuf;

/// A module, its calls, and the engines.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CaseArgs {
    /// The module, or the folder of a finding, which has calls of its own
    pub file: PathBuf,
    /// Call only this export, with these arguments; without it, each export with generated arguments
    #[arg(long, num_args = 1.., value_names = ["NAME", "ARG"], value_hint = ValueHint::Other)]
    pub invoke: Vec<String>,
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Features that the module may use: wasm1, wasm2, wasm3, all, or features by name
    #[arg(long, value_delimiter = ',', default_value = "all", value_name = "NAME", value_parser = feature_names())]
    #[arg(hide_possible_values = true)]
    pub features: Vec<String>,
    /// Gas limit of each case; it also ends endless loops
    #[arg(long, default_value_t = 10_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub gas: u64,
    /// Gas schedule: etalon-1, flat, wasmtime-48, wasmi-2, or a file
    #[arg(long, value_name = "NAME", value_parser = engines::schedule_names())]
    #[arg(hide_possible_values = true)]
    pub schedule: Option<String>,
    /// How often each export is called
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = crate::count::rounds())]
    pub rounds: usize,
    /// Seed of the generated arguments
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Allow differences that the specification leaves open
    #[arg(long = "allow", value_delimiter = ',', value_name = "POLICY", value_parser = engines::Offered::of(Policy::ALL.iter().map(|p| p.name())))]
    pub allow: Vec<String>,
    #[command(flatten)]
    pub time: Timeout,
}

/// A case that was judged.
pub(crate) struct Compared {
    pub differ: Differ,
    pub case: Case,
    pub judged: Judged,
    pub stopped: Stopped,
}

impl CaseArgs {
    /// Whether it is a folder of a finding, with calls of its own.
    pub(crate) fn is_finding(&self) -> bool {
        self.file.is_dir() && self.invoke.is_empty()
    }

    /// Judges the case; `None` if its calls were not known within the limit of time.
    pub(crate) fn compare(&self) -> Result<Option<Compared>> {
        let args = diff::Args {
            files: vec![self.file.clone()],
            invoke: self.invoke.clone(),
            engine: self.engine.clone(),
            features: self.features.clone(),
            gas: self.gas,
            schedule: self.schedule.clone(),
            rounds: self.rounds,
            seed: self.seed,
            coverage: false,
            allow: self.allow.clone(),
            check: None,
            time: self.time,
            precompiled: Precompiled { allowed: false },
            program: ProgramArgs::default(),
            program_args: Vec::new(),
        };
        let (time, stopped) = self.time.stoppable()?;
        let finding = Finding::of(&args, &self.file);
        let differ = diff::differ(&args, &finding, None, time)?;
        let Some(case) = diff::case(&args, &self.file, &differ)? else { return Ok(None) };
        let judged = differ.judge(&case)?;
        Ok(Some(Compared { differ, case, judged, stopped }))
    }
}

impl Compared {
    /// The engine that differs, by its place in the list, and in what.
    pub(crate) fn divergence(&self) -> Option<(usize, Difference)> {
        match &self.judged.verdict {
            Verdict::Diverged { engine, difference } => Some((*engine, difference.clone())),
            _ => None,
        }
    }

    /// The names of the first engine and of another.
    pub(crate) fn names(&self, engine: usize) -> [String; 2] {
        let names: Vec<&str> = self.differ.names().collect();
        [0, engine].map(|i| names[i].to_owned())
    }
}

impl Compared {
    /// Nothing differs, as far as is known.
    pub(crate) fn print_agreement(&self) {
        let file = escape::file(&self.case.name);
        let said = match self.judged.is_late() {
            true => bad("timed out, and nothing before that differs"),
            false => good("no divergence"),
        };
        output::say_in_colour([plain(format!("{file}: ")), said]);
    }

    /// The exit status where nothing differs.
    pub(crate) fn status_of_agreement(&self) -> Status {
        self.stopped.status(match self.judged.is_late() {
            true => Status::EngineFailed,
            false => Status::Fine,
        })
    }
}

/// Where engines differ, and what each did.
pub(crate) fn print_divergence(divergence: &Divergence) {
    let file = escape::file(&divergence.file);
    let name = divergence.invoke.as_deref().map(escape::name);
    let place = name.map_or(format!("{file}: "), |name| format!("{file}: {name}: "));
    output::say_in_colour([plain(place), bad(phrase(divergence.what))]);
    for (engine, seen) in &divergence.by_engine {
        say!("  {engine:<8} {}", seen.relevant(divergence.what));
    }
}

/// The instruction at which they part.
pub(crate) fn print_cause(cause: &Cause, names: &[String; 2]) {
    let name = cause.name.as_deref().map(|name| format!(" {}", escape::quoted(name)));
    let name = name.unwrap_or_default();
    say!("function {}{name}, offset 0x{:x}: {}", cause.func, cause.offset, cause.text);
    if !cause.operands.is_empty() {
        say!("  operands {}", cause.operands.join(", "));
    }
    for (name, seen) in names.iter().zip(&cause.seen) {
        say!("  {name:<8} {seen}");
    }
    if !cause.rules.is_empty() {
        say!("  rules    {}", cause.rules.join(", "));
    }
    match cause.certainty {
        Certainty::Seen => {}
        Certainty::NeedsShape => say!(
            "  the engines agree where the values before it are looked at: the fault needs instructions that stand next to \
             each other"
        ),
        Certainty::Last => say!(
            "  it is the last instruction before the difference, which goes away where values are looked at"
        ),
    }
}
