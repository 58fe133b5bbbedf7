//! The folder of a cache: entries by their keys, files that are being written, and counts.

use super::entry;
use rustix::fs::OFlags;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What the names of files begin with that are being written.
const TEMPORARY: &str = "new-";
/// How often entries were found, and not.
const COUNTS: &str = "counts";
/// Bytes of the counts that are read.
const MOST_OF_COUNTS: u64 = 64;
/// A file that has not been written to for so long is nobody's any more.
const ABANDONED: Duration = Duration::from_secs(60 * 60);
/// Rights that others must not have.
const WRITE_OF_OTHERS: u32 = 0o022;

/// What is in the folder of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheContents {
    /// Modules that have code in it.
    pub entries: usize,
    /// Bytes of the entries.
    pub bytes: u64,
    /// The most bytes that entries may take.
    pub max_bytes: u64,
    /// Files that are being written, or were when a process was killed.
    pub unfinished: usize,
    /// How often code was found since the cache was cleared, by all processes; but for those that counted at the same moment as another.
    pub hits: u64,
    /// How often it was not.
    pub misses: u64,
}

/// What was removed from a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheRemoved {
    /// Entries.
    pub entries: usize,
    /// Files that were not finished.
    pub unfinished: usize,
    /// Bytes of all.
    pub bytes: u64,
}

#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    max_bytes: u64,
    max_entries: usize,
}

/// A file of the folder that is ours.
struct Found {
    path: PathBuf,
    /// `None` of a file that is being written.
    key: Option<[u8; 32]>,
    bytes: u64,
    /// When it was written, or used last.
    used: SystemTime,
}

impl Folder {
    /// Makes the folder if it is not there, for its owner alone; refuses one that others own or can write to.
    pub(super) fn open(path: &Path, max_bytes: u64, max_entries: usize) -> io::Result<Folder> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let metadata = std::fs::metadata(path)?;
        own(&metadata, "the folder")?;
        if !metadata.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Folder { path: path.to_owned(), max_bytes, max_entries })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn of_key(&self, key: &[u8; 32]) -> PathBuf {
        self.path.join(blake3::Hash::from_bytes(*key).to_hex().as_str())
    }

    /// The artefact of a key; `None` if there is none. One that is damaged is removed.
    pub(super) fn get(&self, key: &[u8; 32]) -> io::Result<Option<Vec<u8>>> {
        let path = self.of_key(key);
        let read = self.read(&path).and_then(|entry| entry::artefact(key, entry));
        match read {
            Ok(artefact) => Ok(Some(artefact)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let _the_next_is_written_over_it = std::fs::remove_file(&path);
                Err(error)
            }
        }
    }

    /// Reads an entry, and notes that it was used.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = for_reading(path)?;
        let metadata = file.metadata()?;
        own(&metadata, "an entry")?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "an entry is no file"));
        }
        let mut entry = Vec::new();
        (&file).take(self.max_bytes).read_to_end(&mut entry)?;
        let _only_an_order = file.set_modified(now());
        Ok(entry)
    }

    /// Writes the artefact of a key: all of it, or nothing. What is larger than the whole cache may be is not written.
    pub(super) fn put(&self, key: &[u8; 32], artefact: &[u8]) -> io::Result<()> {
        let head = entry::head(key, artefact);
        if (head.len() + artefact.len()) as u64 > self.max_bytes {
            return Ok(());
        }
        let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(&self.path)?;
        file.write_all(&head)?;
        file.write_all(artefact)?;
        file.persist(self.of_key(key)).map_err(|error| error.error)?;
        self.bound().map(drop)
    }

    pub(super) fn remove(&self, key: &[u8; 32]) -> io::Result<()> {
        removed(&self.of_key(key)).map(drop)
    }

    /// The files of the cache. Others are not touched, whoever put them there.
    fn files(&self) -> io::Result<Vec<Found>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let key = blake3::Hash::from_hex(name.as_bytes()).ok().map(blake3::Hash::into);
            // Another process may have removed it since.
            let Ok(metadata) = entry.metadata() else { continue };
            if key.is_none() && !name.starts_with(TEMPORARY) {
                continue;
            }
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push(Found { path: entry.path(), key, bytes: metadata.len(), used });
        }
        Ok(files)
    }

    /// Removes entries until the rest is within the bounds: first those that were not used for the longest time.
    fn bound(&self) -> io::Result<CacheRemoved> {
        let mut entries = self.files()?;
        entries.retain(|file| file.key.is_some());
        entries.sort_unstable_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        let mut bytes: u64 = entries.iter().map(|file| file.bytes).sum();
        let mut count = entries.len();
        let mut gone = CacheRemoved::default();
        for file in entries {
            if bytes <= self.max_bytes && count <= self.max_entries {
                break;
            }
            gone.add(&file)?;
            bytes -= file.bytes;
            count -= 1;
        }
        Ok(gone)
    }

    pub(super) fn contents(&self) -> io::Result<CacheContents> {
        let files = self.files()?;
        let entries = || files.iter().filter(|file| file.key.is_some());
        let (hits, misses) = match for_reading(&self.path.join(COUNTS)) {
            Ok(mut file) => counts(&mut file)?,
            Err(_) => (0, 0),
        };
        Ok(CacheContents {
            entries: entries().count(),
            bytes: entries().map(|file| file.bytes).sum(),
            max_bytes: self.max_bytes,
            unfinished: files.len() - entries().count(),
            hits,
            misses,
        })
    }

    pub(super) fn clear(&self) -> io::Result<CacheRemoved> {
        let mut gone = CacheRemoved::default();
        for file in self.files()? {
            gone.add(&file)?;
        }
        removed(&self.path.join(COUNTS))?;
        Ok(gone)
    }

    pub(super) fn trim(&self) -> io::Result<CacheRemoved> {
        let mut gone = self.bound()?;
        let now = now();
        let is_abandoned =
            |file: &Found| now.duration_since(file.used).is_ok_and(|unused| unused >= ABANDONED);
        for file in self.files()?.iter().filter(|file| file.key.is_none() && is_abandoned(file)) {
            gone.add(file)?;
        }
        Ok(gone)
    }

    pub(super) fn check(&self) -> io::Result<CacheRemoved> {
        let mut gone = CacheRemoved::default();
        for file in self.files()? {
            let Some(key) = file.key else { continue };
            match self.read(&file.path).and_then(|entry| entry::artefact(&key, entry)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => gone.add(&file)?,
            }
        }
        Ok(gone)
    }

    /// Counts for all processes. Where another counts at the moment this is left out: nobody waits for a figure.
    pub(super) fn count(&self, is_hit: bool) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        options.custom_flags(flags());
        let mut file = options.open(self.path.join(COUNTS))?;
        if file.try_lock().is_err() {
            return Ok(());
        }
        let (hits, misses) = counts(&mut file)?;
        let text = format!("{} {}\n", hits + u64::from(is_hit), misses + u64::from(!is_hit));
        file.rewind()?;
        file.set_len(0)?;
        file.write_all(text.as_bytes())
    }
}

impl CacheRemoved {
    /// Removes a file, unless another process did.
    fn add(&mut self, file: &Found) -> io::Result<()> {
        if removed(&file.path)? {
            self.bytes += file.bytes;
            match file.key {
                Some(_) => self.entries += 1,
                None => self.unfinished += 1,
            }
        }
        Ok(())
    }
}

/// For the times of files, which say what goes first. No entry holds one.
#[expect(clippy::disallowed_methods, reason = "files have times, whoever writes them")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// A link leads elsewhere, and to open a pipe would wait.
fn flags() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()
}

fn for_reading(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(flags()).open(path)
}

/// Removes a file; whether it was there.
fn removed(path: &Path) -> io::Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// What was counted; nothing where it cannot be read as that.
fn counts(file: &mut File) -> io::Result<(u64, u64)> {
    let mut text = Vec::new();
    file.take(MOST_OF_COUNTS).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let mut numbers = text.split_whitespace().map(|word| word.parse::<u32>().unwrap_or(0));
    let mut next = || numbers.next().map_or(0, u64::from);
    Ok((next(), next()))
}

/// Refuses what belongs to someone else, or what others can write to: it may be anyone's code.
fn own(metadata: &Metadata, what: &str) -> io::Result<()> {
    let refused =
        |why: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{what} {why}")));
    match metadata {
        _ if metadata.uid() != rustix::process::geteuid().as_raw() => {
            refused("belongs to another user")
        }
        _ if metadata.mode() & WRITE_OF_OTHERS != 0 => refused("can be written to by others"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_an_entry_reads_all_of_it_though_another_is_written() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path(), 1 << 20, 8).unwrap();
        let key = [7; 32];
        folder.put(&key, b"one").unwrap();
        let mut reader = File::open(folder.of_key(&key)).unwrap();
        folder.put(&key, b"another").unwrap();
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert_eq!(entry::artefact(&key, read).unwrap(), b"one");
        assert_eq!(folder.get(&key).unwrap().unwrap(), b"another");
        assert_eq!(folder.get(&[8; 32]).unwrap(), None);
    }

    #[test]
    fn counts_that_cannot_be_read_begin_again() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path(), 1 << 20, 8).unwrap();
        let counted = || {
            let contents = folder.contents().unwrap();
            (contents.hits, contents.misses)
        };
        assert_eq!(counted(), (0, 0));
        for is_hit in [true, false, true] {
            folder.count(is_hit).unwrap();
        }
        assert_eq!(counted(), (2, 1));
        std::fs::write(folder.path.join(COUNTS), b"\xff\xff 99999999999999999999999").unwrap();
        folder.count(true).unwrap();
        assert_eq!(counted(), (1, 0));
    }
}
