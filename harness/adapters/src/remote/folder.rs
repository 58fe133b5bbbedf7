//! A temporary folder that is gone when this process is, however that ends.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What the keeper does: it makes the folder, so there is none that it does not know, and tells where it is. Then it is told if all
/// is well. If its input ends before, whoever had the folder is gone, and the engine that writes to it may go on for ever. Another
/// try is for what was written while it was removed.
const KEEPER: &str = r#"folder=$(mktemp -d "$1/etalon-program-XXXXXXXX") || exit
trap '' PIPE
printf %s "$folder"
exec >/dev/null
read -r done || kill -KILL -- "-$2" 2>/dev/null
for i in 1 2 3 4 5; do rm -rf -- "$folder" && exit; sleep 1; done"#;

/// A folder for an engine's process, and another process that has it in its care.
pub(crate) struct KeptFolder {
    folder: PathBuf,
    keeper: Child,
}

impl KeptFolder {
    /// An empty folder for the process group of an engine, which is ended with it if nobody else does so.
    ///
    /// # Errors
    /// If there can be none.
    pub(crate) fn new(group: u32) -> io::Result<KeptFolder> {
        let mut keeper = keeper(&tempfile::env::temp_dir(), group, Stdio::piped())?;
        let mut told = Vec::new();
        if let Some(mut stdout) = keeper.stdout.take() {
            stdout.read_to_end(&mut told)?;
        }
        if told.is_empty() {
            _ = keeper.wait();
            return Err(io::Error::other("no temporary folder can be made with mktemp"));
        }
        Ok(KeptFolder { folder: OsString::from_vec(told).into(), keeper })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }
}

/// The process of a keeper, which tells where the folder is and then reads `stdin`.
fn keeper(above: &Path, group: u32, stdin: Stdio) -> io::Result<Child> {
    Command::new("sh")
        .args(["-c", KEEPER, "sh"])
        .arg(above)
        .arg(group.to_string())
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // What ends this process by a signal of the terminal does not end it.
        .process_group(0)
        .spawn()
}

/// The engine's process is gone before this.
impl Drop for KeptFolder {
    fn drop(&mut self) {
        let removed = std::fs::remove_dir_all(&self.folder);
        if let Some(mut stdin) = self.keeper.stdin.take() {
            _ = stdin.write_all(b"done\n");
        }
        // Where it could not be removed, the keeper tries for a while, and is not waited for.
        if removed.is_ok() {
            _ = self.keeper.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No process group has this number: it is more than a process may have.
    const NOBODY: u32 = 2_147_483_646;

    fn left(folder: &Path) -> usize {
        std::fs::read_dir(folder).expect("it can be listed").count()
    }

    /// Its folder came to be, and went.
    #[test]
    fn a_keeper_whose_owner_is_gone_before_it_begins_leaves_nothing() {
        let above = tempfile::tempdir().expect("there is a temporary folder");
        let output = keeper(above.path(), NOBODY, Stdio::null())
            .and_then(Child::wait_with_output)
            .expect("it runs");
        assert!(output.status.success() && output.stdout.starts_with(b"/"), "{output:?}");
        assert_eq!(left(above.path()), 0);
    }

    /// Nobody reads where the folder is: it goes all the same.
    #[test]
    fn a_keeper_whom_nobody_hears_leaves_nothing() {
        let above = tempfile::tempdir().expect("there is a temporary folder");
        let mut child = keeper(above.path(), NOBODY, Stdio::piped()).expect("it starts");
        drop(child.stdout.take());
        drop(child.stdin.take());
        child.wait().expect("it ends");
        assert_eq!(left(above.path()), 0);
    }

    #[test]
    fn a_folder_is_there_while_it_is_kept() {
        let kept = KeptFolder::new(NOBODY).expect("there is one");
        let path = kept.path().to_owned();
        std::fs::write(path.join("file"), "more").expect("it is writable");
        drop(kept);
        assert!(!path.exists());
    }
}
