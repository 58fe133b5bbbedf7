//! Memory instructions.

use super::{Builder, Refused, Result, numeric};
use crate::program::{FarArg, Load, Op, Store};
use etalon_module::{AddrType, Opcode};
use wasmparser::{MemArg, MemArgTarget, Operator};

impl Builder<'_> {
    pub(super) fn memory(&mut self, operator: &Operator<'_>) -> Result<bool> {
        use Operator as O;
        let opcode = Opcode::of(operator);
        if let Some((memarg, make)) = numeric::load(operator) {
            let Some(offset) = self.near(&memarg) else {
                return self.far(opcode, &memarg, 1, &[1]);
            };
            let addr = self.pop_read()?;
            self.push_result(|dst| make(Load { dst, addr, offset }));
            return Ok(true);
        }
        if let Some((memarg, make)) = numeric::store(operator) {
            let Some(offset) = self.near(&memarg) else {
                return self.far(opcode, &memarg, 2, &[]);
            };
            let value = self.pop_read()?;
            let addr = self.pop_read()?;
            self.emit(make(Store { addr, value, offset }));
            return Ok(true);
        }
        let memory = |index: u32| self.instance.memories[index as usize].0;
        let data = |index: u32| self.instance.datas[index as usize].0;
        match *operator {
            O::MemorySize { mem } => self.slow(opcode, 0, &[1], memory(mem), 0)?,
            O::MemoryGrow { mem } => self.slow(opcode, 1, &[1], memory(mem), 0)?,
            O::MemoryFill { mem } => self.slow(opcode, 3, &[], memory(mem), 0)?,
            O::MemoryCopy { dst_mem, src_mem } => {
                self.slow(opcode, 3, &[], memory(dst_mem), memory(src_mem))?;
            }
            O::MemoryInit { data_index, mem } => {
                self.slow(opcode, 3, &[], memory(mem), data(data_index))?;
            }
            O::DataDrop { data_index } => self.slow(opcode, 0, &[], data(data_index), 0)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The memory of an access. Accesses to arrays are a proposal that validation excludes.
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

    /// An access of another kind.
    fn far(
        &mut self,
        opcode: Opcode,
        memarg: &MemArg,
        operands: usize,
        results: &[u32],
    ) -> Result<bool> {
        let at = self.settle_operands(operands)?;
        let index = Self::memory_index(memarg)? as usize;
        let row = self.program.far_args.len() as u32;
        self.program.far_args.push(FarArg {
            memory: self.instance.memories[index],
            offset: memarg.offset,
            wide: self.module.memories[index].addr == AddrType::I64,
        });
        self.emit(Op::Far { opcode, at, memarg: row });
        for width in results {
            self.push_slot(*width);
        }
        Ok(true)
    }
}
