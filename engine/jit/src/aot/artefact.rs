//! Artefacts: compiled code, with its module, as a file.
//!
//! The body is native code, so an artefact must be trusted as a program is. The checks here find what
//! was made elsewhere, for something else, or damaged; they do not make a foreign artefact safe.

use crate::code::{
    CodeMemory, CompiledModule, Contents, LoadedModule, MappedFile, Pairs, Settings, Target,
};
use crate::compile::{Nans, isa};
use crate::error::CodeError;
use etalon_gas::Schedule;
use etalon_module::{Bytes, Module};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use thiserror::Error;

const MAGIC: &[u8; 8] = b"\x7fETALON\0";
/// Version of the layout of the file.
const FORMAT: u32 = 8;
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
    let Contents { target, settings, .. } = &*compiled.contents;
    let header = Header { target: target.clone(), settings: settings.clone() };
    let [versions, header, record, contents] = [
        postcard::to_stdvec(&Versions::current()).expect(fault),
        postcard::to_stdvec(&header).expect(fault),
        postcard::to_stdvec(module).expect(fault),
        postcard::to_stdvec(&*compiled.contents).expect(fault),
    ];
    let (traps, sites) = (compiled.traps.bytes(), compiled.sites.bytes());
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&[0; DIGEST]);
    for part in [&versions[..], &header, &record, module.bytes(), &contents, traps, sites] {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes.extend_from_slice(&(compiled.text.len() as u64).to_le_bytes());
    // The code begins at a page of the file, so that it can be executed where it lies.
    bytes.resize(bytes.len().next_multiple_of(page_of(target)), 0);
    bytes.extend_from_slice(&compiled.text);
    let start = MAGIC.len() + DIGEST;
    let digest = *blake3::hash(&bytes[start..]).as_bytes();
    bytes[MAGIC.len()..start].copy_from_slice(&digest);
    bytes
}

/// The largest page of the systems that run on a processor.
fn page_of(target: &Target) -> usize {
    if target.triple.starts_with("x86_64") { 4 << 10 } else { 64 << 10 }
}

/// How much of an artefact is looked at before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// All of it: its digest must be that of its bytes.
    Digest,
    /// Who made it, and for what. Bytes that were damaged since are used as they are.
    Header,
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

/// An artefact that is good for this machine and run.
#[derive(Debug)]
pub struct Artefact {
    /// Its module.
    pub module: Module,
    /// Its code.
    pub compiled: CompiledModule,
    /// Where the code begins in the artefact.
    text: Range<usize>,
}

impl Artefact {
    /// Reads one. Nothing of the module is decoded or validated again: the bytes are trusted as the code in them is.
    ///
    /// # Errors
    /// See [`ArtefactError`].
    pub fn read(
        bytes: &Bytes,
        wanted: &Wanted<'_>,
        check: Check,
    ) -> Result<Artefact, ArtefactError> {
        let parts = Parts::of(bytes, check)?;
        fit(&parts.header, wanted)?;
        let contents: Contents = decode(&bytes[parts.contents])?;
        if contents.target != parts.header.target || contents.settings != parts.header.settings {
            return Err(ArtefactError::Corrupt("its parts do not belong together"));
        }
        let part = |range| bytes.part(range).unwrap_or_default();
        let record: Module = decode(&bytes[parts.record])?;
        let module = record.revived(part(parts.wasm), contents.digest);
        let compiled = CompiledModule {
            contents: Arc::new(contents),
            traps: Pairs::new(part(parts.traps)),
            sites: Pairs::new(part(parts.sites)),
            text: part(parts.text.clone()),
        };
        Ok(Artefact { module, compiled, text: parts.text })
    }

    /// A file's bytes, which are read where and when they are needed.
    ///
    /// # Errors
    /// If the system does not map it.
    ///
    /// # Safety
    /// Nobody may change the file as long as the bytes, or what is made of them, are there.
    pub unsafe fn map(file: &File) -> io::Result<Bytes> {
        // SAFETY: the caller's promise.
        unsafe { MappedFile::new(file) }.map(Bytes::of)
    }

    /// Places its code in memory: a copy or, if it was read from a file that is mapped, the pages of the file. Where the system does
    /// not execute what is in files there, that is a copy too.
    ///
    /// # Errors
    /// If the system has no memory for it.
    pub fn load(&self, file: Option<&File>) -> Result<LoadedModule, CodeError> {
        let page = rustix::param::page_size();
        let of_file = file.filter(|_| self.text.start.is_multiple_of(page)).and_then(|file| {
            CodeMemory::of_file(file, self.text.start as u64, self.text.len()).ok()
        });
        match of_file {
            Some(memory) => LoadedModule::placed(memory, &self.compiled, &self.module),
            None => LoadedModule::load(&self.compiled, &self.module),
        }
    }
}

/// Where the parts of an artefact are.
struct Parts {
    header: Header,
    /// What is written of the module besides its bytes.
    record: Range<usize>,
    /// The module's bytes.
    wasm: Range<usize>,
    contents: Range<usize>,
    traps: Range<usize>,
    sites: Range<usize>,
    text: Range<usize>,
}

impl Parts {
    fn of(bytes: &[u8], check: Check) -> Result<Parts, ArtefactError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ArtefactError::NotAnArtefact)?;
        let ends = ArtefactError::Corrupt("it ends within its header");
        let (digest, rest) = rest.split_at_checked(DIGEST).ok_or(ends)?;
        if check == Check::Digest && blake3::hash(rest).as_bytes() != digest {
            return Err(ArtefactError::Corrupt("its digest does not match"));
        }
        let mut at = MAGIC.len() + DIGEST;
        let mut part = || part(bytes, &mut at);
        let versions: Versions = decode(&bytes[part()?])?;
        if versions != Versions::current() {
            return Err(ArtefactError::Version { found: versions, expected: Versions::current() });
        }
        let header: Header = decode(&bytes[part()?])?;
        let (record, wasm, contents) = (part()?, part()?, part()?);
        let (traps, sites) = (part()?, part()?);
        let len = len(bytes, &mut at)?;
        let text = Some(at.next_multiple_of(page_of(&header.target)))
            .and_then(|start| Some(start..start.checked_add(len)?))
            .filter(|text| text.end == bytes.len())
            .ok_or(ArtefactError::Corrupt("its code does not end where it does"))?;
        Ok(Parts { header, record, wasm, contents, traps, sites, text })
    }
}

/// The bytes of the module in an artefact of this version. Its code is not looked at.
///
/// # Errors
/// If it is damaged, or another version made it.
pub fn module_in(bytes: &[u8]) -> Result<Vec<u8>, ArtefactError> {
    Ok(bytes[Parts::of(bytes, Check::Digest)?.wasm].to_vec())
}

/// What the header of an artefact says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The triple of the machine that it is for.
    pub target: String,
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
    let Header { target, settings } = Parts::of(bytes, Check::Digest)?.header;
    let Settings { metering, interruptible, memory_regions, schedule, .. } = settings;
    let schedule = metering.then_some(schedule);
    Ok(About { target: target.triple, schedule, interruptible, memory_regions })
}

/// Whether an artefact is one for this version, machine and run. Its code is not looked at.
///
/// # Errors
/// What [`Artefact::read`] would say of its header.
pub fn fits(bytes: &[u8], wanted: &Wanted<'_>) -> Result<(), ArtefactError> {
    fit(&Parts::of(bytes, Check::Digest)?.header, wanted)
}

/// Whether this machine and this run can take it.
fn fit(header: &Header, wanted: &Wanted<'_>) -> Result<(), ArtefactError> {
    let here = isa::host_target();
    if header.target.triple != here.triple {
        let (found, expected) = (header.target.triple.clone(), here.triple.clone());
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

/// A length, and where what follows begins.
fn len(bytes: &[u8], at: &mut usize) -> Result<usize, ArtefactError> {
    let short = ArtefactError::Corrupt("it ends within a part");
    let (len, _) = bytes[*at..].split_first_chunk::<8>().ok_or(short.clone())?;
    *at += 8;
    usize::try_from(u64::from_le_bytes(*len)).map_err(|_| short)
}

/// Where the next part is: after its length.
fn part(bytes: &[u8], at: &mut usize) -> Result<Range<usize>, ArtefactError> {
    let len = len(bytes, at)?;
    let end = at.checked_add(len).filter(|end| *end <= bytes.len());
    let range = *at..end.ok_or(ArtefactError::Corrupt("it ends within a part"))?;
    *at = range.end;
    Ok(range)
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ArtefactError> {
    postcard::from_bytes(bytes).map_err(|_| ArtefactError::Corrupt("a part does not decode"))
}
