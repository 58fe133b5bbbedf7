//! Code in memory, executable.

use super::compiled::{
    CompiledModule, Entrances, Frames, HandlerSite, Piece, Scope, Settings, StackMap,
};
use super::memory::CodeMemory;
use super::shelf::Shelf;
use crate::abi::{AbiSignature, VmLayout};
use crate::compile::isa;
use crate::entries::Callable;
use crate::error::CodeError;
use etalon_module::{CompType, Module, SubType};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

impl Entrances {
    /// Where the trampolines are in memory, of code that begins at an address.
    fn callable(&self, start: usize) -> Callable {
        let slots = u32::try_from(self.signature.slots()).unwrap_or(u32::MAX);
        let (entry, exit) = (start + self.entry as usize, start + self.exit as usize);
        Callable { entry, exit, slots }
    }
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
    memory: CodeMemory,
    compiled: CompiledModule,
    layout: VmLayout,
    /// The index of the first function in `functions`.
    first: u32,
    /// Addresses by function index; 0 of what is not compiled here.
    functions: Vec<usize>,
    /// Where the stubs and trampolines are, if they are not here: then this is code of one function, of a module that is compiled
    /// one by one.
    stubs: Option<Arc<LoadedModule>>,
    trampolines: HashMap<AbiSignature, Callable>,
    /// The same by the module's types; none for what is no function type or has no trampolines.
    by_type: Box<[Option<Callable>]>,
    /// What entries of functions have in common in all instances, of those that there may be references to.
    ready: Box<[Ready]>,
    /// Those that have no code or no trampolines here, by their indices.
    unready: Box<[u32]>,
}

/// What the entry of a function is made of, other than its instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    /// Its number among those that the module defines.
    pub(crate) at: u32,
    /// Its type, in the module.
    pub(crate) ty: u32,
    /// Slots for its arguments and results.
    pub(crate) slots: u32,
    /// Address of its code.
    pub(crate) code: usize,
    /// Address of the entry trampoline of its signature.
    pub(crate) entry: usize,
}

impl LoadedModule {
    /// Places a copy of the code in memory.
    ///
    /// # Errors
    /// If the system has no memory for it, or the code is of another module or for another machine.
    pub fn load(compiled: &CompiledModule, module: &Module) -> Result<LoadedModule, CodeError> {
        let memory = CodeMemory::copy_of(&compiled.text).map_err(|e| CodeError(e.to_string()))?;
        LoadedModule::placed(memory, compiled, module)
    }

    /// Of code that has its place.
    pub(crate) fn placed(
        memory: CodeMemory,
        compiled: &CompiledModule,
        module: &Module,
    ) -> Result<LoadedModule, CodeError> {
        if compiled.contents.digest != module.digest() {
            return Err(CodeError("the code is of another module".into()));
        }
        let target = &compiled.contents.target.triple;
        if *target != isa::host_target().triple {
            return Err(CodeError(format!("the code is for {target}")));
        }
        let (start, _) = memory.addresses();
        let mut functions = vec![0; module.funcs.len()];
        for piece in &compiled.contents.pieces {
            let place = piece.func.and_then(|func| functions.get_mut(func as usize));
            if let Some(place) = place {
                *place = start + piece.start as usize;
            }
        }
        let callable = |at: &Entrances| (at.signature.clone(), at.callable(start));
        let mut loaded = LoadedModule {
            memory,
            layout: layout(compiled, module),
            first: 0,
            functions,
            stubs: None,
            trampolines: compiled.contents.trampolines.iter().map(callable).collect(),
            by_type: Box::default(),
            ready: Box::default(),
            unready: Box::default(),
            compiled: compiled.clone(),
        };
        loaded.by_type = loaded.callables(module);
        loaded.make_ready(module);
        Ok(loaded)
    }

    /// Places the stubs and trampolines of a module whose functions are compiled one by one.
    pub(crate) fn stubs_of(
        compiled: &CompiledModule,
        module: &Module,
        layout: &VmLayout,
    ) -> Result<LoadedModule, CodeError> {
        let mut loaded = LoadedModule::load(compiled, module)?;
        loaded.layout = layout.clone();
        Ok(loaded)
    }

    /// Places the code of one function of such a module, with the code of others.
    pub(crate) fn one(
        compiled: CompiledModule,
        func: u32,
        stubs: &Arc<LoadedModule>,
        shelf: &Shelf,
    ) -> Result<LoadedModule, CodeError> {
        let memory = shelf.copy_of(&compiled.text).map_err(|e| CodeError(e.to_string()))?;
        let start = memory.addresses().0;
        let piece = compiled.contents.pieces.iter().find(|piece| piece.func == Some(func));
        let of = |at: &Entrances| (at.signature.clone(), at.callable(start));
        Ok(LoadedModule {
            memory,
            layout: stubs.layout.clone(),
            first: func,
            functions: piece.iter().map(|piece| start + piece.start as usize).collect(),
            stubs: Some(Arc::clone(stubs)),
            trampolines: compiled.contents.trampolines.iter().map(of).collect(),
            by_type: Box::default(),
            ready: Box::default(),
            unready: Box::default(),
            compiled: compiled.without_code(),
        })
    }

    /// Finds what the entries of functions are made of.
    fn make_ready(&mut self, module: &Module) {
        let (mut ready, mut unready) = (Vec::new(), Vec::new());
        for func in module.referable() {
            let ty = module.funcs[*func as usize];
            let callable = self.by_type.get(ty as usize).copied().flatten();
            let Some((Callable { entry, slots, .. }, code)) = callable.zip(self.function(*func))
            else {
                unready.push(*func);
                continue;
            };
            ready.push(Ready { at: func - module.imported_funcs, ty, slots, code, entry });
        }
        (self.ready, self.unready) = (ready.into(), unready.into());
    }

    /// How code of one function is entered that begins with a loop; `None` if this is none.
    pub(crate) fn entrance(&self) -> Option<Callable> {
        self.stubs.as_ref().and_then(|_| self.trampolines.values().next().copied())
    }

    /// Where the stubs and trampolines are, if they are not here.
    pub(crate) fn stubs(&self) -> Option<&Arc<LoadedModule>> {
        self.stubs.as_ref()
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
        self.compiled.contents.digest
    }

    /// Where the code begins and ends.
    pub(crate) fn addresses(&self) -> (usize, usize) {
        self.memory.addresses()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.compiled.contents.settings
    }

    pub(crate) fn layout(&self) -> &VmLayout {
        &self.layout
    }

    /// Address of a function's code; `None` if it is not compiled here.
    pub(crate) fn function(&self, index: u32) -> Option<usize> {
        let at = index.checked_sub(self.first)?;
        self.functions.get(at as usize).copied().filter(|code| *code != 0)
    }

    /// What functions of a signature share; `None` if the module has no trampolines of it.
    pub(crate) fn callable(&self, signature: &AbiSignature) -> Option<Callable> {
        self.trampolines.get(signature).copied()
    }

    /// What the entries are made of of functions that there may be references to.
    pub(crate) fn ready(&self) -> &[Ready] {
        &self.ready
    }

    /// Functions that there may be references to and that have no code or no trampolines here, by their indices.
    pub(crate) fn unready(&self) -> &[u32] {
        &self.unready
    }

    /// The same by the module's types.
    pub(crate) fn by_type(&self) -> &[Option<Callable>] {
        &self.by_type
    }

    /// Address of the code that throws.
    pub(crate) fn throw(&self) -> usize {
        self.addresses().0 + self.compiled.contents.throw as usize
    }

    /// Address of the code that calls routines that may collect.
    pub(crate) fn safepoint(&self) -> usize {
        self.addresses().0 + self.compiled.contents.safepoint as usize
    }

    /// The piece of code that an address is in, its number, and where in all of the code the address is.
    fn piece(&self, pc: usize) -> Option<(&Piece, u32, u32)> {
        let at = u32::try_from(pc.checked_sub(self.addresses().0)?).ok()?;
        let pieces = &self.compiled.contents.pieces;
        let number = pieces.partition_point(|p| p.start <= at).checked_sub(1)?;
        let piece = &pieces[number];
        (at - piece.start < piece.len).then_some((piece, number as u32, at))
    }

    /// What is known of a piece's frames; `None` if that is nothing.
    fn frames(&self, piece: u32) -> Option<&Frames> {
        let frames = &self.compiled.contents.frames;
        let at = frames.binary_search_by_key(&piece, |frames| frames.piece).ok()?;
        Some(&frames[at])
    }

    /// What is known of the frame whose call returns to an address; `None` if it is not in this code.
    pub(crate) fn frame(&self, pc: usize) -> Option<FrameInfo<'_>> {
        // A call may be the last instruction of its function, so the address before is looked up.
        let (piece, number, before) = self.piece(pc - 1)?;
        if piece.func.is_none() {
            return Some(FrameInfo::Trampoline);
        }
        let returns = before + 1 - piece.start;
        let found = self.frames(number).and_then(|frames| {
            let at = frames.handlers.binary_search_by_key(&returns, |site| site.offset).ok()?;
            Some((&frames.handlers[at], &frames.scopes[..]))
        });
        let Some((site, scopes)) = found else { return Some(FrameInfo::Function) };
        let start = self.addresses().0 + piece.start as usize;
        Some(FrameInfo::Handlers { start, site, scopes })
    }

    /// The references of the frame whose call returns to an address; `None` if it holds none.
    pub(crate) fn map(&self, pc: usize) -> Option<&StackMap> {
        let (piece, number, before) = self.piece(pc - 1)?;
        let returns = before + 1 - piece.start;
        let maps = &self.frames(number)?.maps;
        let at = maps.binary_search_by_key(&returns, |map| map.offset).ok()?;
        Some(&maps[at])
    }

    /// What is known of an address; `None` if it is not in this code.
    pub(crate) fn locate(&self, pc: usize) -> Option<Place> {
        let (piece, _, at) = self.piece(pc)?;
        let trap = self.compiled.traps.last_until(at).filter(|(place, _)| *place == at);
        let site = self.compiled.sites.last_until(at).filter(|(from, _)| *from >= piece.start);
        Some(Place {
            trap: trap.map(|(_, code)| code as u8),
            func: piece.func,
            offset: site.map(|(_, instruction)| instruction).filter(|at| *at != u32::MAX),
        })
    }
}

impl fmt::Debug for LoadedModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = self.addresses();
        f.debug_struct("LoadedModule")
            .field("code", &format_args!("{start:#x}..{end:#x}"))
            .field("settings", self.settings())
            .finish_non_exhaustive()
    }
}

/// The layout that the code was compiled for.
fn layout(compiled: &CompiledModule, module: &Module) -> VmLayout {
    let functions: HashSet<u32> = compiled.functions().collect();
    let foreign: HashSet<u32> = compiled.not_compiled().iter().map(|f| f.func).collect();
    let own = |func| functions.contains(&func) || foreign.contains(&func);
    VmLayout::new(module, own).with_foreign(compiled.not_compiled().iter().map(|f| f.func))
}
