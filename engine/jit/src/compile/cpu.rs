//! Which features of the processor code may use.

use cranelift_codegen::isa::Builder;
use cranelift_codegen::settings::{Configurable, SetResult};
use std::fmt;
use std::str::FromStr;
use target_lexicon::{Architecture, Triple};
use thiserror::Error;

/// Which features of the processor compiled code may use. What a program computes does not depend on it.
///
/// The levels between the first and the last are of x86-64: each adds features to those of the one before, and on every other
/// processor they are [`CpuLevel::Baseline`]. Code uses no feature that this processor lacks, whatever the level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CpuLevel {
    /// The least that the compiler can do with. On x86-64 that is SSE4.1, on RISC-V the letter G, and V if the module has vectors.
    Baseline,
    /// SSE4.2 and POPCNT.
    Sse42,
    /// AVX.
    Avx,
    /// AVX2, FMA, BMI1, BMI2 and LZCNT.
    Avx2,
    /// All that this processor has.
    #[default]
    Native,
}

/// Without these there is no code for RISC-V.
const LEAST_OF_RISCV64: &[&str] =
    &["has_m", "has_a", "has_f", "has_d", "has_zicsr", "has_zifencei"];
/// Without this there is none for vectors.
const VECTORS_OF_RISCV64: &[&str] = &["has_v"];

/// A name that is no level's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not a level of the processor; the levels are {names}", names = CpuLevel::names())]
pub struct UnknownCpuLevel(pub String);

impl CpuLevel {
    /// From the least to the most.
    pub const ALL: [CpuLevel; 5] =
        [CpuLevel::Baseline, CpuLevel::Sse42, CpuLevel::Avx, CpuLevel::Avx2, CpuLevel::Native];

    /// `baseline`, `sse4.2`, `avx`, `avx2` or `native`.
    pub fn name(self) -> &'static str {
        match self {
            CpuLevel::Baseline => "baseline",
            CpuLevel::Sse42 => "sse4.2",
            CpuLevel::Avx => "avx",
            CpuLevel::Avx2 => "avx2",
            CpuLevel::Native => "native",
        }
    }

    fn names() -> String {
        CpuLevel::ALL.map(CpuLevel::name).join(", ")
    }

    /// The levels that a machine has which is not this one.
    pub(crate) fn names_elsewhere() -> String {
        let [least @ .., last, _] = CpuLevel::ALL.map(CpuLevel::name);
        format!("{} or {last}", least.join(", "))
    }

    /// What it means on a machine.
    pub(crate) fn on(self, triple: &Triple) -> CpuLevel {
        let has_levels = self == CpuLevel::Native || triple.architecture == Architecture::X86_64;
        if has_levels { self } else { CpuLevel::Baseline }
    }

    /// What it adds to the level before, by the code generator's names.
    fn adds(self) -> &'static [&'static str] {
        match self {
            CpuLevel::Baseline => &["has_cmpxchg16b", "has_sse3", "has_ssse3", "has_sse41"],
            CpuLevel::Sse42 => &["has_sse42", "has_popcnt"],
            CpuLevel::Avx => &["has_avx"],
            CpuLevel::Avx2 => &["has_avx2", "has_fma", "has_bmi1", "has_bmi2", "has_lzcnt"],
            CpuLevel::Native => &[],
        }
    }

    /// The features of a machine that is not this one, by the code generator's names. Nobody knows all that it has, so there the last
    /// level is no more than the one before it.
    pub(super) fn features(
        self,
        triple: &Triple,
        vectors: bool,
    ) -> impl Iterator<Item = &'static str> + use<> {
        let has_levels = triple.architecture == Architecture::X86_64;
        let levels = CpuLevel::ALL.into_iter().filter(move |level| has_levels && *level <= self);
        let is_riscv = matches!(triple.architecture, Architecture::Riscv64(_));
        let least = if is_riscv { LEAST_OF_RISCV64 } else { &[] };
        let more = if is_riscv && vectors { VECTORS_OF_RISCV64 } else { &[] };
        levels.flat_map(CpuLevel::adds).chain(least).chain(more).copied()
    }

    /// The settings of the code generator for this machine.
    pub(super) fn builder(self, vectors: bool) -> Result<Builder, &'static str> {
        if self == CpuLevel::Native {
            return cranelift_native::builder();
        }
        let mut builder = cranelift_native::builder_with_options(false)?;
        let allowed = self.features(builder.triple(), vectors).collect();
        cranelift_native::infer_native_flags(&mut Masked { builder: &mut builder, allowed })?;
        Ok(builder)
    }
}

/// Takes features of the processor as they are found, and drops those that are not allowed.
struct Masked<'a> {
    builder: &'a mut Builder,
    allowed: Vec<&'static str>,
}

impl Configurable for Masked<'_> {
    fn set(&mut self, name: &str, value: &str) -> SetResult<()> {
        match self.allowed.contains(&name) {
            true => self.builder.set(name, value),
            false => Ok(()),
        }
    }

    fn enable(&mut self, name: &str) -> SetResult<()> {
        match self.allowed.contains(&name) {
            true => self.builder.enable(name),
            false => Ok(()),
        }
    }
}

impl fmt::Display for CpuLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CpuLevel {
    type Err = UnknownCpuLevel;

    fn from_str(name: &str) -> Result<CpuLevel, UnknownCpuLevel> {
        let mut all = CpuLevel::ALL.into_iter();
        all.find(|level| level.name() == name).ok_or_else(|| UnknownCpuLevel(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::CpuLevel;
    use crate::compile::{OptLevel, isa};
    use std::collections::BTreeSet;

    fn features(level: CpuLevel) -> BTreeSet<String> {
        let isa = isa::Choice::here(level).generator(OptLevel::Speed.into()).unwrap();
        isa::target_of(&*isa).features.into_iter().collect()
    }

    #[test]
    fn each_level_adds_to_the_one_before() {
        for pair in CpuLevel::ALL.windows(2) {
            let (less, more) = (features(pair[0]), features(pair[1]));
            assert!(less.is_subset(&more), "{pair:?}: {less:?}, {more:?}");
        }
        let native = isa::host_target().features.clone();
        assert_eq!(features(CpuLevel::Native), native.into_iter().collect());
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_least_is_without_what_came_later() {
        let least = features(CpuLevel::Baseline);
        assert!(least.contains("has_sse41"), "{least:?}");
        for later in ["has_sse42", "has_popcnt", "has_avx", "has_bmi1", "has_avx512vl"] {
            assert!(!least.contains(later), "{least:?}");
        }
    }

    #[test]
    fn names_come_back() {
        for level in CpuLevel::ALL {
            assert_eq!(level.name().parse(), Ok(level));
        }
        let error = "sse9".parse::<CpuLevel>().unwrap_err().to_string();
        assert!(error.starts_with("\"sse9\" is not a level of the processor; the levels are base"));
    }
}
