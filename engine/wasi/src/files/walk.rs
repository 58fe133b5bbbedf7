//! From a path to a name in a folder: the only place where `.`, `..`, separators and symbolic links are followed.
//!
//! Each step asks one folder for one name, and the way back is the folders that were passed. So no path leaves the folder that it
//! begins in, whatever other programs do to it meanwhile.

use super::Folder;
use crate::abi::FileType;
use crate::guest::{Fail, Mem};
use crate::{Errno, Limits};

/// Symbolic links that are followed in one path.
const LINKS: u32 = 32;

/// What becomes of a symbolic link at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// It is followed.
    Follow,
    /// It is meant itself, unless a slash comes after it.
    Stay,
    /// It is meant itself, as a name to create or to remove.
    Name,
}

/// Where a path leads to.
pub(crate) struct Place<'a> {
    start: &'a dyn Folder,
    /// The folders that were passed; once the path is followed, only the last.
    passed: Vec<Box<dyn Folder>>,
    /// A name in the folder; none if the folder itself is meant.
    pub(crate) name: Option<String>,
    /// Whether the path says that it is a folder's.
    pub(crate) slash: bool,
}

impl Place<'_> {
    /// The place as it is when the path is followed. There is no way back any more, and the other folders have descriptors of the host
    /// that a second path needs.
    fn arrived(mut self, name: Option<String>) -> Self {
        let last = self.passed.len().saturating_sub(1);
        self.passed.drain(..last);
        Place { name, ..self }
    }

    /// The folder that the name is in.
    pub(crate) fn folder(&self) -> &dyn Folder {
        self.passed.last().map_or(self.start, |folder| &**folder)
    }

    /// The name, for functions that cannot do their work on the folder where the path begins or on one that it passed.
    pub(crate) fn name(&self, otherwise: Errno) -> Result<&str, Errno> {
        self.name.as_deref().ok_or(otherwise)
    }

    /// Fails unless what has the name is a folder, where the path says that it is.
    pub(crate) fn check_slash(&self) -> Result<(), Errno> {
        let Some(name) = self.name.as_deref().filter(|_| self.slash) else { return Ok(()) };
        match self.folder().stat_of(name)?.file_type {
            FileType::Directory => Ok(()),
            _ => Err(Errno::Notdir),
        }
    }
}

/// The names of a path or a link, the last first.
fn names(path: &str) -> impl Iterator<Item = String> {
    path.rsplit('/').filter(|name| !name.is_empty() && *name != ".").map(str::to_owned)
}

/// Whether a path can only be a folder's.
fn is_of_folder(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..") || path == "."
}

/// Follows a path. The texts of links are declared as the path itself was, and no path is followed further than one without links
/// could go.
pub(crate) fn walk<'a>(
    mem: &mut Mem<'_>,
    start: &'a dyn Folder,
    path: &str,
    last: Last,
    limits: &Limits,
) -> Result<Place<'a>, Fail> {
    check(path, limits)?;
    let mut place = Place { start, passed: Vec::new(), name: None, slash: is_of_folder(path) };
    let mut ahead: Vec<String> = names(path).collect();
    // What is to be created or removed is the `.` in the folder, and not the folder.
    let is_dot = last == Last::Name && path.trim_end_matches('/').ends_with("/.");
    let (mut links, mut steps) = (0, 0);
    while let Some(name) = ahead.pop() {
        steps += 1;
        if steps > limits.path {
            return Err(Errno::Loop.into());
        }
        if name == ".." {
            // There is no way out of the folder that the path begins in.
            place.passed.pop().ok_or(Errno::Notcapable)?;
            continue;
        }
        let is_link = if ahead.is_empty() && !is_dot {
            let follows = match last {
                Last::Follow => true,
                Last::Stay => place.slash,
                Last::Name => false,
            };
            let is_link = follows && is_link(place.folder(), &name)?;
            if !is_link {
                return Ok(place.arrived(Some(name)));
            }
            is_link
        } else {
            match place.folder().folder(&name) {
                Ok(_) if place.passed.len() >= limits.depth as usize => {
                    return Err(Errno::Nametoolong.into());
                }
                Ok(folder) => {
                    place.passed.push(folder);
                    false
                }
                Err(Errno::Loop) => true,
                Err(errno) => return Err(errno.into()),
            }
        };
        if is_link {
            links += 1;
            if links > LINKS {
                return Err(Errno::Loop.into());
            }
            let text = place.folder().read_link(&name)?;
            check(&text, limits)?;
            mem.declare(text.len() as u64)?;
            place.slash |= ahead.is_empty() && is_of_folder(&text);
            ahead.extend(names(&text));
        }
    }
    Ok(place.arrived(None))
}

/// Whether there is a symbolic link under a name. What is not there is none, and may be created.
fn is_link(folder: &dyn Folder, name: &str) -> Result<bool, Errno> {
    match folder.stat_of(name) {
        Ok(stat) => Ok(stat.file_type == FileType::SymbolicLink),
        Err(Errno::Noent) => Ok(false),
        Err(errno) => Err(errno),
    }
}

fn check(path: &str, limits: &Limits) -> Result<(), Errno> {
    match path {
        "" => Err(Errno::Noent),
        path if path.len() > limits.path as usize => Err(Errno::Nametoolong),
        // No folder is the root of everything.
        path if path.starts_with('/') => Err(Errno::Notcapable),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VirtualFs;
    use crate::files::virtual_fs::Mount;
    use crate::guest::testing::Still;

    /// Who follows two paths holds as many folders as one of them is deep, not as both are.
    #[test]
    fn a_path_that_was_followed_holds_one_folder() {
        let fs = VirtualFs::new(1 << 20);
        fs.add_file("a/b/c/d/file", "").unwrap();
        let root = fs.root(Mount { device: 1, writable: true }).unwrap();
        let mut guest = Still::default();
        let mut mem = Mem::new(&mut guest, "path_rename");
        for (path, name) in [("a/b/c/d/file", Some("file")), ("a/b/c/d/.", None), ("a/..", None)] {
            let last = if name.is_some() { Last::Name } else { Last::Follow };
            let place = walk(&mut mem, &*root, path, last, &Limits::default()).unwrap();
            assert!(place.passed.len() <= 1, "{path}: {}", place.passed.len());
            if let Some(name) = name {
                assert_eq!(place.name.as_deref(), Some(name));
                assert!(place.folder().stat_of(name).is_ok());
            }
        }
    }
}
