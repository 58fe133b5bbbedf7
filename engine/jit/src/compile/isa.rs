//! The target: processor, settings of the code generator.

use super::{CpuLevel, OptLevel};
use crate::code::Target;
use crate::error::CompileError;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::isa::{self, Builder, OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable, SetError};
use std::sync::{Arc, OnceLock};
use target_lexicon::{Architecture, Triple};

/// Settings that hold for all code, with what each is for.
const SETTINGS: &[(&str, &str)] = &[
    // Code calls only code of its own module, and everything else through its context.
    ("is_pic", "false"),
    // A frame of more than a page must not jump over the guard page.
    ("enable_probestack", "true"),
    ("probestack_strategy", "inline"),
    // More results than registers.
    ("enable_multi_ret_implicit_sret", "true"),
    ("preserve_frame_pointers", "true"),
    ("unwind_info", "false"),
    // A loop lies in the same way across lines of the cache whatever functions come before it: it may take twice the time otherwise.
    ("log2_min_function_alignment", "6"),
];

/// Whether metered code of this machine keeps the gas that is left in a register that nothing else uses, and the handler of signals
/// reads it at a trap. Elsewhere it is a variable, which is in memory wherever code may leave.
pub(crate) const PINS_GAS: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// The same for code of any machine.
fn pins_gas(triple: &Triple) -> bool {
    matches!(triple.architecture, Architecture::X86_64 | Architecture::Aarch64(_))
}

/// What a generator tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// What was asked for.
    Level(OptLevel),
    /// Frames as small as the generator can make them, in time that grows as the code does.
    SmallFrames,
}

impl From<OptLevel> for Effort {
    fn from(level: OptLevel) -> Effort {
        Effort::Level(level)
    }
}

impl Effort {
    /// Whether the optimiser runs.
    pub(crate) fn optimises(self) -> bool {
        !matches!(self, Effort::Level(OptLevel::None) | Effort::SmallFrames)
    }
}

/// The generator for this machine.
pub(crate) fn host(
    effort: Effort,
    cpu: CpuLevel,
    verify: bool,
    metering: bool,
) -> Result<OwnedTargetIsa, CompileError> {
    let builder = cpu.builder().map_err(|e| CompileError::Target(e.to_string()))?;
    finish(builder, flags(effort, verify), metering)
}

/// The generator for a function that people look at. It notes where blocks begin, which changes nothing of the code. A machine that is
/// named has the features of a level, whatever this machine has.
pub(super) fn shown(
    target: Option<&str>,
    effort: Effort,
    cpu: CpuLevel,
    metering: bool,
) -> Result<OwnedTargetIsa, CompileError> {
    let named = |e: &dyn std::fmt::Display| CompileError::Target(e.to_string());
    let builder = match target {
        Some(name) => {
            let mut builder = lookup(name)?;
            for feature in cpu.features(builder.triple()) {
                builder.enable(feature).map_err(|e| named(&e))?;
            }
            builder
        }
        None => cpu.builder().map_err(|e| named(&e))?,
    };
    let flags = flags(effort, false).and_then(|mut flags| {
        flags.enable("machine_code_cfg_info")?;
        Ok(flags)
    });
    finish(builder, flags, metering)
}

/// What makes code for a machine that is named by a triple.
fn lookup(name: &str) -> Result<Builder, CompileError> {
    let no_triple = |_| CompileError::Target(format!("{name:?} is no triple of a machine"));
    let triple: Triple = name.parse().map_err(no_triple)?;
    // Another width of pointers would be another layout of what code and engine share.
    let has_layout = matches!(triple.pointer_width(), Ok(width) if width.bytes() == 8);
    isa::lookup(triple).ok().filter(|_| has_layout).map_or_else(
        || Err(CompileError::Target(format!("this build makes no code for {name:?}"))),
        Ok,
    )
}

fn finish(
    builder: Builder,
    flags: Result<settings::Builder, SetError>,
    metering: bool,
) -> Result<OwnedTargetIsa, CompileError> {
    let target = |e: &dyn std::fmt::Display| CompileError::Target(e.to_string());
    let mut flags = flags.map_err(|e| target(&e))?;
    // What is pinned is the gas that is left.
    let pins = if metering && pins_gas(builder.triple()) { "true" } else { "false" };
    flags.set("enable_pinned_reg", pins).map_err(|e| target(&e))?;
    let isa = builder.finish(settings::Flags::new(flags)).map_err(|e| target(&e))?;
    require(&*isa)?;
    Ok(isa)
}

fn flags(effort: Effort, verify: bool) -> Result<settings::Builder, SetError> {
    let mut builder = settings::builder();
    for (name, value) in SETTINGS {
        builder.set(name, value)?;
    }
    builder.set("enable_verifier", if verify { "true" } else { "false" })?;
    let (level, allocator) = match effort {
        Effort::Level(OptLevel::None) => ("none", "single_pass"),
        Effort::Level(OptLevel::Speed) => ("speed", "backtracking"),
        Effort::Level(OptLevel::Size) => ("speed_and_size", "backtracking"),
        Effort::SmallFrames => ("none", "backtracking"),
    };
    builder.set("opt_level", level)?;
    builder.set("regalloc_algorithm", allocator)?;
    Ok(builder)
}

/// Without these the generator would call library routines, which code cannot reach.
fn require(isa: &dyn TargetIsa) -> Result<(), CompileError> {
    if isa.triple().architecture.to_string() != "x86_64" {
        return Ok(());
    }
    for (flag, name) in [("has_ssse3", "SSSE3"), ("has_sse41", "SSE4.1")] {
        let has = isa.isa_flags().iter().any(|f| f.name == flag && f.as_bool() == Some(true));
        if !has {
            return Err(CompileError::Cpu(name));
        }
    }
    Ok(())
}

/// What a generator makes code for.
pub(crate) fn target_of(isa: &dyn TargetIsa) -> Target {
    let on = |f: &&settings::Value| f.as_bool() == Some(true);
    let mut features: Vec<String> =
        isa.isa_flags().iter().filter(on).map(|f| f.name.to_owned()).collect();
    features.sort();
    Target { triple: isa.triple().to_string(), features }
}

/// This machine; without a name or a feature if no code can be made for it.
pub(crate) fn host_target() -> &'static Target {
    static HERE: OnceLock<Target> = OnceLock::new();
    HERE.get_or_init(|| match host(OptLevel::Speed.into(), CpuLevel::Native, false, false) {
        Ok(isa) => target_of(&*isa),
        Err(_) => Target { triple: String::new(), features: Vec::new() },
    })
}

/// How a call to another function is written on a processor.
pub(crate) fn call_reloc(isa: &dyn TargetIsa) -> Reloc {
    match isa.name() {
        "aarch64" => Reloc::Arm64Call,
        "riscv64" => Reloc::RiscvCallPlt,
        "s390x" => Reloc::S390xPLTRel32Dbl,
        _ => Reloc::X86CallPCRel4,
    }
}

/// A generator that several threads share.
pub(crate) type SharedIsa = Arc<dyn TargetIsa>;
