//! The machines that code is made for: this one, or one that is named.

use std::fmt;
use std::str::FromStr;
use target_lexicon::{
    Aarch64Architecture, Architecture, Environment, OperatingSystem, Riscv64Architecture, Triple,
    Vendor,
};
use thiserror::Error;

/// A machine that artefacts run on, by its target triple. Names that mean the same machine are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Machine(Triple);

/// The names that are taken, but for the C library.
const NAMES: [&str; 4] = [
    "x86_64-unknown-linux",
    "aarch64-unknown-linux",
    "riscv64gc-unknown-linux",
    "s390x-unknown-linux",
];

/// A name that is no machine's on which artefacts run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not a target; the targets are {names}, each with -gnu or -musl", names = NAMES.join(", "))]
pub struct UnknownTarget(pub String);

impl Machine {
    /// The machine of each architecture, with the C library of GNU.
    pub fn all() -> impl Iterator<Item = Machine> {
        NAMES.iter().filter_map(|name| name.parse().ok())
    }

    /// This machine; `None` if no artefact runs here.
    pub fn here() -> Option<Machine> {
        Machine::of(&Triple::host())
    }

    /// The machine that a triple means. Vendors make no difference, and neither do the names of a processor of which the same is asked.
    pub(crate) fn of(triple: &Triple) -> Option<Machine> {
        let architecture = match triple.architecture {
            Architecture::Riscv64(
                Riscv64Architecture::Riscv64 | Riscv64Architecture::Riscv64gc,
            ) => Architecture::Riscv64(Riscv64Architecture::Riscv64gc),
            // An ARM with the other byte order is none that the code generator knows.
            known @ (Architecture::X86_64
            | Architecture::Aarch64(Aarch64Architecture::Aarch64)
            | Architecture::S390x) => known,
            _ => return None,
        };
        let environment = match triple.environment {
            Environment::Unknown | Environment::Gnu => Environment::Gnu,
            Environment::Musl => Environment::Musl,
            _ => return None,
        };
        let (vendor, operating_system) = (Vendor::Unknown, OperatingSystem::Linux);
        let known =
            Triple { architecture, vendor, operating_system, environment, ..triple.clone() };
        let is_linux = triple.operating_system == OperatingSystem::Linux;
        // A format of files that is not that of the system would be another system.
        let is_usual = known.binary_format == target_lexicon::BinaryFormat::Elf;
        (is_linux && is_usual).then_some(Machine(known))
    }

    /// Its triple.
    pub(crate) fn triple(&self) -> &Triple {
        &self.0
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Machine {
    type Err = UnknownTarget;

    fn from_str(name: &str) -> Result<Machine, UnknownTarget> {
        let triple: Option<Triple> = name.parse().ok();
        triple.as_ref().and_then(Machine::of).ok_or_else(|| UnknownTarget(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Machine;

    #[test]
    fn names_of_one_machine_are_equal() {
        let name = |name: &str| name.parse::<Machine>().unwrap().to_string();
        for (given, known) in [
            ("x86_64-linux-gnu", "x86_64-unknown-linux-gnu"),
            ("x86_64-pc-linux-gnu", "x86_64-unknown-linux-gnu"),
            ("aarch64-unknown-linux", "aarch64-unknown-linux-gnu"),
            ("arm64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"),
            ("riscv64-unknown-linux-gnu", "riscv64gc-unknown-linux-gnu"),
            ("s390x-ibm-linux-gnu", "s390x-unknown-linux-gnu"),
            ("aarch64-alpine-linux-musl", "aarch64-unknown-linux-musl"),
        ] {
            assert_eq!(name(given), known);
            assert_eq!(name(known), known);
        }
        assert_eq!(Machine::all().count(), 4);
    }

    #[test]
    fn what_runs_no_artefact_is_no_target() {
        for name in [
            "",
            "nonsense",
            "aarch64",
            "aarch64_be-unknown-linux-gnu",
            "i686-unknown-linux-gnu",
            "x86_64-unknown-linux-gnux32",
            "x86_64-pc-windows-msvc",
            "aarch64-apple-darwin",
            "x86_64-unknown-linux-gnu-macho",
            "aarch64-linux-android",
            "riscv32gc-unknown-linux-gnu",
            "powerpc64le-unknown-linux-gnu",
            "wasm32-unknown-unknown",
        ] {
            let error = name.parse::<Machine>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name:?} is not a target; ")), "{error}");
            assert!(error.contains("riscv64gc-unknown-linux"), "{error}");
        }
    }
}
