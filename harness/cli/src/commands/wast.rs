//! `etalon wast`

use crate::commands::convert;
use crate::commands::spec::{Prepared, RunArgs, finish};
use crate::commands::validate::{feature_names, features};
use crate::count;
use crate::exit::Status;
use crate::fault::{self, InputError, tool};
use crate::output::{Format, json, note, say};
use crate::progress::ScriptBar;
use crate::words::counted;
use anyhow::Result;
use etalon_adapters::{Adapter, Features};
use etalon_harness::coverage::rule_coverage;
use etalon_harness::script::{
    Outcomes, ScriptError, ScriptOptions, TextRule, outcomes, run_paths, scripts_in,
};
use etalon_record::{Document, Fault, Kind};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `etalon wast`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon wast path/to/testsuite --engine oracle    run a checkout of the official scripts
  etalon wast mine.wast --features wasm3,threads
  etalon wast mine.wast --coverage                 which rules of the specification does it reach?
  etalon wast litmus.wast --outcomes               which outcomes can its threads have?
  etalon wast path/to/testsuite --to json -o json  for runners in other languages
  etalon wast json/i32.json                        run what was converted")]
pub(crate) struct Args {
    /// Scripts, or folders of them; also scripts that were converted to JSON
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Features that modules may use: wasm1, wasm2, wasm3, all, or features by name; by default wasm3 and
    /// the proposals that the folders are named after
    #[arg(long, value_delimiter = ',', value_name = "NAME", value_parser = feature_names())]
    #[arg(hide_possible_values = true)]
    pub features: Vec<String>,
    /// Try all interleavings of the threads of scripts, at most RUNS, and list their outcomes
    #[arg(long, value_name = "RUNS", num_args = 0..=1, default_missing_value = "100000")]
    #[arg(conflicts_with_all = ["coverage", "record"], value_parser = count::runs())]
    pub outcomes: Option<u64>,
    /// How the texts of assertions are compared: strictly as in the official scripts (a text must name the fault that
    /// was found), or leniently, for scripts with texts of other engines (the phase decides)
    #[arg(long, value_enum, default_value_t, value_name = "RULE")]
    pub texts: Texts,
    /// Convert the scripts, and run nothing: to JSON and files of modules, as docs/script-json.md describes them
    #[arg(long, value_enum, value_name = "FORM", conflicts_with_all = ["outcomes", "coverage", "record"])]
    pub to: Option<Form>,
    /// Where to write what was converted
    #[arg(short, long, value_name = "DIR", default_value = "json", requires = "to")]
    pub out: PathBuf,
    #[command(flatten)]
    pub run: RunArgs,
}

/// What scripts are converted to.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Form {
    /// JSON and files of modules.
    Json,
}

/// How the texts of assertions are compared.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(crate) enum Texts {
    #[default]
    Strict,
    Lenient,
}

/// The body of the document of `--outcomes`.
#[derive(Debug, Serialize)]
struct AllOutcomes {
    outcomes: Vec<OutcomesOf>,
    /// Whether a signal ended the runs, so that the last outcomes are not all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    interrupted: bool,
    errors: Vec<Fault>,
}

/// The outcomes of a script on an engine.
#[derive(Debug, Serialize)]
struct OutcomesOf {
    file: String,
    engine: String,
    /// Where it was found, for people.
    #[serde(skip)]
    origin: String,
    #[serde(flatten)]
    outcomes: Outcomes,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    if let Some(Form::Json) = args.to {
        return convert::run(args, format);
    }
    let inputs: Vec<&Path> = args.paths.iter().map(PathBuf::as_path).collect();
    let Prepared { mut adapters, mut options, tally, stopped, record } =
        args.run.prepare(&inputs)?;
    options.texts = match args.texts {
        Texts::Strict => TextRule::Strict,
        Texts::Lenient => TextRule::Lenient,
    };
    if args.outcomes.is_some() {
        adapters = args.run.engine.adapters(&["oracle"])?;
    }
    let features = match args.features.as_slice() {
        [] => None,
        names => Some(features(names)?),
    };
    let engines: Vec<&dyn Adapter> = adapters.iter().map(|a| &**a).collect();
    if let Some(most) = args.outcomes {
        let status = all_outcomes(&engines, &args.paths, features, (&options, most), format)?;
        return Ok(stopped.status(status));
    }
    let mut run = run_paths(&engines, &args.paths, features, &options, &ScriptBar::new());
    run.record.coverage = tally.as_ref().map(rule_coverage);
    if let Some(none) = no_script(&run.errors).filter(|_| run.record.rows.is_empty()) {
        return Err(none);
    }
    Ok(stopped.status(finish(&run, record.as_ref(), format)?))
}

/// One folder, and no script in it: that is all there is to tell.
pub(crate) fn no_script(errors: &[ScriptError]) -> Option<anyhow::Error> {
    match errors {
        [ScriptError::NoScript { file }] => {
            Some(InputError::usage(Path::new(file), "no script (.wast) is there").into())
        }
        _ => None,
    }
}

fn all_outcomes(
    engines: &[&dyn Adapter],
    paths: &[PathBuf],
    features: Option<Features>,
    (options, most): (&ScriptOptions, u64),
    format: Format,
) -> Result<Status> {
    let (sources, mut errors) = scripts_in(paths, features);
    if let Some(none) = no_script(&errors).filter(|_| sources.is_empty()) {
        return Err(none);
    }
    let mut all = Vec::new();
    for source in &sources {
        for engine in engines {
            if options.is_stopped() {
                break;
            }
            match outcomes(*engine, source, options, most) {
                Ok(outcomes) => {
                    let (file, engine) = (source.file.clone(), engine.info().name);
                    let origin = source.origin.clone();
                    all.push(OutcomesOf { file, engine, origin, outcomes });
                }
                Err(error) => errors.push(error),
            }
        }
    }
    errors.iter().for_each(|error| note!("error: {error}"));
    let interrupted = options.is_stopped();
    if interrupted {
        note!("stopped by a signal: not all interleavings were run");
    }
    let status = if all.iter().any(|of| !of.outcomes.timeouts.is_empty()) {
        Status::EngineFailed
    } else if !errors.is_empty() {
        Status::Unusable
    } else if all.iter().all(|of| of.outcomes.failures.is_empty()) {
        Status::Fine
    } else {
        Status::Finding
    };
    let errors = errors.iter().map(fault::of_script).collect();
    match format {
        Format::Json => json(&Document::new(
            Kind::Outcomes,
            tool(),
            AllOutcomes { outcomes: all, interrupted, errors },
        ))?,
        Format::Human => all.iter().for_each(print),
    }
    Ok(status)
}

/// Prints the outcomes, the most frequent first, and assertions that failed in some interleaving.
fn print(of: &OutcomesOf) {
    let Outcomes { runs, exhaustive, seen, failures, timeouts } = &of.outcomes;
    let all = if *exhaustive { "all" } else { "not all" };
    let runs = counted(*runs, "interleaving");
    say!("{} on {}: {runs}, {all} that exist", of.origin, of.engine);
    let mut seen: Vec<_> = seen.iter().collect();
    seen.sort_by_key(|(text, count)| (std::cmp::Reverse(**count), *text));
    for (text, count) in seen {
        say!("  {count:>6}  {text}");
    }
    for failure in failures {
        say!("  line {}: {}", failure.line, failure.kind);
        say!("    expected {}", failure.expected);
        say!("    got      {}", failure.got);
    }
    for note in timeouts {
        say!("  line {}: timed out: {}", note.line, note.reason);
    }
}
