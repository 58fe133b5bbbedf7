//! A temporary folder that is gone when this process is, however that ends.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// What the keeper does: it is told if all is well. If its input ends before, whoever had the folder is gone, and the engine that
/// writes to it may go on for ever. Another try is for what was written while it was removed.
const KEEPER: &str = r#"read -r done || kill -KILL -- "-$2" 2>/dev/null
for i in 1 2 3 4 5; do rm -rf -- "$1" && exit; sleep 1; done"#;

/// A folder for an engine's process, and another process that has it in its care.
pub(crate) struct KeptFolder {
    folder: Option<TempDir>,
    keeper: Child,
}

impl KeptFolder {
    /// An empty folder for the process group of an engine, which is ended with it if nobody else does so.
    ///
    /// # Errors
    /// If there can be none.
    pub(crate) fn new(group: u32) -> io::Result<KeptFolder> {
        let folder = tempfile::Builder::new().prefix("etalon-program-").tempdir()?;
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(folder.path())
            .arg(group.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What ends this process by a signal of the terminal does not end it.
            .process_group(0)
            .spawn()?;
        Ok(KeptFolder { folder: Some(folder), keeper })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.folder.as_ref().map(TempDir::path)
    }
}

/// The engine's process is gone before this.
impl Drop for KeptFolder {
    fn drop(&mut self) {
        let removed = self.folder.take().map(TempDir::close);
        if let Some(mut stdin) = self.keeper.stdin.take() {
            _ = stdin.write_all(b"done\n");
        }
        // Where it could not be removed, the keeper tries for a while, and is not waited for.
        if matches!(removed, Some(Ok(()))) {
            _ = self.keeper.wait();
        }
    }
}
