//! The state of a guest as something to keep: for snapshots, and for a fresh start.

use crate::abi::{FdFlags, Rights};
use crate::context::{Descriptor, Descriptors, Kind, Listing, Seen, WasiCtx};
use crate::files::Kept;
use crate::files::tree::Tree;
use crate::files::virtual_fs::{Mount, VirtualFs};
use crate::stdio::{Captured, Sink, Source};
use crate::{Errno, Limits, Policy};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use thiserror::Error;

/// Everything of a guest's state that is not on the host: arguments, variables, clocks, virtual file systems with what is open on
/// them, and streams. It is the same for the same state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasiState {
    args: Vec<Vec<u8>>,
    env: Vec<Vec<u8>>,
    policy: Policy,
    limits: Limits,
    seen: Seen,
    trees: Vec<Tree>,
    fds: Vec<Option<FdState>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FdState {
    kind: KindState,
    base: u64,
    inheriting: u64,
    flags: u16,
    offset: u64,
    preopen: Option<String>,
    path: String,
    listing: Option<Listing>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum KindState {
    NoInput,
    InheritedInput,
    Bytes { bytes: Vec<u8>, at: usize },
    NoOutput,
    Stdout,
    Stderr,
    Captured { bytes: Vec<u8>, limit: usize },
    File { tree: usize, node: u64, mount: Mount },
    Folder { tree: usize, node: u64, mount: Mount },
}

/// A descriptor is of something on the host, which no snapshot can keep.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("descriptor {fd} ({name}) is of the host, and no snapshot can keep it")]
pub struct NotKept {
    /// Its number.
    pub fd: u32,
    /// What it is of.
    pub name: String,
}

/// The file systems that descriptors are of, each once.
#[derive(Default)]
struct Systems(Vec<VirtualFs>);

impl Systems {
    fn number(&mut self, fs: &VirtualFs) -> usize {
        match self.0.iter().position(|known| Arc::ptr_eq(&known.0, &fs.0)) {
            Some(at) => at,
            None => {
                self.0.push(fs.clone());
                self.0.len() - 1
            }
        }
    }

    fn keep(&mut self, kind: &Kind) -> Option<KindState> {
        Some(match kind {
            Kind::Input(Source::Null) => KindState::NoInput,
            Kind::Input(Source::Inherited) => KindState::InheritedInput,
            Kind::Input(Source::Bytes { bytes, at }) => {
                KindState::Bytes { bytes: bytes.clone(), at: *at }
            }
            Kind::Output(Sink::Null) => KindState::NoOutput,
            Kind::Output(Sink::Stdout) => KindState::Stdout,
            Kind::Output(Sink::Stderr) => KindState::Stderr,
            Kind::Output(Sink::Captured(captured)) => {
                KindState::Captured { bytes: captured.bytes(), limit: captured.limit() }
            }
            Kind::Input(_) | Kind::Output(Sink::Writer(_)) => return None,
            Kind::File(file) => {
                let Kept { fs, node, mount } = file.kept()?;
                KindState::File { tree: self.number(&fs), node, mount }
            }
            Kind::Folder(folder) => {
                let Kept { fs, node, mount } = folder.kept()?;
                KindState::Folder { tree: self.number(&fs), node, mount }
            }
        })
    }

    fn open(&self, kind: &KindState) -> Result<Kind, Errno> {
        let system = |tree: usize| self.0.get(tree).ok_or(Errno::Noent);
        Ok(match kind {
            KindState::NoInput => Kind::Input(Source::Null),
            KindState::InheritedInput => Kind::Input(Source::Inherited),
            KindState::Bytes { bytes, at } => {
                Kind::Input(Source::Bytes { bytes: bytes.clone(), at: *at })
            }
            KindState::NoOutput => Kind::Output(Sink::Null),
            KindState::Stdout => Kind::Output(Sink::Stdout),
            KindState::Stderr => Kind::Output(Sink::Stderr),
            KindState::Captured { bytes, limit } => {
                Kind::Output(Sink::Captured(Captured::with(bytes.clone(), *limit)))
            }
            KindState::File { tree, node, mount } => {
                Kind::File(system(*tree)?.open_file(*node, *mount)?)
            }
            KindState::Folder { tree, node, mount } => {
                Kind::Folder(system(*tree)?.open_folder(*node, *mount)?)
            }
        })
    }
}

impl WasiCtx {
    /// The state as it is now.
    ///
    /// # Errors
    /// [`NotKept`] if a descriptor is of a folder or file of the host, or of a reader or writer of the embedder.
    pub fn save(&self) -> Result<WasiState, NotKept> {
        let mut systems = Systems::default();
        let mut fds = Vec::with_capacity(self.fds.0.len());
        for (fd, descriptor) in (0..).zip(&self.fds.0) {
            let Some(descriptor) = descriptor else {
                fds.push(None);
                continue;
            };
            let kind = systems
                .keep(&descriptor.kind)
                .ok_or_else(|| NotKept { fd, name: descriptor.name() })?;
            fds.push(Some(FdState {
                kind,
                base: descriptor.base.bits(),
                inheriting: descriptor.inheriting.bits(),
                flags: descriptor.flags.bits(),
                offset: descriptor.offset,
                preopen: descriptor.preopen.clone(),
                path: descriptor.path.clone(),
                listing: descriptor.listing.clone(),
            }));
        }
        let trees = systems.0.iter().map(|fs| fs.lock().kept()).collect();
        let (args, env) = (self.args.clone(), self.env.clone());
        let (policy, limits, seen) = (self.policy.clone(), self.limits, self.seen.clone());
        Ok(WasiState { args, env, policy, limits, seen, trees, fds })
    }

    /// The virtual file systems that the guest began with, by the names of their folders.
    pub fn virtual_dirs(&self) -> Vec<(String, VirtualFs)> {
        let open = self.fds.0.iter().flatten();
        let of = |descriptor: &Descriptor| {
            let kept = descriptor.folder().ok()?.kept()?;
            Some((descriptor.preopen.clone()?, kept.fs))
        };
        open.filter_map(of).collect()
    }

    /// What is kept of what a descriptor was written, if it is kept: 1 is the output, 2 the messages.
    pub fn captured(&self, fd: u32) -> Option<Captured> {
        match &self.fds.get(fd).ok()?.kind {
            Kind::Output(Sink::Captured(captured)) => Some(captured.clone()),
            _ => None,
        }
    }
}

impl WasiState {
    /// A guest with this state. Its virtual file systems and what it writes are its own: see [`WasiCtx::virtual_dirs`] and
    /// [`WasiCtx::captured`].
    ///
    /// # Errors
    /// An [`Errno`] if the state is none that was saved.
    pub fn restore(&self) -> Result<WasiCtx, Errno> {
        let systems = Systems(self.trees.iter().cloned().map(VirtualFs::of).collect());
        let mut fds = Descriptors::default();
        for state in &self.fds {
            let Some(state) = state else {
                fds.0.push(None);
                continue;
            };
            let mut descriptor = Descriptor::new(
                systems.open(&state.kind)?,
                Rights::of(state.base)?,
                Rights::of(state.inheriting)?,
            );
            descriptor.flags = FdFlags::of(state.flags.into())?;
            descriptor.offset = state.offset;
            descriptor.preopen = state.preopen.clone();
            descriptor.path = state.path.clone();
            descriptor.listing = state.listing.clone();
            fds.0.push(Some(descriptor));
        }
        let (args, env) = (self.args.clone(), self.env.clone());
        let (policy, limits, seen) = (self.policy.clone(), self.limits, self.seen.clone());
        Ok(WasiCtx { args, env, fds, policy, limits, seen })
    }
}
