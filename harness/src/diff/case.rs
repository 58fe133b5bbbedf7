//! Cases: a module and calls of its exports.

use crate::generate::{Stream, arguments};
use etalon_adapters::{Features, ProgramSetup, Val};
use etalon_module::{ExternKind, LoadError, Module};

/// One invocation of an exported function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The export.
    pub export: String,
    /// The arguments.
    pub args: Vec<Val>,
}

/// An exported function that cannot be called: the embedder has no value for a parameter, such as a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCallable {
    /// The export.
    pub export: String,
    /// Its type, as messages write it: `[(ref 0)] -> [i32]`.
    pub ty: String,
}

/// A module, and calls of the exports of one instance of it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The name of the case in records: the name of a file, or a number.
    pub name: String,
    /// The binary module.
    pub wasm: Vec<u8>,
    /// The artefact that engines are given in its place, if somebody gives one.
    pub artefact: Option<Vec<u8>>,
    /// The calls.
    pub calls: Vec<Call>,
    /// The exports that calls were to be generated for, and that cannot be called.
    pub not_callable: Vec<NotCallable>,
    /// Whether there would have been more calls than [`MOST_CALLS`] allows.
    pub is_cut: bool,
    /// Whether engines are held to the limit of time. That needs code which looks for interrupts; compiled code that somebody
    /// gives may lack it, and then no engine has a limit.
    pub is_limited: bool,
    /// What the module has as a program of WASI, if it is one.
    pub program: Option<Box<ProgramSetup>>,
    /// Whether each call has the whole gas limit, so that one that exhausts it ends no other. The digest of the state is then
    /// taken after loading and after the last call only.
    pub is_apart: bool,
}

/// Most calls of a case that is generated, each counted as one more than it has arguments: so many that a longer list would be a
/// mistake.
pub const MOST_CALLS: usize = 1 << 20;

impl Case {
    /// A case with given calls.
    pub fn new(name: impl Into<String>, wasm: Vec<u8>, calls: Vec<Call>) -> Self {
        let (name, not_callable) = (name.into(), Vec::new());
        let artefact = None;
        let (is_cut, is_limited, is_apart) = (false, true, false);
        let program = None;
        Case { name, wasm, artefact, calls, not_callable, is_cut, is_limited, program, is_apart }
    }

    /// A program of WASI: `_start` is called, or another export of a reactor after `_initialize`.
    ///
    /// # Errors
    /// If the module does not load.
    pub fn of_program(
        name: impl Into<String>,
        wasm: Vec<u8>,
        features: Features,
        setup: ProgramSetup,
        export: &str,
    ) -> Result<Self, LoadError> {
        let module = Module::new(&wasm, features)?;
        let has = |name: &str| module.exports.iter().any(|export| export.name == name);
        let ready = (has("_initialize") && !has("_start")).then_some("_initialize");
        let calls = ready.into_iter().chain([export]);
        let calls = calls.map(|export| Call { export: export.to_owned(), args: Vec::new() });
        let calls = calls.collect();
        Ok(Case { program: Some(Box::new(setup)), ..Case::new(name, wasm, calls) })
    }

    /// Calls each exported function `rounds` times with generated arguments. The same bytes, stream and rounds give
    /// the same case. An export with a parameter for which the embedder has no value (a non-null function, for example) is listed as
    /// such; whatever is beyond [`MOST_CALLS`] is left out.
    ///
    /// # Errors
    /// If the module does not load. Its rejection can still be compared, as a case without calls.
    pub fn of_exports(
        name: impl Into<String>,
        wasm: Vec<u8>,
        features: Features,
        stream: &mut Stream,
        rounds: usize,
    ) -> Result<Self, LoadError> {
        let module = Module::new(&wasm, features)?;
        let (mut calls, mut not_callable, mut size) = (Vec::new(), Vec::new(), 0);
        let mut is_cut = false;
        'rounds: for round in 0..rounds {
            for export in module.exports.iter().filter(|e| e.kind == ExternKind::Func) {
                let ty = module.func_type(export.index);
                size += 1 + ty.params.len();
                is_cut = size > MOST_CALLS;
                if is_cut {
                    break 'rounds;
                }
                let export = export.name.clone();
                match arguments(&module, &ty.params, round, stream) {
                    Some(args) => calls.push(Call { export, args }),
                    None if round == 0 => {
                        not_callable.push(NotCallable { export, ty: ty.to_string() });
                    }
                    None => {}
                }
            }
            if calls.is_empty() {
                // No further round will find one.
                break;
            }
        }
        Ok(Case { not_callable, is_cut, ..Case::new(name, wasm, calls) })
    }

    /// What engines are given.
    pub fn given(&self) -> &[u8] {
        self.artefact.as_deref().unwrap_or(&self.wasm)
    }

    /// Whether loading the module calls its start function.
    pub(crate) fn starts(&self) -> bool {
        Module::new(&self.wasm, Features::all()).is_ok_and(|module| module.start.is_some())
    }

    /// Whether the module may import from `spectest`. A wrong yes only costs time.
    pub(crate) fn mentions_spectest(&self) -> bool {
        mentions_spectest(&self.wasm)
    }
}

/// Whether a module may import from `spectest`. A wrong yes only costs time.
pub fn mentions_spectest(bytes: &[u8]) -> bool {
    bytes.windows(8).any(|window| window == b"spectest")
}
