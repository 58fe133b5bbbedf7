//! Linking: pieces of code become one, in which calls know where their callees are.

use super::compiled::{CompiledModule, Contents, Entrances, Frames, Piece};
use super::{Code, CompiledFunction, Pairs, Settings, Trampolines};
use crate::compile::isa;
use crate::error::{CompileError, NotCompiled};
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::TargetIsa;
use etalon_module::Bytes;
use std::collections::HashMap;
use std::sync::Arc;

/// All code of a module, before it has a place.
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    /// Digest of the module's bytes.
    pub(crate) digest: [u8; 32],
    /// By index, ascending.
    pub(crate) functions: Vec<CompiledFunction>,
    /// Functions that were to be compiled, and are not. By index, ascending.
    pub(crate) not_compiled: Vec<NotCompiled>,
    /// What stands for each of those in calls.
    pub(crate) bridges: Vec<CompiledFunction>,
    /// The stub that throws.
    pub(crate) throw: Code,
    /// The stub that calls routines that may collect.
    pub(crate) safepoint: Code,
    /// By signature, ascending.
    pub(crate) trampolines: Vec<Trampolines>,
}

/// Pairs of places and numbers in all of the code.
#[derive(Default)]
struct Places {
    traps: Vec<(u32, u32)>,
    sites: Vec<(u32, u32)>,
}

impl Places {
    fn note(&mut self, code: &Code, start: u32) {
        self.traps.extend(code.traps.iter().map(|(at, trap)| (start + at, u32::from(*trap))));
        for (at, instruction) in &code.sites {
            // Where one piece ends another may begin.
            match self.sites.last_mut() {
                Some((last, known)) if *last == start + at => *known = *instruction,
                _ => self.sites.push((start + at, *instruction)),
            }
        }
    }
}

impl Parts {
    /// Nothing.
    pub(crate) fn empty(settings: Settings, digest: [u8; 32]) -> Parts {
        let (functions, not_compiled, bridges) = Default::default();
        let (throw, safepoint, trampolines) = Default::default();
        Parts { settings, digest, functions, not_compiled, bridges, throw, safepoint, trampolines }
    }

    /// Gives each piece its place.
    ///
    /// # Errors
    /// If there is more code than its processor can address, or a call is of a form that is none.
    pub(crate) fn link(self, isa: &dyn TargetIsa) -> Result<CompiledModule, CompileError> {
        let fault = |message: String| CompileError::Codegen { func: u32::MAX, message };
        let functions = || self.functions.iter().chain(&self.bridges);
        let by_index: HashMap<u32, usize> = functions().map(|f| f.index).zip(0..).collect();
        let labelled = functions().map(|f| &f.code).map(|code| (true, code));
        let pairs = self.trampolines.iter().flat_map(|t| [&t.entry, &t.exit]);
        let others = [&self.throw, &self.safepoint].into_iter().chain(pairs);
        let codes: Vec<(bool, &Code)> = labelled.chain(others.map(|code| (false, code))).collect();
        let mut indices = self.functions.iter().map(|f| f.index);
        let mut text = isa.text_section_builder(by_index.len());
        let mut control = ControlPlane::default();
        let (mut pieces, mut frames, mut places) = (Vec::new(), Vec::new(), Places::default());
        for (is_labelled, code) in codes {
            let alignment = code.alignment.max(16);
            let start = text.append(is_labelled, &code.bytes, alignment, &mut control);
            // What is relative to the beginning of the code has 32 bits.
            let end = start.checked_add(code.bytes.len() as u64).filter(|end| *end <= MOST);
            end.ok_or_else(|| fault("more code than can be addressed".into()))?;
            for call in &code.calls {
                let (at, kind) = (start + u64::from(call.offset), isa::call_reloc(isa));
                let callee = by_index.get(&call.callee);
                if !callee.is_some_and(|to| text.resolve_reloc(at, kind, call.addend, *to)) {
                    return Err(fault(format!("a call of function {}", call.callee)));
                }
            }
            let start = start as u32;
            places.note(code, start);
            if !(code.handlers.is_empty() && code.maps.is_empty()) {
                frames.push(Frames {
                    piece: pieces.len() as u32,
                    handlers: code.handlers.clone(),
                    scopes: code.scopes.clone(),
                    maps: code.maps.clone(),
                });
            }
            pieces.push(Piece { start, len: code.bytes.len() as u32, func: indices.next() });
        }
        let stubs = &pieces[by_index.len()..];
        let entrances = self.trampolines.iter().zip(stubs[2..].chunks_exact(2));
        let trampolines = entrances.map(|(pair, at)| Entrances {
            signature: pair.signature.clone(),
            entry: at[0].start,
            exit: at[1].start,
        });
        let contents = Contents {
            target: isa::target_of(isa),
            settings: self.settings,
            digest: self.digest,
            throw: stubs[0].start,
            safepoint: stubs[1].start,
            trampolines: trampolines.collect(),
            frames,
            not_compiled: self.not_compiled,
            pieces,
        };
        Ok(CompiledModule {
            contents: Arc::new(contents),
            traps: Pairs::new(Pairs::pack(&places.traps).into()),
            sites: Pairs::new(Pairs::pack(&places.sites).into()),
            text: Bytes::from(text.finish(&mut control)),
        })
    }
}

/// The most bytes of code.
const MOST: u64 = 1 << 31;
