//! The state of a guest as something to keep: for snapshots, and for a fresh start.

use crate::abi::{FdFlags, FileType, Rights};
use crate::context::{Descriptor, Descriptors, Kind, Listing, Seen, VIRTUAL, WasiCtx};
use crate::files::tree::Tree;
use crate::files::virtual_fs::{Mount, VirtualFs};
use crate::files::{Entry, Kept, entry_bytes};
use crate::stdio::{Captured, Sink, Source};
use crate::{Errno, Limits, Policy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;

/// Everything of a guest's state that is not on the host: arguments, variables, clocks, virtual file systems with what is open on
/// them, and streams that are kept in memory. It is the same for the same state, and gives a guest nothing of the host.
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
    Bytes { bytes: Vec<u8>, at: usize },
    NoOutput,
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
            Kind::Input(Source::Bytes { bytes, at }) => {
                KindState::Bytes { bytes: bytes.clone(), at: *at }
            }
            Kind::Output(Sink::Null) => KindState::NoOutput,
            Kind::Output(Sink::Captured(captured)) => {
                KindState::Captured { bytes: captured.bytes(), limit: captured.limit() }
            }
            Kind::Input(_) | Kind::Output(_) => return None,
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
            KindState::Bytes { bytes, at } => {
                Kind::Input(Source::Bytes { bytes: bytes.clone(), at: *at })
            }
            KindState::NoOutput => Kind::Output(Sink::Null),
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
    /// [`NotKept`] if a descriptor is of a folder or file of the host, of a stream that the guest has from the host, or of a reader or
    /// writer of the embedder.
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

/// Whether a text ends with the only zero in it.
fn is_text(text: &[u8]) -> bool {
    matches!(text.split_last(), Some((0, text)) if !text.contains(&0))
}

/// The bytes that a listing counts, if it begins as listings do.
fn listed(listing: &Listing) -> Option<u64> {
    let (dots, entries) = listing.entries.split_at_checked(2)?;
    let known = |entry: &Entry| entry.file_type <= FileType::SymbolicLink as u8;
    let is_one = dots[0].name == "." && dots[1].name == ".." && listing.entries.iter().all(known);
    is_one.then(|| entries.iter().map(|entry| entry_bytes(&entry.name)).sum())
}

impl FdState {
    /// Whether it is as descriptors are, apart from what it is of.
    fn is_sound(&self) -> bool {
        let is_folder = matches!(self.kind, KindState::Folder { .. });
        let may = is_folder || (self.preopen.is_none() && self.listing.is_none());
        let kind = match &self.kind {
            KindState::Bytes { bytes, at } => *at <= bytes.len(),
            KindState::Captured { bytes, limit } => bytes.len() <= *limit,
            KindState::File { mount, .. } | KindState::Folder { mount, .. } => {
                mount.device >= VIRTUAL
            }
            _ => true,
        };
        let counts = |listing: &Listing| listed(listing) == Some(listing.bytes);
        may && kind && self.offset <= i64::MAX as u64 && self.listing.as_ref().is_none_or(counts)
    }
}

impl WasiState {
    /// Whether it is within its limits and agrees with itself. That descriptors are of what there is shows when they are opened.
    fn is_sound(&self) -> bool {
        let fds = || self.fds.iter().flatten();
        let is_variable = |text: &Vec<u8>| text.iter().position(|byte| *byte == b'=') > Some(0);
        let listings = fds().filter_map(|fd| Some(fd.listing.as_ref()?.bytes));
        let listings = listings.fold(0_u64, u64::saturating_add);
        self.args.iter().chain(&self.env).all(|text| is_text(text))
            && self.env.iter().all(is_variable)
            && self.fds.len() as u64 <= self.limits.descriptors.into()
            && listings <= self.limits.listings
            && fds().all(FdState::is_sound)
            && self.seen.is_sound()
            && self.trees.iter().all(Tree::is_sound)
            && self.has_own_devices()
    }

    /// Whether each file system is one device, and each device one file system.
    fn has_own_devices(&self) -> bool {
        let (mut devices, mut trees) = (BTreeMap::new(), BTreeMap::new());
        self.fds.iter().flatten().all(|fd| match fd.kind {
            KindState::File { tree, mount, .. } | KindState::Folder { tree, mount, .. } => {
                *devices.entry(tree).or_insert(mount.device) == mount.device
                    && *trees.entry(mount.device).or_insert(tree) == tree
            }
            _ => true,
        })
    }

    /// A guest with this state. Its virtual file systems and what it writes are its own: see [`WasiCtx::virtual_dirs`] and
    /// [`WasiCtx::captured`].
    ///
    /// A state may come from anywhere. The limits are its own, though: who takes states from others compares [`WasiCtx::limits`] with
    /// those that it would give.
    ///
    /// # Errors
    /// [`Errno::Inval`] or another [`Errno`] if the state is none that was saved: it is beyond its limits, descriptors are of files that
    /// there are not, or a file system is none.
    pub fn restore(&self) -> Result<WasiCtx, Errno> {
        if !self.is_sound() {
            return Err(Errno::Inval);
        }
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
        // A file system may have been one of several guests, whose descriptors are not here.
        systems.0.iter().for_each(|fs| fs.lock().sweep());
        let (policy, limits) = (self.policy.clone(), self.limits.usable());
        let (seen, observer) = (self.seen.clone(), None);
        Ok(WasiCtx { args, env, fds, policy, limits, seen, observer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, Output, Stdin, WasiCtxBuilder};

    /// A guest with streams, a variable, and two file systems that have a file each.
    fn state() -> WasiState {
        let mut builder = WasiCtxBuilder::new();
        builder.arg("program").env("A", "1").stdin(Stdin::bytes("input"));
        builder.stdout(Output::captured(10).0).policy(Policy::deterministic(1));
        for name in ["one", "other"] {
            let fs = VirtualFs::new(1 << 16);
            fs.add_file("file", name).unwrap();
            builder.virtual_dir(&fs, name, Access::ReadWrite);
        }
        builder.build().unwrap().save().unwrap()
    }

    fn fd(state: &mut WasiState, fd: usize) -> &mut FdState {
        state.fds[fd].as_mut().unwrap()
    }

    fn listing(names: [&str; 3]) -> Listing {
        let entry = |name: &str| Entry { name: name.to_owned(), device: 0, inode: 1, file_type: 4 };
        let bytes = entry_bytes(names[2]);
        Listing { entries: names.map(entry).to_vec(), bytes }
    }

    type Harm = fn(&mut WasiState);

    const HARM: &[(&str, Harm)] = &[
        ("an argument without an end", |s| s.args[0].clear()),
        ("an argument of two texts", |s| s.args[0][1] = 0),
        ("a variable without a name", |s| drop(s.env[0].drain(..1))),
        ("a variable without a value", |s| s.env[0].retain(|byte| *byte != b'=')),
        ("more descriptors than may be", |s| s.limits.descriptors = 4),
        ("an offset beyond all files", |s| fd(s, 3).offset = u64::MAX),
        ("unknown rights", |s| fd(s, 3).base = u64::MAX),
        ("unknown flags", |s| fd(s, 3).flags = u16::MAX),
        ("a stream with a name", |s| fd(s, 1).preopen = Some("one".to_owned())),
        ("a stream with a listing", |s| fd(s, 1).listing = Some(listing([".", "..", "a"]))),
        ("a listing without dots", |s| fd(s, 3).listing = Some(listing(["a", "b", "c"]))),
        ("a listing that counts wrong", |s| {
            fd(s, 3).listing = Some(Listing { bytes: u64::MAX, ..listing([".", "..", "a"]) });
        }),
        ("listings beyond the limit", |s| {
            fd(s, 3).listing = Some(listing([".", "..", "a"]));
            s.limits.listings = 10;
        }),
        ("an input read beyond its end", |s| {
            fd(s, 0).kind = KindState::Bytes { bytes: vec![1], at: 2 };
        }),
        ("an output beyond its limit", |s| {
            fd(s, 1).kind = KindState::Captured { bytes: vec![1], limit: 0 };
        }),
        ("a node that is not there", |s| {
            let mount = Mount { device: VIRTUAL, writable: true };
            fd(s, 3).kind = KindState::File { tree: 0, node: 99, mount };
        }),
        ("a folder as a file", |s| {
            let mount = Mount { device: VIRTUAL, writable: true };
            s.fds[3] = None;
            fd(s, 2).kind = KindState::File { tree: 0, node: 1, mount };
        }),
        ("a file as a folder", |s| {
            let mount = Mount { device: VIRTUAL, writable: true };
            fd(s, 3).kind = KindState::Folder { tree: 0, node: 2, mount };
        }),
        ("a file system that is not there", |s| drop(s.trees.pop())),
        ("a device of the host", |s| {
            let mount = Mount { device: 5, writable: true };
            fd(s, 3).kind = KindState::Folder { tree: 0, node: 1, mount };
        }),
        ("one device for two file systems", |s| fd(s, 4).kind = fd(s, 3).kind.clone_with_tree(1)),
    ];

    impl KindState {
        fn clone_with_tree(&self, other: usize) -> KindState {
            let mut kind = self.clone();
            if let KindState::Folder { tree, .. } = &mut kind {
                *tree = other;
            }
            kind
        }
    }

    /// A state from elsewhere is refused, and not found out in the midst of a call.
    #[test]
    fn a_state_that_was_not_saved_is_refused() {
        let mut sound = state();
        fd(&mut sound, 3).listing = Some(listing([".", "..", "a"]));
        assert_eq!(sound.restore().unwrap().save().unwrap(), sound);
        for (what, harm) in HARM {
            let mut state = state();
            harm(&mut state);
            assert!(state.restore().is_err(), "{what}");
        }
        sound.limits.transfer = 0;
        assert_eq!(sound.restore().unwrap().limits().transfer, 1, "no call is without an end");
    }
}
