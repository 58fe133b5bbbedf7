//! How the state of a guest is made.

use crate::context::{Descriptor, Descriptors, Kind, Seen, VIRTUAL, WasiCtx};
use crate::files::Folder;
use crate::files::host::HostFolder;
use crate::files::virtual_fs::{Mount, VirtualFs};
use crate::observer::{Called, Observer};
use crate::stdio::{Output, Stdin};
use crate::{Limits, Policy};
use std::fmt;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Whether a guest may change a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It may read only; whatever would change something is `ROFS`.
    ReadOnly,
    /// It may read and write.
    ReadWrite,
}

/// Why there is no state for a guest.
#[derive(Debug, Error)]
pub enum BuildError {
    /// An argument or a variable has a zero byte, or a variable's name is empty or has `=`.
    #[error("{what} {text:?} cannot be given to a program")]
    Text {
        /// An argument or a variable.
        what: &'static str,
        /// Its text.
        text: String,
    },
    /// A folder of the host cannot be opened.
    #[error("the folder {} cannot be opened: {source}", path.display())]
    Folder {
        /// Its path on the host.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There are more folders than descriptors.
    #[error("{folders} folders and three streams are more than {limit} descriptors")]
    Descriptors {
        /// How many folders there are.
        folders: usize,
        /// [`Limits::descriptors`]
        limit: u32,
    },
}

/// Makes a [`WasiCtx`]. At first a guest has no arguments, no variables, no folders, streams that are empty and go nowhere, and
/// the real clocks and random numbers.
pub struct WasiCtxBuilder {
    args: Vec<String>,
    env: Vec<(String, String)>,
    stdin: Stdin,
    stdout: Output,
    stderr: Output,
    folders: Vec<(String, Box<dyn Folder>)>,
    virtuals: Vec<VirtualFs>,
    limits: Limits,
    policy: Policy,
    observer: Option<Observer>,
}

impl Default for WasiCtxBuilder {
    fn default() -> WasiCtxBuilder {
        WasiCtxBuilder {
            args: Vec::new(),
            env: Vec::new(),
            stdin: Stdin::null(),
            stdout: Output::null(),
            stderr: Output::null(),
            folders: Vec::new(),
            virtuals: Vec::new(),
            limits: Limits::default(),
            policy: Policy::real(),
            observer: None,
        }
    }
}

impl fmt::Debug for WasiCtxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("WasiCtxBuilder");
        f.field("args", &self.args).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl WasiCtxBuilder {
    /// A guest that has nothing.
    pub fn new() -> WasiCtxBuilder {
        WasiCtxBuilder::default()
    }

    /// Adds an argument; the first is the program's name.
    pub fn arg(&mut self, arg: impl Into<String>) -> &mut WasiCtxBuilder {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    pub fn args<S: Into<String>>(
        &mut self,
        args: impl IntoIterator<Item = S>,
    ) -> &mut WasiCtxBuilder {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds a variable of the environment; a later one of the same name replaces it in its place.
    pub fn env(
        &mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> &mut WasiCtxBuilder {
        let (name, value) = (name.into(), value.into());
        match self.env.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.env.push((name, value)),
        }
        self
    }

    /// What the guest reads.
    pub fn stdin(&mut self, stdin: Stdin) -> &mut WasiCtxBuilder {
        self.stdin = stdin;
        self
    }

    /// Where its output goes.
    pub fn stdout(&mut self, stdout: Output) -> &mut WasiCtxBuilder {
        self.stdout = stdout;
        self
    }

    /// Where its messages go.
    pub fn stderr(&mut self, stderr: Output) -> &mut WasiCtxBuilder {
        self.stderr = stderr;
        self
    }

    /// The host's own streams.
    pub fn inherit_stdio(&mut self) -> &mut WasiCtxBuilder {
        self.stdin(Stdin::inherited()).stdout(Output::stdout()).stderr(Output::stderr())
    }

    /// Gives the guest a folder of the host under a name.
    ///
    /// # Errors
    /// [`BuildError::Folder`]
    pub fn dir(
        &mut self,
        host: impl AsRef<Path>,
        guest: impl Into<String>,
        access: Access,
    ) -> Result<&mut WasiCtxBuilder, BuildError> {
        let path = host.as_ref();
        let folder = HostFolder::open(path, access == Access::ReadWrite);
        let folder =
            folder.map_err(|source| BuildError::Folder { path: path.to_owned(), source })?;
        self.folders.push((guest.into(), Box::new(folder)));
        Ok(self)
    }

    /// Gives the guest a virtual file system under a name.
    pub fn virtual_dir(
        &mut self,
        fs: &VirtualFs,
        guest: impl Into<String>,
        access: Access,
    ) -> &mut WasiCtxBuilder {
        let known = self.virtuals.iter().position(|known| Arc::ptr_eq(&known.0, &fs.0));
        let at = known.unwrap_or_else(|| {
            self.virtuals.push(fs.clone());
            self.virtuals.len() - 1
        });
        let mount = Mount { device: VIRTUAL + at as u64, writable: access == Access::ReadWrite };
        // The root of a file system is always there.
        if let Ok(folder) = fs.root(mount) {
            self.folders.push((guest.into(), folder));
        }
        self
    }

    /// What the guest can use of the host.
    pub fn limits(&mut self, limits: Limits) -> &mut WasiCtxBuilder {
        self.limits = limits;
        self
    }

    /// Where its time and chance come from.
    pub fn policy(&mut self, policy: Policy) -> &mut WasiCtxBuilder {
        self.policy = policy;
        self
    }

    /// Who is told of each call when it is over, in the order in which the guest makes them. A state that is restored has nobody.
    pub fn observer(
        &mut self,
        observer: impl FnMut(&Called<'_>) + Send + Sync + 'static,
    ) -> &mut WasiCtxBuilder {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Makes the state; the builder is as a new one then.
    ///
    /// # Errors
    /// [`BuildError`]
    pub fn build(&mut self) -> Result<WasiCtx, BuildError> {
        let builder = mem::take(self);
        let refuse = |what, text: &str| {
            let text = text.to_owned();
            Err(BuildError::Text { what, text })
        };
        let limit = builder.limits.descriptors;
        if builder.folders.len() + 3 > limit as usize {
            return Err(BuildError::Descriptors { folders: builder.folders.len(), limit });
        }
        let mut args = Vec::with_capacity(builder.args.len());
        for arg in &builder.args {
            if arg.contains('\0') {
                return refuse("the argument", arg);
            }
            args.push(terminated(arg));
        }
        let mut env = Vec::with_capacity(builder.env.len());
        for (name, value) in &builder.env {
            let text = format!("{name}={value}");
            if name.is_empty() || name.contains('=') || text.contains('\0') {
                return refuse("the variable", &text);
            }
            env.push(terminated(&text));
        }
        let mut fds = Descriptors::default();
        fds.0.push(Some(Descriptor::stream(Kind::Input(builder.stdin.0))));
        fds.0.push(Some(Descriptor::stream(Kind::Output(builder.stdout.0))));
        fds.0.push(Some(Descriptor::stream(Kind::Output(builder.stderr.0))));
        for (name, folder) in builder.folders {
            fds.0.push(Some(Descriptor::preopen(folder, name)));
        }
        let (limits, policy, seen) = (builder.limits.usable(), builder.policy, Seen::default());
        let observer = builder.observer;
        Ok(WasiCtx { args, env, fds, policy, limits, seen, observer })
    }
}

fn terminated(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    bytes
}
