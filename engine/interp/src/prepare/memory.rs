//! Memory instructions.

use super::{Builder, Refused, Result, numeric};
use crate::program::{FarArg, Load, Op, Store};
use etalon_gas::Rate;
use etalon_module::{AddrType, Opcode};
use wasmparser::{MemArg, MemArgTarget, Operator};

impl Builder<'_> {
    pub(super) fn memory(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        use Operator as O;
        if let Some((memarg, make)) = numeric::load(operator) {
            let Some(offset) = self.near(&memarg) else {
                return self.far(opcode, &memarg, 0, 1, &[1]);
            };
            let addr = self.pop_read()?;
            self.push_result(|dst| make(Load { dst, addr, offset }));
            return Ok(true);
        }
        if let Some((memarg, make)) = numeric::store(operator) {
            let Some(offset) = self.near(&memarg) else {
                return self.far(opcode, &memarg, 0, 2, &[]);
            };
            let value = self.pop_read()?;
            let addr = self.pop_read()?;
            self.emit(make(Store { addr, value, offset }));
            return Ok(true);
        }
        let rate = match *operator {
            O::MemoryFill { mem } => self.bulk_rate(opcode, mem, mem),
            O::MemoryCopy { dst_mem, src_mem } => self.bulk_rate(opcode, dst_mem, src_mem),
            _ => return self.atomic(operator, opcode),
        };
        let Some(rate) = rate else { return Ok(false) };
        let at = self.settle_operands(3)?;
        self.emit(match opcode {
            Opcode::MemoryFill => Op::MemoryFill { at, rate },
            _ => Op::MemoryCopy { at, rate },
        });
        Ok(true)
    }

    /// The rate of a bulk operation that the loop executes itself: within the instance's first memory, with 32-bit
    /// addresses.
    fn bulk_rate(&self, opcode: Opcode, dst: u32, src: u32) -> Option<Rate> {
        let first = dst == 0 && src == 0 && self.module.memories[0].addr == AddrType::I32;
        self.store.schedule().dynamic(opcode).filter(|_| first)
    }

    /// Atomic accesses (proposal *threads*). An `atomic.fence` has no effect, because there is only one thread.
    fn atomic(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        if let Operator::AtomicFence { .. } = operator {
            return Ok(true);
        }
        match atomic_access(operator) {
            Some((memarg, operands, results)) => self.far(opcode, &memarg, 0, operands, results),
            None => Ok(false),
        }
    }

    /// The memory of an access. Validation excludes the proposal for accesses to arrays.
    fn memory_index(memarg: &MemArg) -> Result<u32> {
        match memarg.target {
            MemArgTarget::Memory(index) => Ok(index),
            MemArgTarget::Array(_) => Err(Refused("an access to the bytes of an array")),
        }
    }

    /// The offset of an access to the instance's first memory with 32-bit addresses.
    fn near(&self, memarg: &MemArg) -> Option<u32> {
        let first = Self::memory_index(memarg) == Ok(0);
        let first = first && self.module.memories[0].addr == AddrType::I32;
        u32::try_from(memarg.offset).ok().filter(|_| first)
    }

    /// An access to any other memory.
    fn far(
        &mut self,
        opcode: Opcode,
        memarg: &MemArg,
        lane: u8,
        operands: usize,
        results: &[u32],
    ) -> Result<bool> {
        let at = self.settle_operands(operands)?;
        let memarg = self.far_arg(memarg, lane)?;
        self.emit(Op::Far { opcode, at, memarg });
        self.push_all(results);
        Ok(true)
    }

    /// A row for the immediate of an access.
    fn far_arg(&mut self, memarg: &MemArg, lane: u8) -> Result<u32> {
        let index = Self::memory_index(memarg)? as usize;
        self.program.far_args.push(FarArg {
            memory: self.instance.memories[index],
            offset: memarg.offset,
            wide: self.module.memories[index].addr == AddrType::I64,
            lane,
        });
        Ok(self.program.far_args.len() as u32 - 1)
    }

    /// A load or store of a vector or of a lane.
    pub(super) fn vector_access(
        &mut self,
        opcode: Opcode,
        memarg: &MemArg,
        lane: u8,
        operands: usize,
        results: &[u32],
    ) -> Result<bool> {
        let Some(offset) = self.near(memarg) else {
            return self.far(opcode, memarg, lane, operands, results);
        };
        match opcode {
            Opcode::V128Load => {
                let addr = self.pop_read()?;
                self.push_wide_result(2, |dst| Op::V128Load(Load { dst, addr, offset }));
                return Ok(true);
            }
            Opcode::V128Store => {
                let value = self.pop_read()?;
                let addr = self.pop_read()?;
                self.emit(Op::V128Store(Store { addr, value, offset }));
                return Ok(true);
            }
            _ => {}
        }
        let at = self.settle_operands(operands)?;
        let memarg = self.far_arg(memarg, lane)?;
        self.emit(Op::VectorAccess { opcode, at, memarg });
        self.push_all(results);
        Ok(true)
    }
}

/// Atomic accesses: immediate, number of operands, and results.
#[rustfmt::skip]
fn atomic_access(operator: &Operator<'_>) -> Option<(MemArg, usize, &'static [u32])> {
    use Operator as O;
    Some(match operator {
        O::I32AtomicLoad { memarg }
        | O::I64AtomicLoad { memarg }
        | O::I32AtomicLoad8U { memarg }
        | O::I32AtomicLoad16U { memarg }
        | O::I64AtomicLoad8U { memarg }
        | O::I64AtomicLoad16U { memarg }
        | O::I64AtomicLoad32U { memarg } => (*memarg, 1, &[1]),
        O::I32AtomicStore { memarg }
        | O::I64AtomicStore { memarg }
        | O::I32AtomicStore8 { memarg }
        | O::I32AtomicStore16 { memarg }
        | O::I64AtomicStore8 { memarg }
        | O::I64AtomicStore16 { memarg }
        | O::I64AtomicStore32 { memarg } => (*memarg, 2, &[]),
        O::MemoryAtomicNotify { memarg }
        | O::I32AtomicRmwAdd { memarg }
        | O::I64AtomicRmwAdd { memarg }
        | O::I32AtomicRmw8AddU { memarg }
        | O::I32AtomicRmw16AddU { memarg }
        | O::I64AtomicRmw8AddU { memarg }
        | O::I64AtomicRmw16AddU { memarg }
        | O::I64AtomicRmw32AddU { memarg }
        | O::I32AtomicRmwSub { memarg }
        | O::I64AtomicRmwSub { memarg }
        | O::I32AtomicRmw8SubU { memarg }
        | O::I32AtomicRmw16SubU { memarg }
        | O::I64AtomicRmw8SubU { memarg }
        | O::I64AtomicRmw16SubU { memarg }
        | O::I64AtomicRmw32SubU { memarg }
        | O::I32AtomicRmwAnd { memarg }
        | O::I64AtomicRmwAnd { memarg }
        | O::I32AtomicRmw8AndU { memarg }
        | O::I32AtomicRmw16AndU { memarg }
        | O::I64AtomicRmw8AndU { memarg }
        | O::I64AtomicRmw16AndU { memarg }
        | O::I64AtomicRmw32AndU { memarg }
        | O::I32AtomicRmwOr { memarg }
        | O::I64AtomicRmwOr { memarg }
        | O::I32AtomicRmw8OrU { memarg }
        | O::I32AtomicRmw16OrU { memarg }
        | O::I64AtomicRmw8OrU { memarg }
        | O::I64AtomicRmw16OrU { memarg }
        | O::I64AtomicRmw32OrU { memarg }
        | O::I32AtomicRmwXor { memarg }
        | O::I64AtomicRmwXor { memarg }
        | O::I32AtomicRmw8XorU { memarg }
        | O::I32AtomicRmw16XorU { memarg }
        | O::I64AtomicRmw8XorU { memarg }
        | O::I64AtomicRmw16XorU { memarg }
        | O::I64AtomicRmw32XorU { memarg }
        | O::I32AtomicRmwXchg { memarg }
        | O::I64AtomicRmwXchg { memarg }
        | O::I32AtomicRmw8XchgU { memarg }
        | O::I32AtomicRmw16XchgU { memarg }
        | O::I64AtomicRmw8XchgU { memarg }
        | O::I64AtomicRmw16XchgU { memarg }
        | O::I64AtomicRmw32XchgU { memarg } => (*memarg, 2, &[1]),
        O::MemoryAtomicWait32 { memarg }
        | O::MemoryAtomicWait64 { memarg }
        | O::I32AtomicRmwCmpxchg { memarg }
        | O::I64AtomicRmwCmpxchg { memarg }
        | O::I32AtomicRmw8CmpxchgU { memarg }
        | O::I32AtomicRmw16CmpxchgU { memarg }
        | O::I64AtomicRmw8CmpxchgU { memarg }
        | O::I64AtomicRmw16CmpxchgU { memarg }
        | O::I64AtomicRmw32CmpxchgU { memarg } => (*memarg, 3, &[1]),
        _ => return None,
    })
}
