//! `etalon localise`

use crate::commands::cause::{CaseArgs, print_cause, print_divergence};
use crate::engines::VersionArgs;
use crate::escape;
use crate::exit::Status;
use crate::fault::tool;
use crate::output::{Format, json, say};
use anyhow::Result;
use etalon_harness::fuzz::add_since;
use etalon_harness::localise::{Cause, Since, culprit, localise};
use etalon_record::{Divergence, Document, Kind};
use serde::Serialize;

/// Arguments of `etalon localise`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "etalon localise [OPTIONS] <FILE|FOLDER> [--invoke <NAME> [ARG]...]",
    after_help = "\
Examples:
  etalon localise module.wat --engine oracle,jit
  etalon localise module.wasm --invoke div 7 -1
  etalon localise findings/FOLDER               a finding of `fuzz`, with its calls and engines
  etalon localise findings/FOLDER --bisect-versions capi:v1.so,capi:v2.so,capi:v3.so

The first engine is held to be right. Both run a copy of the module that hands the values of its
instructions to the host, and the first that differs is the first wrong value. --invoke takes all
words up to the next option, so the file stands before it.

--bisect-versions compares the engines of its list, oldest first, with the first engine: the ends,
then the middle of what is left, so that 100 versions take about 9 runs. An engine that cannot be
started, or refuses the module, is passed over, and the reason is told. What is learnt of a
finding is added to `finding.toml` and `report.md` in its folder."
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub case: CaseArgs,
    #[command(flatten)]
    pub versions: VersionArgs,
    /// Also print what our compiler makes of the function: the code generator's form, and machine code
    #[arg(long)]
    pub code: bool,
}

/// The body of the document.
#[derive(Debug, Serialize)]
struct Localised {
    file: String,
    divergence: Option<Divergence>,
    cause: Option<Cause>,
    /// The functions without which the second of two tiers does not differ.
    functions: Vec<u32>,
    /// Since which of the versions that were named it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Since>,
    /// What the compiler of the second engine makes of the function, if that is asked for and it shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
}

/// What a compiler makes of a function.
#[derive(Debug, Serialize)]
struct Code {
    clif: String,
    assembly: String,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let Some(compared) = args.case.compare()? else { return Ok(Status::EngineFailed) };
    let file = args.case.file.display().to_string();
    let Some((engine, difference)) = compared.divergence() else {
        match format {
            Format::Human => compared.print_agreement(),
            Format::Json => {
                let (functions, code, since) = (Vec::new(), None, None);
                let (divergence, cause) = (None, None);
                let body = Localised { file, divergence, cause, functions, since, code };
                json(&Document::new(Kind::Localise, tool(), body))?;
            }
        }
        return Ok(compared.status_of_agreement());
    };
    let (differ, case) = (&compared.differ, &compared.case);
    let divergence = differ.divergence(case, &compared.judged, engine, &difference);
    let cause = localise(differ, case, engine, &difference)?;
    let names = compared.names(engine);
    let tiers = names.each_ref().map(String::as_str);
    let functions = culprit(differ.options(), tiers, case, &difference)?;
    let functions = functions.map_or(Vec::new(), |culprit| culprit.funcs);
    let shown = cause.as_ref().filter(|_| args.code);
    let code = shown.and_then(|cause| differ.listing(engine, case, cause.func));
    let code = code.map(|code| Code { clif: code.clif, assembly: code.assembly });
    let since = args.versions.versions()?;
    let since = since.map(|versions| versions.since(differ, case, difference.aspect));
    // What was learnt before is not given up for nothing.
    if let Some(since) = &since
        && since.asked.iter().any(|asked| asked.differs.is_some())
        && args.case.is_finding()
    {
        add_since(&args.case.file, since)?;
    }
    match format {
        Format::Json => {
            let divergence = Some(divergence);
            let body = Localised { file, divergence, cause, functions, since, code };
            json(&Document::new(Kind::Localise, tool(), body))?;
        }
        Format::Human => {
            print_divergence(&divergence);
            if !functions.is_empty() {
                let list: Vec<String> = functions.iter().map(u32::to_string).collect();
                say!("it goes away unless {} runs function {}", names[1], list.join(", "));
            }
            match &cause {
                Some(cause) => print_cause(cause, &names),
                None => say!("no instruction can be named"),
            }
            if let Some(since) = &since {
                print_since(since);
            }
            if let Some(code) = code {
                say!("{}\n{}", code.clif.trim_end(), code.assembly.trim_end());
            } else if args.code {
                say!("{} does not show code", names[1]);
            }
        }
    }
    Ok(compared.stopped.status(Status::Finding))
}

/// Since which version it is, and what was asked.
fn print_since(since: &Since) {
    say!("{}", escape::line(&since.said));
    for asked in &since.asked {
        let version = asked.version.as_ref().map(|version| format!(" ({version})"));
        let line = format!("{}{}: {}", asked.name, version.unwrap_or_default(), asked.in_words());
        say!("  {}", escape::line(&line));
    }
}
