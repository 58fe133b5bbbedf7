//! The types of a frame's locals and operands at an instruction.
//!
//! Slots carry no types at run time. Only a garbage collection needs to know which slots hold
//! references, and it finds out by validating the body again up to the instruction. So running code
//! pays nothing for precise roots.

use crate::convert;
use crate::features::Features;
use crate::module::Module;
use crate::types::{HeapType, RefType, TypeUse, ValType};
use std::collections::HashMap;
use wasmparser::{self as wp, FuncToValidate, ValidatorResources};

/// The types of a frame's contents just before an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameTypes {
    /// Types of the parameters and then of the declared locals.
    ///
    /// A local without a default value may not have been set yet. Its slot is then 0, the null reference.
    pub locals: Box<[ValType]>,
    /// Types of the operands, the topmost last; `None` for an unknown type, which occurs in unreachable
    /// code only.
    pub operands: Box<[Option<ValType>]>,
    /// Whether each slot holds a reference: first those of the locals, then those of the operands.
    pub ref_slots: Box<[bool]>,
    /// How many of these slots remain once the instruction has popped its operands: what a caller's
    /// frame still holds during its call.
    pub kept_slots: usize,
}

/// The validator's view of a module, for validating a body again.
#[derive(Debug)]
pub(crate) struct Replay {
    resources: ValidatorResources,
    features: Features,
    /// The first type index of each of the validator's types.
    indices: HashMap<wp::types::CoreTypeId, u32>,
}

impl Replay {
    /// What the validator knows of a module when its first body begins.
    pub(crate) fn new(
        resources: &ValidatorResources,
        features: Features,
        types: wp::types::TypesRef<'_>,
    ) -> Replay {
        let mut indices = HashMap::new();
        for index in 0..types.core_type_count_in_module() {
            indices.entry(types.core_type_at_in_module(index)).or_insert(index);
        }
        Replay { resources: resources.clone(), features, indices }
    }

    fn heap_type(&self, ty: wp::HeapType) -> Option<HeapType> {
        match ty {
            wp::HeapType::Concrete(index) if let Some(id) = index.as_core_type_id() => {
                Some(HeapType::Use(TypeUse::Idx(*self.indices.get(&id)?)))
            }
            other => convert::heap_type(other).ok(),
        }
    }

    fn val_type(&self, ty: wp::ValType) -> Option<ValType> {
        match ty {
            wp::ValType::Ref(r) => {
                let heap = self.heap_type(r.heap_type())?;
                Some(ValType::Ref(RefType { nullable: r.is_nullable(), heap }))
            }
            number => convert::val_type(number).ok(),
        }
    }
}

impl Module {
    /// The types of what a frame of a function holds just before the instruction at an offset in
    /// the module's bytes, as [`Module::operators`] reports it; `None` if the function is imported
    /// or no instruction begins there.
    ///
    /// This validates the body up to the instruction, in time linear in its length: cache the answer.
    pub fn operand_types(&self, func: u32, offset: u32) -> Option<FrameTypes> {
        let mut found = None;
        self.for_each_frame(func, &[offset], |_, types| found = Some(types.clone()))?;
        found
    }

    /// The same for several instructions in one pass over the body. `visit` receives the position in
    /// `offsets` of each offset at which an instruction begins. Offsets must not descend; one that is
    /// less than its predecessor is skipped.
    ///
    /// `None` if the function is imported.
    pub fn for_each_frame(
        &self,
        func: u32,
        offsets: &[u32],
        mut visit: impl FnMut(usize, &FrameTypes),
    ) -> Option<()> {
        let body = self.bodies.get(func.checked_sub(self.imported_funcs)? as usize)?;
        let replay = self.replay()?;
        let features = replay.features.wasm();
        let mut validator = FuncToValidate {
            resources: replay.resources.clone(),
            index: func,
            ty: self.funcs[func as usize],
            features,
        }
        .into_validator(wp::FuncValidatorAllocations::default());
        let bytes = &self.bytes()[body.range.clone()];
        let mut reader = wp::BinaryReader::new(bytes, body.range.start as u64);
        reader.set_features(features);
        validator.read_locals(&mut reader).ok()?;
        let mut reader = wp::OperatorsReader::new(reader);
        let mut wanted = (0..).zip(offsets.iter().map(|at| u64::from(*at))).peekable();
        while !reader.eof() {
            let at = reader.original_position();
            while wanted.next_if(|(_, offset)| *offset < at).is_some() {}
            let Some((_, next)) = wanted.peek() else { break };
            let operator = reader.read().ok()?;
            if *next == at {
                let taken = operator.operator_arity(&validator).map_or(0, |(taken, _)| taken);
                let types = self.frame_types(func, replay, &validator, taken);
                while let Some((number, _)) = wanted.next_if(|(_, offset)| *offset == at) {
                    visit(number, &types);
                }
            }
            validator.op(at, &operator).ok()?;
        }
        Some(())
    }

    fn frame_types(
        &self,
        func: u32,
        replay: &Replay,
        validator: &wp::FuncValidator<ValidatorResources>,
        taken: u32,
    ) -> FrameTypes {
        let declared = self.body(func).into_iter().flat_map(|body| body.locals.iter());
        let params = self.func_type(func).params.iter().copied();
        let locals: Box<[ValType]> = params.chain(declared).collect();
        let mut ref_slots = Vec::new();
        for ty in &locals {
            push_slots(&mut ref_slots, ty.slots(), matches!(ty, ValType::Ref(_)));
        }
        let height = validator.operand_stack_height();
        let kept = height.saturating_sub(taken);
        let mut kept_slots = ref_slots.len();
        let mut operands = Vec::new();
        for i in 0..height {
            let ty = validator.get_operand_type((height - 1 - i) as usize).flatten();
            let slots = if ty == Some(wp::ValType::V128) { 2 } else { 1 };
            push_slots(&mut ref_slots, slots, matches!(ty, Some(wp::ValType::Ref(_))));
            operands.push(ty.and_then(|ty| replay.val_type(ty)));
            if i < kept {
                kept_slots = ref_slots.len();
            }
        }
        let operands = operands.into();
        FrameTypes { locals, operands, ref_slots: ref_slots.into(), kept_slots }
    }
}

fn push_slots(ref_slots: &mut Vec<bool>, slots: usize, is_ref: bool) {
    ref_slots.extend(std::iter::repeat_n(is_ref, slots));
}
