//! The target: processor, settings of the code generator.

use super::{CompileOptions, CpuLevel, Machine, OptLevel};
use crate::code::Target;
use crate::error::CompileError;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::isa::{self, Builder, LookupError, OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable, SetError};
use etalon_module::Module;
use std::sync::{Arc, OnceLock};
use target_lexicon::{Aarch64Architecture, Architecture, Triple};

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

/// What decides which generator it is, besides its effort.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// Another machine than this one.
    elsewhere: Option<Triple>,
    cpu: CpuLevel,
    /// Whether there are vectors in the module.
    vectors: bool,
    verify: bool,
    metering: bool,
}

impl Choice {
    /// For a module under some options.
    pub(crate) fn of(module: &Module, options: &CompileOptions) -> Choice {
        let CompileOptions { cpu, verify, metering, .. } = *options;
        let elsewhere = options.elsewhere().map(|machine| machine.triple().clone());
        let needs = module.needs();
        let vectors = ["simd", "relaxed-simd"].iter().any(|name| needs.names().contains(name));
        Choice { elsewhere, cpu, vectors, verify, metering }
    }

    /// For this machine, whatever is compiled.
    pub(crate) fn here(cpu: CpuLevel) -> Choice {
        Choice { elsewhere: None, cpu, vectors: true, verify: false, metering: false }
    }

    /// The same for a machine that need not be one of artefacts; `None` is this one.
    pub(crate) fn with_triple(self, triple: Option<&Triple>) -> Choice {
        Choice { elsewhere: triple.cloned(), ..self }
    }

    /// The generator.
    pub(crate) fn generator(&self, effort: Effort) -> Result<OwnedTargetIsa, CompileError> {
        let target = |e: &dyn std::fmt::Display| CompileError::Target(e.to_string());
        let builder = match &self.elsewhere {
            None => self.cpu.builder(self.vectors).map_err(|e| target(&e))?,
            // Nobody knows here what it has.
            Some(triple) if self.cpu == CpuLevel::Native => {
                return Err(CompileError::NativeElsewhere(triple.to_string()));
            }
            Some(triple) => named(triple.clone(), self.cpu, self.vectors)?,
        };
        finish(builder, flags(effort, self.verify), self.metering)
    }
}

/// The generator for a function that people look at. It notes where blocks begin, which changes nothing of the code. A machine that is
/// named has the features of a level, whatever this machine has.
pub(super) fn shown(
    target: Option<&str>,
    choice: &Choice,
    effort: Effort,
) -> Result<OwnedTargetIsa, CompileError> {
    let builder = match target {
        Some(name) => {
            let no_triple = |_| CompileError::Target(format!("{name:?} is no triple of a machine"));
            named(name.parse().map_err(no_triple)?, choice.cpu, choice.vectors)?
        }
        None => choice.cpu.builder(choice.vectors).map_err(|e| CompileError::Target(e.into()))?,
    };
    let flags = flags(effort, false).and_then(|mut flags| {
        flags.enable("machine_code_cfg_info")?;
        Ok(flags)
    });
    finish(builder, flags, choice.metering)
}

/// What makes code for a machine that is named by a triple and has the features of a level, whatever this machine has.
fn named(triple: Triple, cpu: CpuLevel, vectors: bool) -> Result<Builder, CompileError> {
    let name = triple.to_string();
    // Another width of pointers would be another layout of what code and engine share, and the generator is asked for no byte order
    // that it has not.
    let has_layout = matches!(triple.pointer_width(), Ok(width) if width.bytes() == 8)
        && triple.architecture != Architecture::Aarch64(Aarch64Architecture::Aarch64be);
    let found = if has_layout { isa::lookup(triple) } else { Err(LookupError::Unsupported) };
    let mut builder = found.map_err(|error| match error {
        LookupError::SupportDisabled => CompileError::NotBuilt(name),
        LookupError::Unsupported => CompileError::Target(format!("no code is made for {name:?}")),
    })?;
    for feature in cpu.features(&builder.triple().clone(), vectors) {
        builder.enable(feature).map_err(|e| CompileError::Target(e.to_string()))?;
    }
    Ok(builder)
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
    // Whoever built this may have given their machine a name of their own.
    let known = Machine::of(isa.triple()).map(|machine| machine.to_string());
    Target { triple: known.unwrap_or_else(|| isa.triple().to_string()), features }
}

/// This machine; without a name or a feature if no code can be made for it.
pub(crate) fn host_target() -> &'static Target {
    static HERE: OnceLock<Target> = OnceLock::new();
    HERE.get_or_init(|| match Choice::here(CpuLevel::Native).generator(OptLevel::Speed.into()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made here for another machine is what that machine makes for itself, if both take the same settings: as far as one machine
    /// can tell, it takes itself for another.
    #[test]
    fn a_machine_that_is_named_has_the_settings_that_it_has_at_home() {
        let Some(here) = Machine::here() else { return };
        // A processor may lack what the level adds.
        let features = CpuLevel::Baseline.features(here.triple(), false);
        let has = |feature: &&str| host_target().features.iter().any(|has| has == feature);
        if !features.into_iter().all(|feature| has(&feature)) {
            return;
        }
        for effort in [Effort::Level(OptLevel::None), OptLevel::Size.into(), Effort::SmallFrames] {
            for metering in [false, true] {
                let home = Choice { vectors: false, metering, ..Choice::here(CpuLevel::Baseline) };
                let away = Choice { elsewhere: Some(here.triple().clone()), ..home.clone() };
                let [home, away] = [home, away].map(|choice| choice.generator(effort).unwrap());
                assert_eq!(home.flags().to_string(), away.flags().to_string());
                let own = |isa: &dyn TargetIsa| -> Vec<(String, String)> {
                    let flags = isa.isa_flags().into_iter();
                    flags.map(|flag| (flag.name.to_owned(), flag.value_string())).collect()
                };
                assert_eq!(own(&*home), own(&*away));
                assert_eq!(target_of(&*home), target_of(&*away));
            }
        }
    }
}
