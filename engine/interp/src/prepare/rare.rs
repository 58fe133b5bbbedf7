//! Rare instructions, which the loop leaves to a function: the file of their chapter in `execution` has all that is
//! particular to them.

use super::op::Op;
use super::{Builder, Refused, Result};
use crate::execution::{allocates, rare};
use crate::program::Slow;
use etalon_module::{Canonicalise, HeapType, Immediates, IndexSpace, Opcode, RefType};
use wasmparser::Operator;

impl Builder<'_> {
    /// Any instruction without an arm of its own.
    pub(super) fn rare(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result {
        let rare = rare::find(opcode);
        let rare = rare.ok_or(Refused("an operator that should not have been attached"))?;
        let form = rare.form(self.resolved(operator), &self.store.types);
        let form = form.ok_or(Refused("a type of another kind"))?;
        self.slow(opcode, form.operands, form.x, form.y)?;
        self.push_all(form.results);
        Ok(())
    }

    /// An operator without an operation of its own; its operands are in their own slots, and its results will be.
    pub(super) fn slow(&mut self, opcode: Opcode, operands: usize, x: u32, y: u32) -> Result {
        let at = self.settle_operands(operands)?;
        let made = self.emit(Op::Slow(Slow { opcode, at, x, y }));
        if allocates(opcode) {
            self.note_unplaced(made);
        }
        Ok(())
    }

    /// The immediates in the order of the binary format, each as an address if it is an index of the module.
    fn resolved(&self, operator: &Operator<'_>) -> [u32; 2] {
        let Immediates { indices: [x, y], spaces, .. } = Immediates::of(operator);
        [self.address(spaces[0], x), self.address(spaces[1], y)]
    }

    fn address(&self, space: IndexSpace, index: u32) -> u32 {
        let (instance, at) = (self.instance, index as usize);
        match space {
            IndexSpace::Plain => index,
            IndexSpace::Func => instance.func(index).map_or(u32::MAX, |addr| addr.0),
            IndexSpace::Global => instance.globals[at].0,
            IndexSpace::Type => instance.types[at].0,
            IndexSpace::Table => instance.tables[at].0,
            IndexSpace::Memory => instance.memories[at].0,
            IndexSpace::Tag => instance.tags[at].0,
            IndexSpace::Elem => instance.elems[at].0,
            IndexSpace::Data => instance.data(index).map_or(u32::MAX, |addr| addr.0),
        }
    }

    /// A row for a reference test.
    pub(super) fn cast(&mut self, nullable: bool, heap: wasmparser::HeapType) -> Result<u32> {
        let heap = HeapType::from_decoder(heap).ok_or(Refused("a heap type without a form"))?;
        let ty = RefType { nullable, heap }.canonical(&self.instance.types);
        self.program.casts.push(ty);
        Ok(self.program.casts.len() as u32 - 1)
    }
}
