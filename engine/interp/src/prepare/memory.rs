//! Memory instructions.

use super::op::{Bin, Op};
use super::{Builder, Refused, Result};
use crate::execution::memories::{Space, Which};
use crate::execution::{WINDOW, access, atomic, lanes};
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
    /// Of an operator that accesses a memory. Validation excludes the proposal for accesses to arrays, which name none.
    fn of(operator: &Operator<'_>) -> Option<Access> {
        let Immediates { memarg, lane, .. } = Immediates::of(operator);
        let (memory, offset) = memarg?;
        Some(Access { memory, offset, lane })
    }
}

impl Builder<'_> {
    /// A load or store of a value; tells whether it is one.
    fn access(&mut self, opcode: Opcode, access: Access) -> Result<bool> {
        let space = self.space(access.memory);
        let (offset, is_near) = match self.near_offset(access) {
            Some(offset) => (offset, true),
            None => (0, false),
        };
        if let Some((width, handler)) = access::load(opcode, space) {
            if !is_near {
                let results: &[u32] = if width == 1 { &[1] } else { &[2] };
                return self.far(opcode, access, 1, results);
            }
            let addr = self.pop()?;
            if space.memory == Which::Home && self.load_sum(opcode, addr, (offset, space.wide)) {
                return Ok(true);
            }
            self.place_const(addr);
            let (a, memory) = (addr.source(), space.memory);
            let load = |dst| Op::Load { handler, width, o: Bin { dst, a, b: offset }, memory };
            self.push_wide_result(width, load);
            return Ok(true);
        }
        let Some(handler) = access::store(opcode, space) else { return Ok(false) };
        if !is_near {
            return self.far(opcode, access, 2, &[]);
        }
        let value = self.pop_read()?;
        let addr = self.pop_read()?;
        self.emit(Op::Store { handler, addr, value, offset, memory: space.memory });
        Ok(true)
    }

    pub(super) fn memory(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        use Operator as O;
        if let Some(access) = Access::of(operator)
            && self.access(opcode, access)?
        {
            return Ok(true);
        }
        let rate = match *operator {
            O::MemorySize { mem } if self.space(mem).memory == Which::Home => {
                let log2 = self.module.memories[mem as usize].page_size_log2.into();
                self.push_result(|dst| Op::MemorySize { dst, log2 });
                return Ok(true);
            }
            O::MemoryFill { mem } => self.bulk_rate(opcode, mem, mem),
            O::MemoryCopy { dst_mem, src_mem } => self.bulk_rate(opcode, dst_mem, src_mem),
            _ => return self.atomic(operator, opcode),
        };
        let Some((rate, wide)) = rate else { return Ok(false) };
        let at = self.settle_operands(3)?;
        self.program.rates.push(rate);
        let rate = self.program.rates.len() as u32 - 1;
        self.emit(match opcode {
            Opcode::MemoryFill => Op::MemoryFill { at, wide, rate },
            _ => Op::MemoryCopy { at, wide, rate },
        });
        Ok(true)
    }

    /// The rate of a bulk operation that the loop executes itself, and whether addresses have 64 bits: within the instance's first
    /// memory, where nobody wants to interrupt it and no region forbids any of it.
    fn bulk_rate(&self, opcode: Opcode, dst: u32, src: u32) -> Option<(Rate, bool)> {
        let is_home = |index| self.space(index).memory == Which::Home;
        let whole = is_home(dst)
            && is_home(src)
            && !self.store.is_interruptible()
            && !self.store.checks_regions();
        // Its operands are named by the slot of the first.
        let near = self.next_slot() < WINDOW as u32;
        let rate = self.store.schedule().dynamic(opcode).filter(|_| whole && near)?;
        Some((rate, self.is_wide(dst)))
    }

    /// Atomic accesses (proposal *threads*). An `atomic.fence` has no effect, because there is only one thread.
    fn atomic(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        if let Operator::AtomicFence { .. } = operator {
            return Ok(true);
        }
        match (atomic::form(opcode), Access::of(operator)) {
            (Some((operands, results)), Some(access)) => {
                self.far(opcode, access, operands, results)
            }
            _ => Ok(false),
        }
    }

    /// Where an access goes. An instance may have one memory under several numbers.
    fn space(&self, index: u32) -> Space {
        let [home, memory] = [0, index as usize].map(|at| self.instance.memories[at]);
        Space { memory: Which::of(memory, home), wide: self.is_wide(index) }
    }

    /// The offset of an access in the loop: of no more than 32 bits, and no region can forbid the access.
    fn near_offset(&self, access: Access) -> Option<u32> {
        u32::try_from(access.offset).ok().filter(|_| !self.store.checks_regions())
    }

    /// Whether the addresses of a memory have 64 bits.
    fn is_wide(&self, memory: u32) -> bool {
        self.module.memories[memory as usize].addr == AddrType::I64
    }

    /// An access outside of the loop.
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
            wide: self.is_wide(access.memory),
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
        let access = Access::of(operator).ok_or(Refused("an access to no memory"))?;
        let Space { memory: Which::Home, wide } = self.space(access.memory) else {
            return self.far(opcode, access, 2, results);
        };
        let Some(offset) = self.near_offset(access) else {
            return self.far(opcode, access, 2, results);
        };
        let (value, addr, lane) = (self.pop_read()?, self.pop_read()?, access.lane);
        if let Some(handler) = lanes::load(opcode, wide) {
            let bin = |dst| Bin { dst, a: addr, b: value };
            self.push_wide_result(2, |dst| Op::LoadLane { handler, o: bin(dst), lane, offset });
        } else {
            let handler = lanes::store(opcode, wide);
            let handler = handler.ok_or(Refused("an access to no lane"))?;
            self.emit(Op::StoreLane { handler, addr, value, lane, offset });
        }
        Ok(true)
    }
}
