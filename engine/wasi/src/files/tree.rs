//! The state of a virtual file system: nodes by number, with a quota.

use crate::Errno;
use crate::abi::FileType;
use crate::files::Stat;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a node takes of the quota beside its bytes, and a name beside its text.
const NODE: u64 = 128;
const NAME: u64 = 64;

/// Folders that are in each other, so that whoever walks the tree has an end.
pub(crate) const DEPTH: usize = 256;
/// The longest name, in bytes.
const NAME_LENGTH: usize = 255;
/// Names that are looked at to know how deep a folder is that is moved further down.
const LOOKED_AT: usize = 4096;

/// The number of the folder that everything is in.
pub(crate) const ROOT: u64 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tree {
    pub(crate) nodes: BTreeMap<u64, Node>,
    next: u64,
    used: u64,
    quota: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// How many names it has.
    pub(crate) links: u64,
    /// How many descriptors are open on it, which keep it while it has no name.
    #[serde(skip)]
    pub(crate) opens: u64,
    pub(crate) accessed: u64,
    pub(crate) modified: u64,
    pub(crate) changed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    File(Vec<u8>),
    Folder { parent: u64, names: BTreeMap<String, u64> },
    Link(String),
}

impl Node {
    fn new(kind: Kind, now: u64) -> Node {
        Node { kind, links: 1, opens: 0, accessed: now, modified: now, changed: now }
    }

    pub(crate) fn touch(&mut self, now: u64) {
        self.modified = now;
        self.changed = now;
    }

    pub(crate) fn file_type(&self) -> FileType {
        match self.kind {
            Kind::File(_) => FileType::RegularFile,
            Kind::Folder { .. } => FileType::Directory,
            Kind::Link(_) => FileType::SymbolicLink,
        }
    }

    fn bytes(&self) -> u64 {
        match &self.kind {
            Kind::File(bytes) => bytes.len() as u64,
            Kind::Folder { .. } => 0,
            Kind::Link(text) => text.len() as u64,
        }
    }
}

/// Whether a folder can have a name.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name != "."
        && name != ".."
        && !name.contains('/')
        && name.len() <= NAME_LENGTH
}

impl Tree {
    pub(crate) fn new(quota: u64) -> Tree {
        let root = Kind::Folder { parent: ROOT, names: BTreeMap::new() };
        let nodes = BTreeMap::from([(ROOT, Node::new(root, 0))]);
        Tree { nodes, next: ROOT + 1, used: 0, quota }
    }

    pub(crate) fn node(&self, node: u64) -> Result<&Node, Errno> {
        self.nodes.get(&node).ok_or(Errno::Noent)
    }

    pub(crate) fn node_mut(&mut self, node: u64) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(&node).ok_or(Errno::Noent)
    }

    pub(crate) fn names(&self, folder: u64) -> Result<&BTreeMap<String, u64>, Errno> {
        match &self.node(folder)?.kind {
            Kind::Folder { names, .. } => Ok(names),
            _ => Err(Errno::Notdir),
        }
    }

    fn names_mut(&mut self, folder: u64) -> Result<&mut BTreeMap<String, u64>, Errno> {
        match &mut self.node_mut(folder)?.kind {
            Kind::Folder { names, .. } => Ok(names),
            _ => Err(Errno::Notdir),
        }
    }

    /// The node that has a name.
    pub(crate) fn find(&self, folder: u64, name: &str) -> Result<u64, Errno> {
        self.names(folder)?.get(name).copied().ok_or(Errno::Noent)
    }

    pub(crate) fn stat(&self, number: u64) -> Result<Stat, Errno> {
        let node = self.node(number)?;
        Ok(Stat {
            // Where it is mounted says what its device is.
            device: 0,
            inode: number,
            file_type: node.file_type(),
            links: node.links,
            size: node.bytes(),
            accessed: node.accessed,
            modified: node.modified,
            changed: node.changed,
        })
    }

    /// The tree for a snapshot: how many descriptors are open is theirs to say again.
    pub(crate) fn kept(&self) -> Tree {
        let mut kept = self.clone();
        kept.nodes.values_mut().for_each(|node| node.opens = 0);
        kept
    }

    /// Whether the tree is as the functions here leave one: each name is one, and of a node; each folder but the root has one name, in
    /// its parent, or none and nothing in it; no folder is deeper than may be; and nodes and names take what is noted of the quota. A
    /// tree that somebody else wrote down may be any.
    pub(crate) fn is_sound(&self) -> bool {
        let root = self.nodes.get(&ROOT).map(|root| (&root.kind, root.links));
        if !matches!(root, Some((Kind::Folder { parent: ROOT, .. }, 1))) {
            return false;
        }
        let Some((names, mut used)) = self.count_names() else { return false };
        for (number, node) in self.nodes.iter().filter(|(number, _)| **number != ROOT) {
            let is_empty = self.names(*number).map_or(true, BTreeMap::is_empty);
            let is_lost = node.links == 0 && !is_empty;
            let links = names.get(number).copied().unwrap_or(0);
            if is_lost || node.links != links || *number >= self.next {
                return false;
            }
            used = used.saturating_add(NODE).saturating_add(node.bytes());
        }
        // Numbers are not used again, so there must be some left.
        used == self.used && used <= self.quota && self.next <= u64::MAX / 2
    }

    /// How many names each node has below the root, and what they take of the quota; none if they cannot be.
    fn count_names(&self) -> Option<(BTreeMap<u64, u64>, u64)> {
        let (mut counts, mut used) = (BTreeMap::new(), 0_u64);
        let mut ahead = vec![(ROOT, 1)];
        while let Some((folder, depth)) = ahead.pop() {
            for (name, number) in self.names(folder).ok()? {
                if !is_name(name) {
                    return None;
                }
                used = used.checked_add(NAME + name.len() as u64)?;
                let count = counts.entry(*number).or_insert(0);
                *count += 1;
                if let Kind::Folder { parent, .. } = &self.nodes.get(number)?.kind {
                    // With one name each, no folder is come to twice, so this ends.
                    if *number == ROOT || *parent != folder || *count > 1 || depth > DEPTH {
                        return None;
                    }
                    ahead.push((*number, depth + 1));
                }
            }
        }
        Some((counts, used))
    }

    /// Removes what has neither names nor descriptors, which only those kept that are not there any more.
    pub(crate) fn sweep(&mut self) {
        let unnamed = self.nodes.iter().filter(|(_, node)| node.links == 0);
        for number in unnamed.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.collect(number);
        }
    }

    /// What is left of the quota.
    pub(crate) fn room(&self) -> u64 {
        self.quota.saturating_sub(self.used)
    }

    /// Takes some of the quota.
    fn take(&mut self, bytes: u64) -> Result<(), Errno> {
        let used = self.used.checked_add(bytes).filter(|used| *used <= self.quota);
        self.used = used.ok_or(Errno::Nospc)?;
        Ok(())
    }

    fn give_back(&mut self, bytes: u64) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Fails unless a name can be given in a folder: the folder is still there, and has no such name.
    fn check_new(&self, folder: u64, name: &str) -> Result<(), Errno> {
        if self.node(folder)?.links == 0 {
            return Err(Errno::Noent);
        }
        if name.len() > NAME_LENGTH {
            return Err(Errno::Nametoolong);
        }
        match self.names(folder)?.contains_key(name) {
            true => Err(Errno::Exist),
            false => Ok(()),
        }
    }

    /// Creates a node under a name.
    pub(crate) fn create(
        &mut self,
        folder: u64,
        name: &str,
        kind: Kind,
        now: u64,
    ) -> Result<u64, Errno> {
        self.check_new(folder, name)?;
        if matches!(kind, Kind::Folder { .. }) && self.depth(folder) > DEPTH {
            return Err(Errno::Nametoolong);
        }
        let node = Node::new(kind, now);
        self.take(NODE + NAME + name.len() as u64 + node.bytes())?;
        let number = self.next;
        self.next += 1;
        self.nodes.insert(number, node);
        self.names_mut(folder)?.insert(name.to_owned(), number);
        self.node_mut(folder)?.touch(now);
        Ok(number)
    }

    /// Gives a node another name.
    pub(crate) fn link(
        &mut self,
        node: u64,
        folder: u64,
        name: &str,
        now: u64,
    ) -> Result<(), Errno> {
        if self.node(node)?.file_type() == FileType::Directory {
            return Err(Errno::Perm);
        }
        self.check_new(folder, name)?;
        self.take(NAME + name.len() as u64)?;
        self.names_mut(folder)?.insert(name.to_owned(), node);
        self.node_mut(folder)?.touch(now);
        let node = self.node_mut(node)?;
        node.links += 1;
        node.changed = now;
        Ok(())
    }

    /// Takes a name away.
    pub(crate) fn unlink(&mut self, folder: u64, name: &str, now: u64) -> Result<(), Errno> {
        let node = self.names_mut(folder)?.remove(name).ok_or(Errno::Noent)?;
        self.give_back(NAME + name.len() as u64);
        self.node_mut(folder)?.touch(now);
        let inst = self.node_mut(node)?;
        inst.links = inst.links.saturating_sub(1);
        inst.changed = now;
        self.collect(node);
        Ok(())
    }

    /// Removes a node that has neither name nor descriptor.
    pub(crate) fn collect(&mut self, number: u64) {
        if let Some(node) = self.nodes.get(&number)
            && node.links == 0
            && node.opens == 0
        {
            let bytes = NODE + node.bytes();
            self.nodes.remove(&number);
            self.give_back(bytes);
        }
    }

    /// Moves a name; what has the new one goes, if it may.
    pub(crate) fn rename(
        &mut self,
        from: (u64, &str),
        to: (u64, &str),
        now: u64,
    ) -> Result<(), Errno> {
        let node = self.find(from.0, from.1)?;
        let is_folder = self.node(node)?.file_type() == FileType::Directory;
        if is_folder && self.is_within(to.0, node) {
            return Err(Errno::Inval);
        }
        if self.goes_down(node, from.0, to.0) && self.depth(to.0) + self.height(node)? > DEPTH + 1 {
            return Err(Errno::Nametoolong);
        }
        match self.find(to.0, to.1) {
            Ok(old) if old == node => return Ok(()),
            Ok(old) => match (is_folder, self.node(old)?.file_type() == FileType::Directory) {
                (true, false) => return Err(Errno::Notdir),
                (false, true) => return Err(Errno::Isdir),
                (true, true) if !self.names(old)?.is_empty() => return Err(Errno::Notempty),
                _ => self.unlink(to.0, to.1, now)?,
            },
            Err(Errno::Noent) => {}
            Err(errno) => return Err(errno),
        }
        self.check_new(to.0, to.1)?;
        let (old_name, new_name) = (from.1.len() as u64, to.1.len() as u64);
        self.take(new_name.saturating_sub(old_name))?;
        self.give_back(old_name.saturating_sub(new_name));
        self.names_mut(from.0)?.remove(from.1);
        self.names_mut(to.0)?.insert(to.1.to_owned(), node);
        self.node_mut(from.0)?.touch(now);
        self.node_mut(to.0)?.touch(now);
        let inst = self.node_mut(node)?;
        inst.changed = now;
        if let Kind::Folder { parent, .. } = &mut inst.kind {
            *parent = to.0;
        }
        Ok(())
    }

    /// The folders from one up to the root.
    fn up(&self, folder: u64) -> impl Iterator<Item = u64> {
        let above = |folder: &u64| match &self.nodes.get(folder)?.kind {
            Kind::Folder { parent, .. } if *folder != ROOT => Some(*parent),
            _ => None,
        };
        // No way up is longer; a tree that was written down by somebody else must not keep us.
        std::iter::successors(Some(folder), above).take(DEPTH + 1)
    }

    /// Whether a folder is another one, or in it.
    fn is_within(&self, folder: u64, other: u64) -> bool {
        self.up(folder).any(|above| above == other)
    }

    /// How many folders lead to what is in a folder, the root included.
    fn depth(&self, folder: u64) -> usize {
        self.up(folder).count()
    }

    /// Whether a move takes a folder further down, so that what is in it must be looked at.
    fn goes_down(&self, node: u64, from: u64, to: u64) -> bool {
        let is_folder = self.node(node).is_ok_and(|node| node.file_type() == FileType::Directory);
        is_folder && !self.is_within(to, node) && self.depth(to) > self.depth(from)
    }

    /// What a move looks at, in bytes: each name as what it takes of the quota.
    pub(crate) fn effort(&self, from: (u64, &str), to: u64) -> u64 {
        match self.find(from.0, from.1) {
            Ok(node) if self.goes_down(node, from.0, to) => self.look_below(node).1 as u64 * NAME,
            _ => 0,
        }
    }

    /// How many folders are in each other from one on. `XDEV` if that is too much to look at: who gets it copies.
    fn height(&self, folder: u64) -> Result<usize, Errno> {
        match self.look_below(folder) {
            (height, ..=LOOKED_AT) => Ok(height),
            _ => Err(Errno::Xdev),
        }
    }

    /// How many folders are in each other from one on, and how many names were looked at to know: not many more than may be.
    fn look_below(&self, folder: u64) -> (usize, usize) {
        let (mut level, mut height, mut looked_at) = (vec![folder], 0, 0);
        while !level.is_empty() {
            let mut below = Vec::new();
            for number in level.into_iter().filter_map(|folder| self.names(folder).ok()).flatten() {
                looked_at += 1;
                if looked_at > LOOKED_AT {
                    return (height, looked_at);
                }
                let node = self.nodes.get(number.1);
                if node.is_some_and(|node| node.file_type() == FileType::Directory) {
                    below.push(*number.1);
                }
            }
            level = below;
            height += 1;
        }
        (height, looked_at)
    }

    /// Sets the size of a file.
    pub(crate) fn resize(&mut self, number: u64, size: u64, now: u64) -> Result<(), Errno> {
        let Kind::File(bytes) = &self.node(number)?.kind else { return Err(Errno::Isdir) };
        let old = bytes.len() as u64;
        self.take(size.saturating_sub(old))?;
        let node = self.nodes.get_mut(&number).ok_or(Errno::Noent)?;
        if let Kind::File(bytes) = &mut node.kind {
            let wanted = usize::try_from(size).unwrap_or(usize::MAX);
            let more = wanted.saturating_sub(bytes.len());
            if bytes.try_reserve(more).is_err() {
                self.give_back(size.saturating_sub(old));
                return Err(Errno::Nospc);
            }
            bytes.resize(wanted, 0);
            // What the quota has back the host must have back too. At a quarter: a guest that makes a file smaller and larger by turns
            // would have it copied each time otherwise.
            if bytes.capacity() / 4 > wanted {
                bytes.shrink_to(wanted);
            }
        }
        node.touch(now);
        self.give_back(old.saturating_sub(size));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many files that were large in turn hold no more than one of them could.
    #[test]
    fn files_that_were_large_hold_no_memory() {
        let mut tree = Tree::new(1 << 20);
        let mut held = 0;
        for name in 0..10 {
            let kind = Kind::File(Vec::new());
            let file = tree.create(ROOT, &name.to_string(), kind, 0).unwrap();
            tree.resize(file, 1 << 19, 0).unwrap();
            tree.resize(file, 10, 0).unwrap();
            let Kind::File(bytes) = &tree.node(file).unwrap().kind else { panic!() };
            held += bytes.capacity();
        }
        assert!(held <= 10 * 40, "{held} bytes for 100");
    }

    type Harm = fn(&mut Tree);

    fn folder(tree: &mut Tree, number: u64) -> (&mut u64, &mut BTreeMap<String, u64>) {
        match &mut tree.node_mut(number).unwrap().kind {
            Kind::Folder { parent, names } => (parent, names),
            _ => panic!("{number} is no folder"),
        }
    }

    /// Each way in which a tree can be none, on one of `a` (2) with `b` (3) and a file (4) that is also a name of the root.
    const HARM: &[(&str, Harm)] = &[
        ("no root", |t| drop(t.nodes.remove(&ROOT))),
        ("a root that is a file", |t| t.node_mut(ROOT).unwrap().kind = Kind::File(vec![])),
        ("a root in another folder", |t| *folder(t, ROOT).0 = 2),
        ("a name of nothing", |t| _ = folder(t, 2).1.insert("x".to_owned(), 9)),
        ("a node that is gone", |t| drop(t.nodes.remove(&4))),
        ("a name too few", |t| _ = folder(t, ROOT).1.remove("file")),
        ("a name too many", |t| t.node_mut(4).unwrap().links = 3),
        ("a folder in itself", |t| {
            folder(t, ROOT).1.remove("a");
            folder(t, 3).1.insert("a".to_owned(), 2);
            *folder(t, 2).0 = 3;
        }),
        ("another parent", |t| *folder(t, 3).0 = ROOT),
        ("a way up", |t| {
            folder(t, 2).1.remove("b");
            folder(t, 2).1.insert("..".to_owned(), 3);
            t.used += 1;
        }),
        ("a number to come", |t| t.next = 4),
        ("no numbers left", |t| t.next = u64::MAX),
        ("more used", |t| t.used += 1),
        ("less used", |t| t.used -= 1),
        ("less quota", |t| t.quota = t.used - 1),
        ("more bytes", |t| t.node_mut(4).unwrap().kind = Kind::File(vec![0; 1 << 10])),
    ];

    #[test]
    fn a_tree_that_is_none_is_found_out() {
        let mut tree = Tree::new(1 << 16);
        let new = || Kind::Folder { parent: ROOT, names: BTreeMap::new() };
        tree.create(ROOT, "a", new(), 0).unwrap();
        tree.create(2, "b", Kind::Folder { parent: 2, names: BTreeMap::new() }, 0).unwrap();
        tree.create(2, "file", Kind::File(b"bytes".to_vec()), 0).unwrap();
        tree.link(4, ROOT, "file", 0).unwrap();
        tree.resize(4, 3, 0).unwrap();
        tree.create(ROOT, "lost", new(), 0).unwrap();
        tree.rename((ROOT, "file"), (3, "a longer name"), 0).unwrap();
        tree.rename((3, "a longer name"), (ROOT, "file"), 0).unwrap();
        tree.node_mut(5).unwrap().opens += 1;
        tree.unlink(ROOT, "lost", 0).unwrap();
        assert!(tree.is_sound(), "a folder without a name is open");
        for (what, harm) in HARM {
            let mut tree = tree.clone();
            harm(&mut tree);
            assert!(!tree.is_sound(), "{what}");
        }
        let mut kept = tree.kept();
        kept.sweep();
        assert!(kept.is_sound() && !kept.nodes.contains_key(&5));
        tree.sweep();
        assert!(tree.nodes.contains_key(&5), "it is open");
    }

    /// The deepest folder that can be made is one that can be kept.
    #[test]
    fn the_deepest_tree_is_sound() {
        let mut tree = Tree::new(1 << 20);
        let mut at = ROOT;
        loop {
            let kind = Kind::Folder { parent: at, names: BTreeMap::new() };
            match tree.create(at, "a", kind, 0) {
                Ok(folder) => at = folder,
                Err(errno) => break assert_eq!(errno, Errno::Nametoolong),
            }
        }
        assert!(tree.is_sound());
    }
}
