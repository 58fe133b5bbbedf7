//! Artefacts: compiled code, with its module, as a file.
//!
//! The body is native code, so an artefact must be trusted as a program is. The checks here find what
//! was made elsewhere, for something else, or damaged; they do not make a foreign artefact safe.

use crate::code::{CompiledModule, Settings, Target};
use crate::compile::{Nans, isa};
use etalon_gas::Schedule;
use etalon_module::Module;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

const MAGIC: &[u8; 8] = b"\x7fETALON\0";
/// Version of the layout of the file.
const FORMAT: u32 = 7;
/// Bytes of the digest after the magic and the format.
const DIGEST: usize = 32;

/// Who made an artefact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Version of the file's layout.
    pub format: u32,
    /// Version of Etalon.
    pub etalon: String,
    /// Version of the code generator.
    pub cranelift: String,
}

impl Versions {
    /// The versions of this build.
    pub fn current() -> Versions {
        Versions {
            format: FORMAT,
            etalon: env!("CARGO_PKG_VERSION").to_owned(),
            cranelift: crate::CRANELIFT_VERSION.to_owned(),
        }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "etalon {} (format {}, cranelift {})", self.etalon, self.format, self.cranelift)
    }
}

/// Why an artefact is not loaded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArtefactError {
    /// The bytes are something else.
    #[error("not an artefact")]
    NotAnArtefact,
    /// Another version made it.
    #[error("the artefact was made by {found}, this is {expected}")]
    Version {
        /// Who made it.
        found: Versions,
        /// Who reads it.
        expected: Versions,
    },
    /// It is for another architecture or system.
    #[error("the artefact is for {found}, this is {expected}")]
    Target {
        /// What it was made for.
        found: String,
        /// What reads it.
        expected: String,
    },
    /// It may use instructions that this processor lacks.
    #[error("the artefact needs {0}, which this processor lacks")]
    CpuFeature(String),
    /// It was compiled with or without metering, and the other was asked for.
    #[error("the artefact was compiled {}, the run is {}", metered(*found), metered(*expected))]
    Settings {
        /// Whether it meters.
        found: bool,
        /// Whether the run does.
        expected: bool,
    },
    /// It was compiled without looks for an interrupt, and the run may be interrupted.
    #[error(
        "the artefact was compiled without looks for an interrupt, and the run may be interrupted"
    )]
    NotInterruptible,
    /// It was compiled with or without checks of memory regions, and the other was asked for.
    #[error("the artefact was compiled {}, the run is {}", regions(*found), regions(*expected))]
    Regions {
        /// Whether it checks them.
        found: bool,
        /// Whether the run does.
        expected: bool,
    },
    /// Its arithmetic gives the processor's NaNs, and the run is to have the canonical ones.
    #[error("the artefact's arithmetic gives any NaN, the run's the canonical one")]
    Nans,
    /// It was compiled under other prices and limits.
    #[error("the artefact was compiled under schedule {found}, the run is under {expected}")]
    Schedule {
        /// The artefact's schedule.
        found: String,
        /// The run's schedule.
        expected: String,
    },
    /// It is damaged.
    #[error("the artefact is damaged: {0}")]
    Corrupt(&'static str),
}

fn metered(metering: bool) -> &'static str {
    if metering { "with metering" } else { "without metering" }
}

fn regions(checked: bool) -> &'static str {
    if checked { "with checks of memory regions" } else { "without checks of memory regions" }
}

/// What is checked before the code is looked at.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    target: Target,
    settings: Settings,
}

/// Whether bytes start as an artefact does.
pub fn is_artefact(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The bytes of an artefact. The same module, options and build give the same bytes.
///
/// # Panics
/// Never: the types written have no form that cannot be.
pub fn write(compiled: &CompiledModule, module: &Module) -> Vec<u8> {
    let fault = "plain data is always written";
    let versions = postcard::to_stdvec(&Versions::current()).expect(fault);
    let header = Header { target: compiled.target.clone(), settings: compiled.settings.clone() };
    let header = postcard::to_stdvec(&header).expect(fault);
    let body = postcard::to_stdvec(&(&module.bytes()[..], compiled)).expect(fault);
    let mut rest = Vec::with_capacity(versions.len() + header.len() + body.len() + 16);
    for part in [&versions, &header, &body] {
        rest.extend_from_slice(&(part.len() as u64).to_le_bytes());
        rest.extend_from_slice(part);
    }
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(blake3::hash(&rest).as_bytes());
    bytes.extend_from_slice(&rest);
    bytes
}

/// What an artefact is to run under.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The prices and limits.
    pub schedule: &'a Schedule,
    /// Whether gas is charged.
    pub metering: bool,
    /// Whether guests are interrupted. Code that looks for interrupts runs where nobody asks for one.
    pub interruptible: bool,
    /// Whether accesses ask the regions of their memories.
    pub memory_regions: bool,
    /// Which NaNs arithmetic gives. Code that gives the canonical one runs where any will do.
    pub nans: Nans,
}

/// Reads an artefact; gives the bytes of its module, and the code.
///
/// # Errors
/// See [`ArtefactError`].
pub fn read(bytes: &[u8], wanted: &Wanted<'_>) -> Result<(Vec<u8>, CompiledModule), ArtefactError> {
    let (header, module, compiled) = parts(bytes)?;
    check(&header, wanted)?;
    if compiled.digest != *blake3::hash(&module).as_bytes()
        || compiled.target != header.target
        || compiled.settings != header.settings
    {
        return Err(ArtefactError::Corrupt("its parts do not belong together"));
    }
    Ok((module, compiled))
}

/// What an artefact consists of.
fn parts(bytes: &[u8]) -> Result<(Header, Vec<u8>, CompiledModule), ArtefactError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(ArtefactError::NotAnArtefact)?;
    let (digest, mut rest) =
        rest.split_at_checked(DIGEST).ok_or(ArtefactError::Corrupt("it ends within its header"))?;
    if blake3::hash(rest).as_bytes() != digest {
        return Err(ArtefactError::Corrupt("its digest does not match"));
    }
    let versions: Versions = decode(part(&mut rest)?)?;
    if versions != Versions::current() {
        return Err(ArtefactError::Version { found: versions, expected: Versions::current() });
    }
    let header: Header = decode(part(&mut rest)?)?;
    let (module, compiled): (Vec<u8>, CompiledModule) = decode(part(&mut rest)?)?;
    Ok((header, module, compiled))
}

/// The bytes of the module in an artefact of this version. Its code is not looked at.
///
/// # Errors
/// If it is damaged, or another version made it.
pub fn module_in(bytes: &[u8]) -> Result<Vec<u8>, ArtefactError> {
    let (_, module, _) = parts(bytes)?;
    Ok(module)
}

/// What the header of an artefact says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The id of the schedule that it is metered by; `None` if it is not metered.
    pub schedule: Option<String>,
    /// Whether it can be interrupted.
    pub interruptible: bool,
    /// Whether its accesses ask the regions of their memories.
    pub memory_regions: bool,
}

/// What the header of an artefact of this version says.
///
/// # Errors
/// If it is damaged, or another version made it.
pub fn about(bytes: &[u8]) -> Result<About, ArtefactError> {
    let Settings { metering, interruptible, memory_regions, schedule, .. } =
        parts(bytes)?.0.settings;
    Ok(About { schedule: metering.then_some(schedule), interruptible, memory_regions })
}

/// Whether an artefact is one for this version, machine and run. Its code is not looked at.
///
/// # Errors
/// What [`read`] would say of its header.
pub fn fits(bytes: &[u8], wanted: &Wanted<'_>) -> Result<(), ArtefactError> {
    check(&parts(bytes)?.0, wanted)
}

/// Whether this machine and this run can take it.
fn check(header: &Header, wanted: &Wanted<'_>) -> Result<(), ArtefactError> {
    let here = isa::host_target();
    if header.target.triple != here.triple {
        let (found, expected) = (header.target.triple.clone(), here.triple);
        return Err(ArtefactError::Target { found, expected });
    }
    if let Some(lacking) = header.target.features.iter().find(|f| !here.features.contains(f)) {
        return Err(ArtefactError::CpuFeature(lacking.clone()));
    }
    if header.settings.metering != wanted.metering {
        let (found, expected) = (header.settings.metering, wanted.metering);
        return Err(ArtefactError::Settings { found, expected });
    }
    let expected = wanted.schedule.id().to_string();
    if header.settings.schedule != expected {
        let found = header.settings.schedule.clone();
        return Err(ArtefactError::Schedule { found, expected });
    }
    if wanted.interruptible && !header.settings.interruptible {
        return Err(ArtefactError::NotInterruptible);
    }
    if header.settings.memory_regions != wanted.memory_regions {
        let (found, expected) = (header.settings.memory_regions, wanted.memory_regions);
        return Err(ArtefactError::Regions { found, expected });
    }
    if header.settings.nans == Nans::Any && wanted.nans == Nans::Deterministic {
        return Err(ArtefactError::Nans);
    }
    Ok(())
}

/// The next part: its length, then its bytes.
fn part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], ArtefactError> {
    let short = ArtefactError::Corrupt("it ends within a part");
    let (len, after) = rest.split_first_chunk::<8>().ok_or(short.clone())?;
    let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| short.clone())?;
    let (part, after) = after.split_at_checked(len).ok_or(short)?;
    *rest = after;
    Ok(part)
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ArtefactError> {
    postcard::from_bytes(bytes).map_err(|_| ArtefactError::Corrupt("a part does not decode"))
}
