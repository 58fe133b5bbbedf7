//! A file system in memory.

use super::tree::{DEPTH, Kind, ROOT, Tree};
use super::{Entry, File, Folder, How, Kept, Stat, Times};
use crate::Errno;
use crate::abi::FileType;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A file system in memory: files, folders, symbolic and hard links, in no more than so many bytes. Clones are the same.
///
/// The embedder fills it before the guest runs, and reads it afterwards: [`VirtualFs::tree`] is the same for the same contents,
/// whatever happened on the way.
#[derive(Clone)]
pub struct VirtualFs(pub(crate) Arc<Mutex<Tree>>);

impl fmt::Debug for VirtualFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualFs").field("nodes", &self.lock().nodes.len()).finish_non_exhaustive()
    }
}

/// What a virtual file system has under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeEntry {
    /// A folder, with what is in it.
    Folder(BTreeMap<String, TreeEntry>),
    /// A file, with its bytes: those of a file of many names are there once.
    File(Arc<[u8]>),
    /// A symbolic link, with its text.
    Link(String),
}

impl TreeEntry {
    /// The path of the first difference from another entry; the empty one is that of the entries themselves.
    pub fn difference(&self, other: &TreeEntry) -> Option<String> {
        let (TreeEntry::Folder(names), TreeEntry::Folder(others)) = (self, other) else {
            return (self != other).then(String::new);
        };
        let all = names.keys().chain(others.keys().filter(|name| !names.contains_key(*name)));
        let differences = all.filter_map(|name| match (names.get(name), others.get(name)) {
            (Some(entry), Some(other)) => match &*entry.difference(other)? {
                "" => Some(name.clone()),
                below => Some(format!("{name}/{below}")),
            },
            _ => Some(name.clone()),
        });
        differences.min()
    }
}

impl VirtualFs {
    /// An empty one of so many bytes. A file or folder takes 128 beside its bytes, and a name 64 beside its text.
    pub fn new(quota: u64) -> VirtualFs {
        VirtualFs(Arc::new(Mutex::new(Tree::new(quota))))
    }

    pub(crate) fn of(tree: Tree) -> VirtualFs {
        VirtualFs(Arc::new(Mutex::new(tree)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Tree> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a file, and the folders that it is in. A file that is there is replaced.
    ///
    /// # Errors
    /// [`Errno::Nospc`] beyond the quota; [`Errno::Notdir`] or [`Errno::Isdir`] if the path is another thing's.
    pub fn add_file(&self, path: &str, bytes: impl Into<Vec<u8>>) -> Result<(), Errno> {
        let bytes = bytes.into();
        let mut tree = self.lock();
        let (folder, name) = parent_of(&mut tree, path)?;
        match tree.find(folder, name) {
            Ok(old) if tree.node(old)?.file_type() == FileType::Directory => {
                return Err(Errno::Isdir);
            }
            Ok(_) => tree.unlink(folder, name, 0)?,
            Err(_) => {}
        }
        tree.create(folder, name, Kind::File(bytes), 0).map(drop)
    }

    /// Adds a folder, and those that it is in.
    ///
    /// # Errors
    /// As for [`VirtualFs::add_file`].
    pub fn add_folder(&self, path: &str) -> Result<(), Errno> {
        let mut tree = self.lock();
        let mut folder = ROOT;
        for name in names(path) {
            folder = enter(&mut tree, folder, name)?;
        }
        Ok(())
    }

    /// Adds a symbolic link, and the folders that it is in.
    ///
    /// # Errors
    /// As for [`VirtualFs::add_file`]; [`Errno::Exist`] if there is something.
    pub fn add_link(&self, path: &str, text: &str) -> Result<(), Errno> {
        let mut tree = self.lock();
        let (folder, name) = parent_of(&mut tree, path)?;
        tree.create(folder, name, Kind::Link(text.to_owned()), 0).map(drop)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`Errno::Noent`], [`Errno::Notdir`] or [`Errno::Isdir`] if there is none under the path. No link is followed.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Errno> {
        let tree = self.lock();
        let mut node = ROOT;
        for name in names(path) {
            node = tree.find(node, name)?;
        }
        match &tree.node(node)?.kind {
            Kind::File(bytes) => Ok(bytes.clone()),
            Kind::Folder { .. } => Err(Errno::Isdir),
            Kind::Link(_) => Err(Errno::Loop),
        }
    }

    /// Everything in it, as the folder that it is.
    pub fn tree(&self) -> TreeEntry {
        entry(&self.lock(), ROOT, 0, &mut BTreeMap::new())
    }

    /// The folder that everything is in, for a guest.
    pub(crate) fn root(&self, mount: Mount) -> Result<Box<dyn Folder>, Errno> {
        Ok(Box::new(VirtualFolder(Handle::open(self, ROOT, mount)?)))
    }

    /// What a snapshot kept a number of.
    pub(crate) fn open_folder(&self, node: u64, mount: Mount) -> Result<Box<dyn Folder>, Errno> {
        self.lock().names(node)?;
        Ok(Box::new(VirtualFolder(Handle::open(self, node, mount)?)))
    }

    /// What a snapshot kept a number of.
    pub(crate) fn open_file(&self, node: u64, mount: Mount) -> Result<Box<dyn File>, Errno> {
        match self.lock().node(node)?.file_type() {
            FileType::RegularFile => {}
            _ => return Err(Errno::Isdir),
        }
        Ok(Box::new(VirtualFile(Handle::open(self, node, mount)?)))
    }
}

/// A node with what is in it, to the depth that there can be.
fn entry(
    tree: &Tree,
    number: u64,
    depth: usize,
    files: &mut BTreeMap<u64, Arc<[u8]>>,
) -> TreeEntry {
    match tree.node(number).map(|node| &node.kind) {
        Ok(Kind::File(bytes)) => {
            let known = files.entry(number).or_insert_with(|| bytes.as_slice().into());
            TreeEntry::File(Arc::clone(known))
        }
        Ok(Kind::Link(text)) => TreeEntry::Link(text.clone()),
        Ok(Kind::Folder { names, .. }) if depth <= DEPTH => {
            let names = names.iter();
            let entry = |(name, below): (&String, &u64)| {
                (name.clone(), entry(tree, *below, depth + 1, files))
            };
            TreeEntry::Folder(names.map(entry).collect())
        }
        _ => TreeEntry::Folder(BTreeMap::new()),
    }
}

fn names(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty() && *name != ".")
}

fn enter(tree: &mut Tree, folder: u64, name: &str) -> Result<u64, Errno> {
    if name == ".." {
        return Err(Errno::Notcapable);
    }
    match tree.find(folder, name) {
        Ok(node) if tree.node(node)?.file_type() == FileType::Directory => Ok(node),
        Ok(_) => Err(Errno::Notdir),
        Err(Errno::Noent) => {
            let kind = Kind::Folder { parent: folder, names: BTreeMap::new() };
            tree.create(folder, name, kind, 0)
        }
        Err(errno) => Err(errno),
    }
}

fn parent_of<'p>(tree: &mut Tree, path: &'p str) -> Result<(u64, &'p str), Errno> {
    let mut names = names(path);
    let last = names.next_back().filter(|name| *name != "..").ok_or(Errno::Inval)?;
    let mut folder = ROOT;
    for name in names {
        folder = enter(tree, folder, name)?;
    }
    Ok((folder, last))
}

/// How a guest has a virtual file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Mount {
    /// What its device is: another one for each file system of a context.
    pub(crate) device: u64,
    pub(crate) writable: bool,
}

/// An open node, which stays while it is open.
struct Handle {
    fs: VirtualFs,
    node: u64,
    mount: Mount,
}

impl Handle {
    fn open(fs: &VirtualFs, node: u64, mount: Mount) -> Result<Handle, Errno> {
        fs.lock().node_mut(node)?.opens += 1;
        Ok(Handle { fs: fs.clone(), node, mount })
    }

    fn stat_of(&self, node: u64) -> Result<Stat, Errno> {
        Ok(Stat { device: self.mount.device, ..self.tree().stat(node)? })
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.fs.lock()
    }

    /// The tree, for a change.
    fn tree_mut(&self) -> Result<MutexGuard<'_, Tree>, Errno> {
        if self.mount.writable { Ok(self.fs.lock()) } else { Err(Errno::Rofs) }
    }

    fn kept(&self) -> Kept {
        Kept { fs: self.fs.clone(), node: self.node, mount: self.mount }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut tree = self.fs.lock();
        if let Ok(node) = tree.node_mut(self.node) {
            node.opens = node.opens.saturating_sub(1);
        }
        tree.collect(self.node);
    }
}

fn set_times(tree: &mut Tree, node: u64, times: Times) -> Result<(), Errno> {
    let node = tree.node_mut(node)?;
    node.accessed = times.accessed.unwrap_or(node.accessed);
    node.modified = times.modified.unwrap_or(node.modified);
    node.changed = times.now;
    Ok(())
}

struct VirtualFolder(Handle);

impl VirtualFolder {
    /// Another folder, if it is of the same file system and may be written.
    fn same<'f>(&self, other: &'f dyn Folder) -> Result<&'f VirtualFolder, Errno> {
        let other = other.as_any().downcast_ref::<VirtualFolder>().ok_or(Errno::Xdev)?;
        match Arc::ptr_eq(&self.0.fs.0, &other.0.fs.0) {
            true if other.0.mount.writable => Ok(other),
            true => Err(Errno::Rofs),
            false => Err(Errno::Xdev),
        }
    }
}

impl Folder for VirtualFolder {
    fn again(&self) -> Result<Box<dyn Folder>, Errno> {
        let Handle { fs, node, mount } = &self.0;
        Ok(Box::new(VirtualFolder(Handle::open(fs, *node, *mount)?)))
    }

    fn stat(&self) -> Result<Stat, Errno> {
        self.0.stat_of(self.0.node)
    }

    fn stat_of(&self, name: &str) -> Result<Stat, Errno> {
        let node = self.0.tree().find(self.0.node, name)?;
        self.0.stat_of(node)
    }

    fn folder(&self, name: &str) -> Result<Box<dyn Folder>, Errno> {
        let stat = self.stat_of(name)?;
        match stat.file_type {
            FileType::Directory => {}
            FileType::SymbolicLink => return Err(Errno::Loop),
            _ => return Err(Errno::Notdir),
        }
        let handle = Handle::open(&self.0.fs, stat.inode, self.0.mount)?;
        Ok(Box::new(VirtualFolder(handle)))
    }

    fn file(&self, name: &str, how: How) -> Result<Box<dyn File>, Errno> {
        let found = self.0.tree().find(self.0.node, name);
        let node = match found {
            Ok(_) if how.create && how.exclusive => return Err(Errno::Exist),
            Ok(node) => {
                let file_type = self.0.tree().node(node)?.file_type();
                match file_type {
                    FileType::Directory => return Err(Errno::Isdir),
                    FileType::SymbolicLink => return Err(Errno::Loop),
                    _ => {}
                }
                if how.write && !self.0.mount.writable {
                    return Err(Errno::Rofs);
                }
                if how.truncate {
                    self.0.tree_mut()?.resize(node, 0, how.now)?;
                }
                node
            }
            Err(Errno::Noent) if how.create => {
                let kind = Kind::File(Vec::new());
                self.0.tree_mut()?.create(self.0.node, name, kind, how.now)?
            }
            Err(errno) => return Err(errno),
        };
        Ok(Box::new(VirtualFile(Handle::open(&self.0.fs, node, self.0.mount)?)))
    }

    fn read_link(&self, name: &str) -> Result<String, Errno> {
        let tree = self.0.tree();
        match &tree.node(tree.find(self.0.node, name)?)?.kind {
            Kind::Link(text) => Ok(text.clone()),
            _ => Err(Errno::Inval),
        }
    }

    fn create_folder(&self, name: &str, now: u64) -> Result<(), Errno> {
        let kind = Kind::Folder { parent: self.0.node, names: BTreeMap::new() };
        self.0.tree_mut()?.create(self.0.node, name, kind, now).map(drop)
    }

    fn create_link(&self, name: &str, text: &str, now: u64) -> Result<(), Errno> {
        let kind = Kind::Link(text.to_owned());
        self.0.tree_mut()?.create(self.0.node, name, kind, now).map(drop)
    }

    fn link(&self, name: &str, to: &dyn Folder, new: &str, now: u64) -> Result<(), Errno> {
        let to = self.same(to)?.0.node;
        let mut tree = self.0.tree_mut()?;
        let node = tree.find(self.0.node, name)?;
        tree.link(node, to, new, now)
    }

    fn rename(&self, name: &str, to: &dyn Folder, new: &str, now: u64) -> Result<(), Errno> {
        let to = self.same(to)?.0.node;
        self.0.tree_mut()?.rename((self.0.node, name), (to, new), now)
    }

    fn effort(&self, name: &str, to: &dyn Folder) -> u64 {
        let to = self.same(to).map(|to| to.0.node);
        to.map_or(0, |to| self.0.tree().effort((self.0.node, name), to))
    }

    fn remove_file(&self, name: &str, now: u64) -> Result<(), Errno> {
        let mut tree = self.0.tree_mut()?;
        let node = tree.find(self.0.node, name)?;
        match tree.node(node)?.file_type() {
            FileType::Directory => Err(Errno::Isdir),
            _ => tree.unlink(self.0.node, name, now),
        }
    }

    fn remove_folder(&self, name: &str, now: u64) -> Result<(), Errno> {
        let mut tree = self.0.tree_mut()?;
        let node = tree.find(self.0.node, name)?;
        match tree.names(node)?.is_empty() {
            true => tree.unlink(self.0.node, name, now),
            false => Err(Errno::Notempty),
        }
    }

    fn entries(&self, most: u64) -> Result<Vec<Entry>, Errno> {
        let tree = self.0.tree();
        let names = tree.names(self.0.node)?;
        let mut room = most;
        for name in names.keys() {
            room = room.checked_sub(super::entry_bytes(name)).ok_or(Errno::Nobufs)?;
        }
        let entry = |(name, number): (&String, &u64)| {
            let stat = tree.stat(*number)?;
            Ok(Entry {
                name: name.clone(),
                device: self.0.mount.device,
                inode: stat.inode,
                file_type: stat.file_type as u8,
            })
        };
        names.iter().map(entry).collect()
    }

    fn set_times(&self, times: Times) -> Result<(), Errno> {
        set_times(&mut *self.0.tree_mut()?, self.0.node, times)
    }

    fn set_times_of(&self, name: &str, times: Times) -> Result<(), Errno> {
        let mut tree = self.0.tree_mut()?;
        let node = tree.find(self.0.node, name)?;
        set_times(&mut tree, node, times)
    }

    fn sync(&self) -> Result<(), Errno> {
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kept(&self) -> Option<Kept> {
        Some(self.0.kept())
    }
}

struct VirtualFile(Handle);

impl File for VirtualFile {
    fn stat(&self) -> Result<Stat, Errno> {
        self.0.stat_of(self.0.node)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, Errno> {
        let tree = self.0.tree();
        let Kind::File(bytes) = &tree.node(self.0.node)?.kind else { return Err(Errno::Isdir) };
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let count = buffer.len().min(bytes.len() - start);
        buffer[..count].copy_from_slice(&bytes[start..start + count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64, now: u64) -> Result<usize, Errno> {
        let mut tree = self.0.tree_mut()?;
        if bytes.is_empty() {
            return Ok(0);
        }
        let end = offset.checked_add(bytes.len() as u64).ok_or(Errno::Fbig)?;
        if tree.stat(self.0.node)?.size < end {
            tree.resize(self.0.node, end, now)?;
        }
        let node = tree.node_mut(self.0.node)?;
        node.touch(now);
        let Kind::File(file) = &mut node.kind else { return Err(Errno::Isdir) };
        let start = usize::try_from(offset).map_err(|_| Errno::Fbig)?;
        let place = file.get_mut(start..).and_then(|file| file.get_mut(..bytes.len()));
        place.ok_or(Errno::Io)?.copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn set_size(&self, size: u64, now: u64) -> Result<(), Errno> {
        self.0.tree_mut()?.resize(self.0.node, size, now)
    }

    fn allocate(&self, offset: u64, length: u64, now: u64) -> Result<(), Errno> {
        let size = offset.checked_add(length).ok_or(Errno::Fbig)?;
        let mut tree = self.0.tree_mut()?;
        match tree.stat(self.0.node)?.size < size {
            true => tree.resize(self.0.node, size, now),
            false => Ok(()),
        }
    }

    fn set_times(&self, times: Times) -> Result<(), Errno> {
        set_times(&mut *self.0.tree_mut()?, self.0.node, times)
    }

    fn sync(&self, _: bool) -> Result<(), Errno> {
        Ok(())
    }

    fn growth(&self, size: u64) -> Result<u64, Errno> {
        let tree = self.0.tree();
        let growth = size.saturating_sub(tree.stat(self.0.node)?.size);
        if growth > tree.room() { Err(Errno::Nospc) } else { Ok(growth) }
    }

    fn kept(&self) -> Option<Kept> {
        Some(self.0.kept())
    }
}
