//! What the compiler makes of a function: the code generator's form, and machine code.

use super::function::{Function, FunctionArgs, View};
use super::text;
use crate::commands::inspect::function;
use crate::disassembly::{self, Row};
use crate::fault::InputError;
use crate::output::{dim, lines, plain, say_in_colour};
use crate::words::counted;
use anyhow::Result;
use etalon::unstable::{self, Listed, Listing};
use etalon::{Config, CpuLevel, Engine, ModuleError, Tier};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How the code was made.
#[derive(Debug, Serialize)]
struct Made {
    target: String,
    opt: &'static str,
    /// The features of the processor that it may use.
    cpu: &'static str,
    /// The schedule that it is metered by.
    schedule: Option<String>,
    interruptible: bool,
}

/// The code generator's form.
#[derive(Debug, Serialize)]
pub(super) struct Clif {
    #[serde(flatten)]
    made: Made,
    text: String,
}

/// The machine code.
#[derive(Debug, Serialize)]
pub(super) struct Asm {
    #[serde(flatten)]
    made: Made,
    bytes: usize,
    instructions: Vec<Instruction>,
}

/// An instruction with what it is from and for.
#[derive(Debug, Serialize)]
struct Instruction {
    #[serde(flatten)]
    row: Row,
    /// What the operator looks like that it is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<String>,
}

/// Compiles a function as it is asked for.
fn compiled(function: &Function<'_>, args: &FunctionArgs) -> Result<(Made, Listing)> {
    let settings = &function.settings;
    let without = if args.target.is_some() { CpuLevel::Avx2 } else { CpuLevel::Native };
    let (opt, cpu) = (args.opt.unwrap_or_default(), args.cpu.unwrap_or(without));
    let mut config = Config::new();
    config.tier(Tier::Jit).features(settings.features).opt_level(opt.level());
    config.cpu_level(cpu).interruptible(args.interruptible);
    config.schedule(Arc::clone(&settings.schedule)).consume_fuel(settings.is_metered);
    let refused = |kind: &str, message: String| InputError::new(kind, function.file, message);
    let engine = Engine::new(&config)?;
    let bytes = function.module.bytes();
    let target = args.target.as_deref();
    let listed = unstable::listed(&engine, bytes, function.index, target);
    let left = match listed.map_err(|error| match error {
        ModuleError::Load(load) => refused(crate::fault::word(&load.kind), load.message),
        other => refused("usage", other.to_string()),
    })? {
        Listed::Code(listing) => {
            let made = Made {
                target: listing.target.clone(),
                opt: opt.name(),
                cpu: listing.cpu.name(),
                schedule: settings.is_metered.then(|| settings.schedule.id().to_string()),
                interruptible: args.interruptible,
            };
            return Ok((made, *listing));
        }
        Listed::NotCompiled(reason) => reason.to_string(),
        Listed::NotDefined => "the module does not define it".to_owned(),
    };
    let called = function::shown(function.module, function.index);
    Err(refused("limit", format!("{called} is not compiled: {left}")).into())
}

/// The code generator's form of a function.
pub(super) fn clif(function: &Function<'_>, args: &FunctionArgs) -> Result<Clif> {
    let (made, listing) = compiled(function, args)?;
    Ok(Clif { made, text: listing.clif })
}

/// The machine code of a function.
pub(super) fn asm(function: &Function<'_>, args: &FunctionArgs) -> Result<Asm> {
    let (made, listing) = compiled(function, args)?;
    let texts: BTreeMap<u64, String> = text::operators(function)?;
    let called = |index: u32| function::shown(function.module, index);
    let rows = disassembly::rows(&listing, called).into_iter().map(|row| {
        let operator = row.wasm.and_then(|offset| texts.get(&offset.into()).cloned());
        Instruction { row, operator }
    });
    Ok(Asm { made, bytes: listing.bytes.len(), instructions: rows.collect() })
}

impl Made {
    fn about(&self) -> String {
        let gas = match &self.schedule {
            Some(schedule) => format!("metered by {schedule}"),
            None => "not metered".to_owned(),
        };
        let interrupts = if self.interruptible { ", interruptible" } else { "" };
        format!("{}, cpu {}, opt {}, {gas}{interrupts}", self.target, self.cpu, self.opt)
    }
}

impl View for Clif {
    fn about(&self) -> String {
        self.made.about()
    }

    fn print(&self) {
        say_in_colour([lines(self.text.trim_end())]);
    }
}

/// Columns of an instruction, before what it is from.
const WIDE: usize = 44;

impl View for Asm {
    fn about(&self) -> String {
        format!("{} for {}", counted(self.bytes as u64, "byte"), self.made.about())
    }

    fn print(&self) {
        let mut last = None;
        for Instruction { row, operator } in &self.instructions {
            let at = row.code.map(|at| format!("{at:>6x}  ")).unwrap_or_default();
            let mut text = row.text.clone();
            if let Some(why) = row.trap {
                text += &format!("  ; {why}");
            }
            // An operator is named where its code begins, and where it goes on after that of another.
            let from = match row.wasm.filter(|_| row.wasm != last) {
                Some(offset) => {
                    last = row.wasm;
                    let operator = operator.as_deref().unwrap_or_default();
                    text = format!("{text:<WIDE$}");
                    format!("  {offset:#07x}  {operator}")
                }
                None => String::new(),
            };
            say_in_colour([dim(at), plain(text), dim(from)]);
        }
    }
}
