//! Files that are written whole or not at all: records and artefacts.

use crate::fault::InputError;
use crate::input;
use anyhow::Result;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file that could be written when the run began.
#[derive(Clone, Debug)]
pub(crate) struct RecordFile(PathBuf);

impl RecordFile {
    /// Tries a file, before any work. Nothing is there afterwards that was not there before, and what was there is as it was. It must
    /// be none of those that are read.
    pub(crate) fn create(path: &Path, inputs: &[&Path]) -> Result<RecordFile> {
        if input::is_stdin(path) {
            let message =
                "--record takes a file; --format json writes the record to standard output";
            return Err(InputError::usage(path, message).into());
        }
        input::keep(inputs, path)?;
        in_folder(path)?;
        try_it(path).map_err(|error| InputError::io(path, "cannot be written", &error))?;
        Ok(RecordFile(path.to_owned()))
    }

    /// Writes the record.
    pub(crate) fn write(&self, text: &str) -> Result<()> {
        let cannot = |error| InputError::io(&self.0, "cannot be written", &error);
        Ok(replace(&self.0, text.as_bytes()).map_err(cannot)?)
    }
}

fn try_it(path: &Path) -> io::Result<()> {
    match path.metadata() {
        // Whoever reads a pipe would take the try for all that comes.
        Ok(data) if !data.is_file() && !data.is_dir() => Ok(()),
        Ok(_) => OpenOptions::new().append(true).open(path).map(drop),
        Err(_) => beside(path).map(drop),
    }
}

/// Writes a file under another name beside it, and gives it its own name when it is whole: whoever reads it meanwhile, or after
/// the process was killed, finds what was there before.
///
/// Where only the file itself can be written, as a device, a pipe, or a file in a folder of somebody else, it is.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.metadata().is_ok_and(|file| !file.is_file()) {
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    let is_forbidden = |error: &io::Error| {
        matches!(error.kind(), io::ErrorKind::PermissionDenied) && path.exists()
    };
    let mut file = match beside(path) {
        Err(error) if is_forbidden(&error) => return std::fs::write(path, bytes),
        made => made?,
    };
    // Where there is no room for it, the old one stays.
    file.write_all(bytes)?;
    // The link stays and what it leads to is replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match file.persist(target) {
        // Somebody else's file in a folder in which only owners replace theirs.
        Err(error) if is_forbidden(&error.error) => std::fs::write(path, bytes),
        done => done.map(drop).map_err(|error| error.error),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file in the folder of the one that it is to replace, with the permissions that a new file has, or the old one.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".etalon-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What the process may not give is taken away by the system.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder_of(&target))?;
    if let Ok(old) = target.metadata() {
        file.as_file().set_permissions(old.permissions())?;
    }
    Ok(file)
}

/// Checks that a file that is to be written would lie in a folder that is there.
pub(crate) fn in_folder(path: &Path) -> Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(InputError::new("io", path, "the folder does not exist").into())
        }
        _ => Ok(()),
    }
}

/// Refuses `-`, or a file, where a folder is needed.
pub(crate) fn folder(path: &Path) -> Result<()> {
    if input::is_stdin(path) {
        let message = "--out takes a folder, and standard output is none";
        return Err(InputError::usage(path, message).into());
    }
    if path.exists() && !path.is_dir() {
        return Err(InputError::usage(path, "this is a file, but a folder is needed").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_tried_without_a_trace_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        let path = folder.path().join("record.json");
        let file = RecordFile::create(&path, &[]).unwrap();
        assert!(!path.exists());
        file.write("one").unwrap();
        let before = std::fs::read(&path).unwrap();
        let again = RecordFile::create(&path, &[]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), before, "a try changes nothing");
        // Whoever has the old one open keeps it as it was.
        let mut old = File::open(&path).unwrap();
        again.write("two, which is longer").unwrap();
        assert_eq!(io::read_to_string(&mut old).unwrap(), "one");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two, which is longer");
        assert_eq!(names(), 1);
        assert!(RecordFile::create(folder.path(), &[]).is_err(), "a folder is no file");
        assert!(RecordFile::create(&path.join("below"), &[]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_permissions_and_devices_stay_what_they_are() {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
        replace(&file, b"one").unwrap();
        std::fs::write(folder.path().join("plain"), "").unwrap();
        let mode = |name: &Path| name.metadata().unwrap().permissions().mode();
        assert_eq!(mode(&file), mode(&folder.path().join("plain")), "as any new file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        RecordFile::create(&link, &[]).unwrap().write("two").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!((std::fs::read(&file).unwrap(), mode(&file) & 0o777), (b"two".to_vec(), 0o640));
        let null = Path::new("/dev/null");
        RecordFile::create(null, &[]).unwrap().write("three").unwrap();
        assert!(null.metadata().unwrap().file_type().is_char_device());
    }
}
