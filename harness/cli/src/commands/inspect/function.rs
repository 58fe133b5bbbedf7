//! One function of a module: which it is, and what of it is shown.

use super::{code, gas, text};
use crate::commands::compile::Opt;
use crate::escape;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::output::{Format, json};
use anyhow::Result;
use clap::ValueEnum;
use etalon::unstable::ModuleData;
use etalon::unstable::module::{ExternKind, FuncBody};
use etalon::{CpuLevel, Features, Schedule};
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Arguments about one function.
#[derive(Debug, clap::Args)]
pub(crate) struct FunctionArgs {
    /// Look at one function: its index, or the name that it is exported by or has in the name section
    #[arg(long, value_name = "N", conflicts_with = "policy", help_heading = "One function")]
    pub function: Option<String>,
    /// What to show of the function; its text if nothing is said
    #[arg(long, value_enum, requires = "function", help_heading = "One function")]
    pub show: Option<Show>,
    /// How hard to optimise; speed if nothing is said. Of clif and asm, as what follows
    #[arg(long, value_enum, requires = "show", help_heading = "One function")]
    pub opt: Option<Opt>,
    /// Code for the machine of this triple; for this machine if nothing is said
    #[arg(long, value_name = "TRIPLE", requires = "show", help_heading = "One function")]
    pub target: Option<String>,
    /// Features of the processor that code uses: baseline, sse4.2, avx, avx2, or native, which is all that this machine has. It is
    /// native if nothing is said, and avx2 with --target; other machines than x86_64 have baseline alone
    #[arg(long, value_name = "LEVEL", requires = "show", help_heading = "One function")]
    pub cpu: Option<CpuLevel>,
    /// Code that looks for interrupts
    #[arg(long, requires = "show", help_heading = "One function")]
    pub interruptible: bool,
}

/// What of a function is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Show {
    /// Its text, with the offsets of its operators in the module
    #[default]
    Wat,
    /// What it costs: gas segments and the weights of its operators
    Gas,
    /// What the code generator gets (CLIF)
    Clif,
    /// The machine code, with the operators that it is from
    Asm,
}

/// A function that was asked for.
pub(super) struct Function<'a> {
    pub(super) module: &'a ModuleData,
    pub(super) index: u32,
    pub(super) body: &'a FuncBody,
    pub(super) settings: Settings,
    pub(super) file: &'a Path,
}

/// What the command says of all functions.
pub(super) struct Settings {
    /// What the module may use.
    pub(super) features: Features,
    pub(super) schedule: Arc<Schedule>,
    /// Whether the schedule was asked for, so that code is metered.
    pub(super) is_metered: bool,
}

/// The document.
#[derive(Serialize)]
struct Shown<'a, T> {
    file: String,
    function: Named<'a>,
    show: Show,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
struct Named<'a> {
    index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

/// What one view of a function is, for programs and for people.
pub(super) trait View: Serialize {
    /// What stands behind the name of the function.
    fn about(&self) -> String;
    /// Prints the rest.
    fn print(&self);
}

/// Shows a function.
pub(super) fn run(
    args: &FunctionArgs,
    asked: &str,
    module: &ModuleData,
    settings: Settings,
    (file, format): (&Path, Format),
) -> Result<Status> {
    let show = args.show.unwrap_or_default();
    check(args, show, file)?;
    let usage = |message| InputError::usage(file, message);
    let index = chosen(module, asked).map_err(usage)?;
    let imported = || usage(format!("function {index} is imported: it is code of another module"));
    let body = module.body(index).ok_or_else(imported)?;
    let function = Function { module, index, body, settings, file };
    match show {
        Show::Wat => tell(&function, show, &text::view(&function)?, format),
        Show::Gas => tell(&function, show, &gas::view(&function)?, format),
        Show::Clif => tell(&function, show, &code::clif(&function, args)?, format),
        Show::Asm => tell(&function, show, &code::asm(&function, args)?, format),
    }
}

/// Refuses settings of code where no code is shown, and those that contradict each other.
fn check(args: &FunctionArgs, show: Show, file: &Path) -> Result<()> {
    let is_given = [
        ("--opt", args.opt.is_some()),
        ("--target", args.target.is_some()),
        ("--cpu", args.cpu.is_some()),
        ("--interruptible", args.interruptible),
    ];
    let of_code = is_given
        .iter()
        .find(|(_, given)| *given)
        .filter(|_| !matches!(show, Show::Clif | Show::Asm));
    let message = match of_code {
        Some((option, _)) => {
            format!("{option} is about code: it goes with --show clif or --show asm")
        }
        None if args.target.is_some() && args.cpu == Some(CpuLevel::Native) => {
            "--cpu native is this machine, and --target names one: say another level".to_owned()
        }
        None => return Ok(()),
    };
    Err(InputError::usage(file, message).into())
}

fn tell<V: View>(function: &Function<'_>, show: Show, view: &V, format: Format) -> Result<Status> {
    let name = name_of(function.module, function.index);
    let file = function.file.display().to_string();
    match format {
        Format::Json => {
            let named = Named { index: function.index, name };
            let body = Shown { file, function: named, show, what: view };
            json(&Document::new(Kind::Inspect, tool(), &body))?;
        }
        Format::Human => {
            let called = shown(function.module, function.index);
            crate::output::say!("{called} of {}: {}", escape::file(&file), view.about());
            view.print();
        }
    }
    Ok(Status::Fine)
}

/// A function's own name, or else one that it is exported by.
pub(super) fn name_of(module: &ModuleData, index: u32) -> Option<&str> {
    let exports = || {
        let mut all = module.exports.iter();
        all.find(|export| export.kind == ExternKind::Func && export.index == index)
    };
    module.func_name(index).or_else(|| exports().map(|export| export.name.as_str()))
}

/// The same with the index, for people.
pub(super) fn shown(module: &ModuleData, index: u32) -> String {
    let name = name_of(module, index).map(|name| format!(" ({})", escape::name(name)));
    format!("function {index}{}", name.unwrap_or_default())
}

/// Names that are listed where none of them is meant.
const LISTED: usize = 12;

/// The function that is meant. An index is one, whatever functions are called; `$7` is the name.
fn chosen(module: &ModuleData, asked: &str) -> Result<u32, String> {
    let count = module.funcs.len() as u32;
    if let Ok(index) = asked.parse::<u32>() {
        let none = match count.checked_sub(1) {
            None => "there is no function in the module".to_owned(),
            Some(last) => format!("there is no function {index}: the last one is {last}"),
        };
        return if index < count { Ok(index) } else { Err(none) };
    }
    let exports = module.exports.iter().filter(|export| export.kind == ExternKind::Func);
    let exports = exports.map(|export| (export.name.as_str(), export.index));
    let names = module.func_names.iter().map(|(index, name)| (name.as_str(), *index));
    let names: Vec<(&str, u32)> =
        exports.chain(names).filter(|(_, index)| *index < count).collect();
    let called = |asked: &str| -> BTreeSet<u32> {
        names.iter().filter(|(name, _)| *name == asked).map(|(_, index)| *index).collect()
    };
    let mut found = called(asked);
    if let (true, Some(bare)) = (found.is_empty(), asked.strip_prefix('$')) {
        found = called(bare);
    }
    let listed = |indices: &BTreeSet<u32>| {
        let some: Vec<String> = indices.iter().take(LISTED).map(u32::to_string).collect();
        some.join(", ") + if indices.len() > LISTED { ", …" } else { "" }
    };
    match (found.first(), found.len()) {
        (Some(index), 1) => Ok(*index),
        (None, _) => Err(missing(asked, &names)),
        _ => Err(format!(
            "{} is the name of functions {}: say which by its index",
            escape::quoted(asked),
            listed(&found)
        )),
    }
}

/// What there is in place of a name that nothing has.
fn missing(asked: &str, names: &[(&str, u32)]) -> String {
    let known: BTreeSet<&str> = names.iter().map(|(name, _)| *name).collect();
    let listed: Vec<String> = known.iter().take(LISTED).map(|name| escape::quoted(name)).collect();
    let more = if known.len() > LISTED { ", …" } else { "" };
    let what = match listed.is_empty() {
        true => "no function has a name: say which by its index".to_owned(),
        false => format!("functions are called {}{more}", listed.join(", ")),
    };
    format!("no function is called {}; {what}", escape::quoted(asked))
}
