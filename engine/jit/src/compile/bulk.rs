//! `memory.fill` and `memory.copy` in place: checks and charge are code, in the order that gas-1 section 5.1 sets, and the bytes are
//! moved by a routine that only does that. What is long, may be forbidden, or has a price that is not a shift is left to the
//! routine that does all of it.

use super::translator::Translator;
use crate::abi::{JitContext, Region, trap_code};
use crate::libcalls::{Builtins, STRIDE};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature, Value};
use etalon_gas::Rate;
use etalon_module::AddrType;
use etalon_module::operator::Opcode;
use etalon_runtime::Trap;
use std::mem::offset_of;

/// The most that is charged in place. Without a limit the counter is filled up only now and then, and so many charges of this size
/// that they use it up would take years.
const MOST_CHARGED: u64 = 1 << 20;

/// So many operations of a function are made in place, each with blocks and checks of its own; further ones are calls alone, as a
/// function may consist of them.
const MOST_IN_PLACE: u32 = 256;

/// What an operation in place costs.
#[derive(Clone, Copy)]
enum Price {
    Nothing,
    /// A weight for each so many bytes begun, as a power of two.
    Granules {
        weight: u32,
        log2: u32,
    },
}

/// Operands in 64 bits: of a fill the start, the value and the length; of a copy both starts and the length.
pub(super) struct Bulk {
    pub(super) op: Opcode,
    pub(super) operands: [Value; 3],
    /// The memory that is written, and the one that is read.
    pub(super) memories: [u32; 2],
}

impl Translator<'_> {
    /// Does an operation in place if it is short, and otherwise as `long` has it.
    pub(super) fn in_place(&mut self, bulk: &Bulk, long: impl FnOnce(&mut Self)) {
        let Some(price) = self.price(bulk) else { return long(self) };
        if self.in_place == MOST_IN_PLACE {
            return long(self);
        }
        self.in_place += 1;
        let [_, _, len] = bulk.operands;
        let (here, away, done) =
            (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(away);
        let most = self.iconst(I64, STRIDE as i64);
        let is_short = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, len, most);
        self.b.ins().brif(is_short, here, &[], away, &[]);
        for block in [here, away] {
            self.b.seal_block(block);
        }
        self.b.switch_to_block(away);
        long(self);
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(here);
        self.short(bulk, price);
        self.b.ins().jump(done, &[]);
        self.b.seal_block(done);
        self.b.switch_to_block(done);
    }

    /// What it costs here; `None` if it cannot be done here.
    fn price(&self, bulk: &Bulk) -> Option<Price> {
        let is_narrow = |memory: &u32| self.memory_type(*memory).addr == AddrType::I32;
        if self.env.memory_regions || !bulk.memories.iter().all(is_narrow) {
            return None;
        }
        if !self.env.metering {
            return Some(Price::Nothing);
        }
        let Rate { weight, granule } = self.env.schedule.dynamic(bulk.op)?;
        let most = (STRIDE as u64 / u64::from(granule.get()) + 1).saturating_mul(weight.into());
        let is_simple = granule.is_power_of_two() && most <= MOST_CHARGED;
        let pins = self.env.isa.flags().enable_pinned_reg();
        (pins && is_simple).then(|| Price::Granules { weight, log2: granule.trailing_zeros() })
    }

    fn short(&mut self, bulk: &Bulk, price: Price) {
        let [first, second, len] = bulk.operands;
        let [to, from] = bulk.memories;
        let target = self.whole_range(to, first, len);
        let copies = bulk.op == Opcode::MemoryCopy;
        let second = if copies { self.whole_range(from, second, len) } else { second };
        self.pay(price, len);
        let place =
            if copies { offset_of!(Builtins, bare.copy) } else { offset_of!(Builtins, bare.fill) };
        let context = self.context();
        let at = offset_of!(JitContext, builtins) + place;
        let code = self.load_word(Region::Context, context, at as i32);
        let mut signature = Signature::new(self.env.isa.default_call_conv());
        signature.params.extend([AbiParam::new(I64); 3]);
        let signature = self.b.import_signature(signature);
        self.b.ins().call_indirect(signature, code, &[target, second, len]);
    }

    /// The native address of bytes all of which are in a memory.
    fn whole_range(&mut self, memory: u32, start: Value, len: Value) -> Value {
        // Both have 32 bits.
        let end = self.b.ins().iadd(start, len);
        let size = self.memory_len(memory);
        let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThan, end, size);
        self.b.ins().trapnz(beyond, trap_code(Trap::MemoryOutOfBounds as u8));
        let base = self.vm_word(self.env.layout.memory(memory));
        let address = self.b.ins().iadd(base, start);
        // A processor that speculates past the check must not reach memory of the host.
        self.b.ins().select_spectre_guard(beyond, base, address)
    }

    /// Each granule begun costs the weight; the counter is in the pinned register.
    fn pay(&mut self, price: Price, len: Value) {
        let Price::Granules { weight, log2 } = price else { return };
        let more = self.iconst(I64, (1 << log2) - 1);
        let log2 = self.iconst(I64, log2.into());
        let begun = self.b.ins().iadd(len, more);
        let granules = self.b.ins().ushr(begun, log2);
        let weight = self.iconst(I64, weight.into());
        let cost = self.b.ins().imul(granules, weight);
        self.pay_from_register(cost);
    }
}
