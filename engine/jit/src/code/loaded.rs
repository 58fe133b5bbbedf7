//! Code in memory, executable.

use super::compiled::{Code, CompiledModule, HandlerSite, Scope, Settings, StackMap};
use super::memory::{CodeMemory, Extent};
use super::ranges;
use crate::abi::{AbiSignature, VmLayout};
use crate::compile::{CpuLevel, isa};
use crate::entries::Callable;
use crate::error::CodeError;
use cranelift_codegen::ir::Signature;
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Module as _, ModuleReloc, ModuleRelocTarget};
use etalon_module::{CompType, Module, SubType};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

/// A piece of code in memory.
#[derive(Debug)]
struct Piece {
    start: usize,
    len: usize,
    /// Index of the function; `None` for trampolines.
    func: Option<u32>,
    traps: Vec<(u32, u8)>,
    sites: Vec<(u32, u32)>,
    handlers: Vec<HandlerSite>,
    scopes: Vec<Scope>,
    maps: Vec<StackMap>,
}

/// What is known of an address in code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The code of the trap that may be raised there; `None` if none may.
    pub(crate) trap: Option<u8>,
    /// The function; `None` in a trampoline.
    pub(crate) func: Option<u32>,
    /// Offset in the module of the instruction.
    pub(crate) offset: Option<u32>,
}

/// What is known of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FrameInfo<'a> {
    /// A trampoline's: the frames further out are not of compiled code.
    Trampoline,
    /// Its call has no handlers.
    Function,
    /// Its call has handlers.
    Handlers {
        /// Address of the function's code.
        start: usize,
        /// The handlers of its call.
        site: &'a HandlerSite,
        /// The scopes of the function.
        scopes: &'a [Scope],
    },
}

/// A compiled module that can be executed. Its memory is given back when it is dropped.
pub struct LoadedModule {
    code: Mutex<Option<JITModule>>,
    extent: Arc<Extent>,
    settings: Settings,
    digest: [u8; 32],
    layout: VmLayout,
    /// By address, ascending: it is the order in which they were placed.
    pieces: Vec<Piece>,
    /// Addresses by function index; 0 of what is not compiled here.
    functions: Vec<usize>,
    throw: usize,
    safepoint: usize,
    trampolines: HashMap<AbiSignature, Callable>,
    /// The same by the module's types; none for what is no function type or has no trampolines.
    by_type: Box<[Option<Callable>]>,
}

impl LoadedModule {
    /// Places code in memory.
    ///
    /// # Errors
    /// If the system has no memory for it, or the code is of another module.
    pub fn load(compiled: &CompiledModule, module: &Module) -> Result<LoadedModule, CodeError> {
        if compiled.digest != module.digest() {
            return Err(CodeError("the code is of another module".into()));
        }
        let isa = isa::host(compiled.settings.opt.into(), CpuLevel::Native, false, false)
            .map_err(|e| fault(&e))?;
        let (memory, extent) = CodeMemory::new(size(compiled)).map_err(|e| fault(&e))?;
        let mut builder = JITBuilder::with_isa(
            Arc::clone(&isa),
            // Compiled code calls no library routine. If it did, this name would not be found.
            Box::new(|routine| format!("no routine {routine:?}")),
        );
        builder.symbol_lookup_fn(Box::new(|_| None));
        builder.memory_provider(Box::new(memory));
        let mut jit = JITModule::new(builder);
        let ids = define(&mut jit, compiled, &*isa)?;
        jit.finalize_definitions().map_err(|e| fault(&e))?;
        let mut loaded = LoadedModule {
            code: Mutex::new(None),
            extent,
            settings: compiled.settings.clone(),
            digest: compiled.digest,
            layout: layout(compiled, module),
            pieces: Vec::with_capacity(ids.len()),
            functions: vec![0; module.funcs.len()],
            throw: 0,
            safepoint: 0,
            trampolines: HashMap::new(),
            by_type: Box::default(),
        };
        loaded.record(compiled, &ids, &jit);
        loaded.by_type = loaded.callables(module);
        let (start, end) = loaded.addresses();
        if start < end {
            ranges::insert(start, end);
        }
        loaded.code = Mutex::new(Some(jit));
        Ok(loaded)
    }

    /// Notes where each piece of code went.
    fn record(&mut self, compiled: &CompiledModule, ids: &[FuncId], jit: &JITModule) {
        let starts: Vec<usize> =
            ids.iter().map(|id| jit.get_finalized_function(*id).expose_provenance()).collect();
        let functions = compiled.functions.iter().map(|f| Some(f.index));
        // Nothing waits in a bridge, so it is as a trampoline is.
        let indices = functions.chain(std::iter::repeat(None));
        for ((code, start), func) in compiled.codes().zip(&starts).zip(indices) {
            self.pieces.push(Piece {
                start: *start,
                len: code.bytes.len(),
                func,
                traps: code.traps.clone(),
                sites: code.sites.clone(),
                handlers: code.handlers.clone(),
                scopes: code.scopes.clone(),
                maps: code.maps.clone(),
            });
            if let Some(func) = func {
                self.functions[func as usize] = *start;
            }
        }
        let stubs = &starts[compiled.functions.len() + compiled.bridges.len()..];
        (self.throw, self.safepoint) = (stubs[0], stubs[1]);
        let pairs = stubs[2..].chunks_exact(2);
        for (trampolines, pair) in compiled.trampolines.iter().zip(pairs) {
            let signature = &trampolines.signature;
            let slots = u32::try_from(signature.slots()).unwrap_or(u32::MAX);
            let callable = Callable { entry: pair[0], exit: pair[1], slots };
            self.trampolines.insert(signature.clone(), callable);
        }
    }

    /// What the functions of each of the module's types share.
    fn callables(&self, module: &Module) -> Box<[Option<Callable>]> {
        let callable = |ty: &SubType| match &ty.comp {
            CompType::Func(ty) => self.callable(&AbiSignature::of(ty)),
            _ => None,
        };
        module.flat_types.iter().map(callable).collect()
    }

    /// BLAKE3 of the module's bytes.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Where the code begins and ends.
    pub(crate) fn addresses(&self) -> (usize, usize) {
        let start = self.extent.start.load(Relaxed);
        (start, start + self.extent.len.load(Relaxed))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn layout(&self) -> &VmLayout {
        &self.layout
    }

    /// Address of a function's code; `None` if it is not compiled here.
    pub(crate) fn function(&self, index: u32) -> Option<usize> {
        self.functions.get(index as usize).copied().filter(|code| *code != 0)
    }

    /// What functions of a signature share; `None` if the module has no trampolines of it.
    pub(crate) fn callable(&self, signature: &AbiSignature) -> Option<Callable> {
        self.trampolines.get(signature).copied()
    }

    /// The same by the module's types.
    pub(crate) fn by_type(&self) -> &[Option<Callable>] {
        &self.by_type
    }

    /// Address of the code that throws.
    pub(crate) fn throw(&self) -> usize {
        self.throw
    }

    /// Address of the code that calls routines that may collect.
    pub(crate) fn safepoint(&self) -> usize {
        self.safepoint
    }

    /// The piece of code that an address is in, and where in it.
    fn piece(&self, pc: usize) -> Option<(&Piece, u32)> {
        let after = self.pieces.partition_point(|p| p.start <= pc);
        let piece = &self.pieces[after.checked_sub(1)?];
        let offset = pc - piece.start;
        (offset < piece.len).then_some((piece, u32::try_from(offset).ok()?))
    }

    /// What is known of the frame whose call returns to an address; `None` if it is not in this code.
    pub(crate) fn frame(&self, pc: usize) -> Option<FrameInfo<'_>> {
        // A call may be the last instruction of its function, so the address before is looked up.
        let (piece, before) = self.piece(pc - 1)?;
        if piece.func.is_none() {
            return Some(FrameInfo::Trampoline);
        }
        let found = piece.handlers.binary_search_by_key(&(before + 1), |site| site.offset);
        let Ok(at) = found else { return Some(FrameInfo::Function) };
        let (start, site) = (piece.start, &piece.handlers[at]);
        Some(FrameInfo::Handlers { start, site, scopes: &piece.scopes })
    }

    /// The references of the frame whose call returns to an address; `None` if it holds none.
    pub(crate) fn map(&self, pc: usize) -> Option<&StackMap> {
        let (piece, before) = self.piece(pc - 1)?;
        let at = piece.maps.binary_search_by_key(&(before + 1), |map| map.offset).ok()?;
        Some(&piece.maps[at])
    }

    /// What is known of an address; `None` if it is not in this code.
    pub(crate) fn locate(&self, pc: usize) -> Option<Place> {
        let (piece, offset) = self.piece(pc)?;
        let trap = piece.traps.binary_search_by_key(&offset, |(at, _)| *at).ok();
        let site = piece.sites.partition_point(|(from, _)| *from <= offset).checked_sub(1);
        Some(Place {
            trap: trap.map(|i| piece.traps[i].1),
            func: piece.func,
            offset: site.map(|i| piece.sites[i].1).filter(|at| *at != u32::MAX),
        })
    }
}

impl Drop for LoadedModule {
    fn drop(&mut self) {
        if self.extent.len.load(Relaxed) > 0 {
            ranges::remove(self.extent.start.load(Relaxed));
        }
        let code = self.code.get_mut().unwrap_or_else(|e| e.into_inner()).take();
        if let Some(code) = code {
            // SAFETY: executors keep an `Arc` of every module whose code they may run or have handed out, until they are
            // dropped or the store has none of its functions any more (`Jit::forget`). So nothing runs or can call this
            // code when it is dropped.
            unsafe { code.free_memory() };
        }
    }
}

impl fmt::Debug for LoadedModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, len) = (self.extent.start.load(Relaxed), self.extent.len.load(Relaxed));
        f.debug_struct("LoadedModule")
            .field("code", &format_args!("{start:#x}+{len:#x}"))
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn fault(error: &dyn fmt::Display) -> CodeError {
    CodeError(error.to_string())
}

/// Bytes that the code takes at most, once placed: with alignment, and with the veneers that the
/// loader adds for calls on some processors.
fn size(compiled: &CompiledModule) -> usize {
    const VENEER: usize = 24;
    compiled.codes().map(|c| c.bytes.len() + c.calls.len() * VENEER + alignment(c) as usize).sum()
}

fn alignment(code: &Code) -> u64 {
    u64::from(code.alignment).max(16)
}

/// The layout that the code was compiled for.
fn layout(compiled: &CompiledModule, module: &Module) -> VmLayout {
    let functions: HashSet<u32> = compiled.functions().collect();
    let foreign: HashSet<u32> = compiled.not_compiled.iter().map(|f| f.func).collect();
    let own = |func| functions.contains(&func) || foreign.contains(&func);
    VmLayout::new(module, own).with_foreign(compiled.not_compiled.iter().map(|f| f.func))
}

/// Declares all code by number, then defines it: functions, bridges, stubs, then the trampolines in pairs.
fn define(
    jit: &mut JITModule,
    compiled: &CompiledModule,
    isa: &dyn TargetIsa,
) -> Result<Vec<FuncId>, CodeError> {
    // The loader keeps a signature for each function and uses none of them.
    let signature = Signature::new(CallConv::Tail);
    let mut ids = Vec::new();
    for _ in compiled.codes() {
        ids.push(jit.declare_anonymous_function(&signature).map_err(|e| fault(&e))?);
    }
    let functions = compiled.functions.iter().chain(&compiled.bridges);
    let by_index: HashMap<u32, FuncId> =
        functions.zip(&ids).map(|(f, id)| (f.index, *id)).collect();
    for (code, id) in compiled.codes().zip(&ids) {
        let relocs: Vec<ModuleReloc> = code
            .calls
            .iter()
            .filter_map(|call| {
                let name = ModuleRelocTarget::user(0, by_index.get(&call.callee)?.as_u32());
                let (offset, addend) = (call.offset, call.addend);
                Some(ModuleReloc { offset, kind: isa::call_reloc(isa), name, addend })
            })
            .collect();
        jit.define_function_bytes(*id, alignment(code), &code.bytes, &relocs)
            .map_err(|e| fault(&e))?;
    }
    Ok(ids)
}
