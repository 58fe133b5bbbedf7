//! Memory instructions.

use super::op::{Bin, Op};
use super::{Builder, Refused, Result};
use crate::execution::{WINDOW, access, atomic};
use crate::program::FarArg;
use etalon_gas::Rate;
use etalon_module::{AddrType, Immediates, Opcode};
use wasmparser::Operator;

/// The immediates of an access.
#[derive(Clone, Copy, Debug)]
struct Access {
    /// The index of the memory.
    memory: u32,
    offset: u64,
    lane: u8,
}

impl Access {
    /// Validation excludes the proposal for accesses to arrays, which name no memory.
    fn of(operator: &Operator<'_>) -> Result<Access> {
        let Immediates { memarg, lane, .. } = Immediates::of(operator);
        let (memory, offset) = memarg.ok_or(Refused("an access to no memory"))?;
        Ok(Access { memory, offset, lane })
    }
}

impl Builder<'_> {
    pub(super) fn memory(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        use Operator as O;
        if let Some((width, handler)) = access::load(opcode) {
            let access = Access::of(operator)?;
            let Some(offset) = self.near(access) else {
                let results: &[u32] = if width == 1 { &[1] } else { &[2] };
                return self.far(opcode, access, 1, results);
            };
            let addr = self.pop()?;
            if self.load_sum(opcode, addr, offset) {
                return Ok(true);
            }
            self.place_const(addr);
            let a = addr.source();
            let load = |dst| Op::Load { handler, width, o: Bin { dst, a, b: offset } };
            self.push_wide_result(width, load);
            return Ok(true);
        }
        if let Some(handler) = access::store(opcode) {
            let access = Access::of(operator)?;
            let Some(offset) = self.near(access) else {
                return self.far(opcode, access, 2, &[]);
            };
            let value = self.pop_read()?;
            let addr = self.pop_read()?;
            self.emit(Op::Store { handler, addr, value, offset });
            return Ok(true);
        }
        let rate = match *operator {
            O::MemoryFill { mem } => self.bulk_rate(opcode, mem, mem),
            O::MemoryCopy { dst_mem, src_mem } => self.bulk_rate(opcode, dst_mem, src_mem),
            _ => return self.atomic(operator, opcode),
        };
        let Some(rate) = rate else { return Ok(false) };
        let at = self.settle_operands(3)?;
        self.program.rates.push(rate);
        let rate = self.program.rates.len() as u32 - 1;
        self.emit(match opcode {
            Opcode::MemoryFill => Op::MemoryFill { at, rate },
            _ => Op::MemoryCopy { at, rate },
        });
        Ok(true)
    }

    /// The rate of a bulk operation that the loop executes itself: within the instance's first memory, with 32-bit
    /// addresses, where nobody wants to interrupt it and no region forbids any of it.
    fn bulk_rate(&self, opcode: Opcode, dst: u32, src: u32) -> Option<Rate> {
        let first = dst == 0 && src == 0 && self.module.memories[0].addr == AddrType::I32;
        let whole = first && !self.store.is_interruptible() && !self.store.checks_regions();
        // Its operands are named by the slot of the first.
        let near = self.next_slot() < WINDOW as u32;
        self.store.schedule().dynamic(opcode).filter(|_| whole && near)
    }

    /// Atomic accesses (proposal *threads*). An `atomic.fence` has no effect, because there is only one thread.
    fn atomic(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        if let Operator::AtomicFence { .. } = operator {
            return Ok(true);
        }
        match atomic::form(opcode) {
            Some((operands, results)) => self.far(opcode, Access::of(operator)?, operands, results),
            None => Ok(false),
        }
    }

    /// The offset of an access to the instance's first memory with 32-bit addresses, which no region forbids.
    fn near(&self, access: Access) -> Option<u32> {
        let first = access.memory == 0 && self.module.memories[0].addr == AddrType::I32;
        u32::try_from(access.offset).ok().filter(|_| first && !self.store.checks_regions())
    }

    /// An access to any other memory.
    fn far(
        &mut self,
        opcode: Opcode,
        access: Access,
        operands: usize,
        results: &[u32],
    ) -> Result<bool> {
        let at = self.settle_operands(operands)?;
        let row = self.far_arg(opcode, access);
        self.emit(Op::Far { at, row });
        self.push_all(results);
        Ok(true)
    }

    /// A row for an access.
    fn far_arg(&mut self, opcode: Opcode, access: Access) -> u32 {
        let index = access.memory as usize;
        self.program.far_args.push(FarArg {
            opcode,
            memory: self.instance.memories[index],
            offset: access.offset,
            wide: self.module.memories[index].addr == AddrType::I64,
            lane: access.lane,
        });
        self.program.far_args.len() as u32 - 1
    }

    /// A load or store of a lane.
    pub(super) fn lane_access(
        &mut self,
        operator: &Operator<'_>,
        opcode: Opcode,
        results: &[u32],
    ) -> Result<bool> {
        self.far(opcode, Access::of(operator)?, 2, results)
    }
}
