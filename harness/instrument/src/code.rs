//! The code of charges.

use crate::Stop;
use crate::cells::Cells;
use crate::convert;
use etalon_gas::Rate;
use etalon_module::ValType;
use std::collections::HashMap;
use wasm_encoder::{BlockType, InstructionSink};

/// Sums of sizes of objects stay below 2^63 with this as their cap; no host has as many bytes.
const MOST_BYTES: u64 = 1 << 62;

/// The code of a function, as it is written. Where gas runs out it leaves to a block that stands around everything else.
pub(crate) struct Code<'a> {
    cells: &'a Cells,
    bytes: Vec<u8>,
    /// The label of the block that is left to when gas runs out.
    out: u32,
    locals: Locals,
}

/// Locals that are added, each used again by the next operator.
struct Locals {
    first: u32,
    types: Vec<ValType>,
    free: HashMap<ValType, Vec<u32>>,
}

impl<'a> Code<'a> {
    /// Of a function with so many parameters and locals.
    pub(crate) fn new(cells: &'a Cells, locals: u32) -> Code<'a> {
        let locals = Locals { first: locals, types: Vec::new(), free: HashMap::new() };
        Code { cells, bytes: Vec::new(), out: 0, locals }
    }

    pub(crate) fn sink(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.bytes)
    }

    /// What is written as it is.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Goes into a block.
    pub(crate) fn deeper(&mut self) {
        self.out += 1;
    }

    /// Leaves one.
    pub(crate) fn higher(&mut self) {
        self.out -= 1;
    }

    /// The code, and the locals that it needs besides.
    pub(crate) fn finish(self) -> (Vec<u8>, Vec<ValType>) {
        (self.bytes, self.locals.types)
    }

    /// The bytes written so far.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many locals it needs besides.
    pub(crate) fn locals_added(&self) -> u64 {
        self.locals.types.len() as u64
    }

    /// A local of a type that nothing else uses until [`Code::free`].
    pub(crate) fn local(&mut self, ty: ValType) -> u32 {
        let Locals { first, types, free } = &mut self.locals;
        if let Some(local) = free.get_mut(&ty).and_then(Vec::pop) {
            return local;
        }
        types.push(ty);
        *first + types.len() as u32 - 1
    }

    /// Gives locals back.
    pub(crate) fn free(&mut self, locals: &[u32]) {
        let Locals { first, types, free } = &mut self.locals;
        for local in locals {
            free.entry(types[(local - *first) as usize]).or_default().push(*local);
        }
    }

    /// Begins the block that is left to when gas runs out.
    pub(crate) fn begin(&mut self) {
        self.sink().block(BlockType::Empty);
        self.out = 0;
    }

    /// Ends the function: `return` stood before.
    pub(crate) fn end(&mut self) {
        let (left, stopped) = (self.cells.left, self.cells.stopped);
        let mut sink = self.sink();
        sink.end().i32_const(Stop::Gas as i32).global_set(stopped);
        sink.i64_const(-1).global_set(left).unreachable().end();
    }

    /// A charge of so much (gas-1, *Charging*). What is left is -1 or more, and no cost of a body comes near 2^63, so the difference does not
    /// wrap. A charge of nothing only looks whether gas has run out.
    pub(crate) fn charge(&mut self, cost: u64) {
        let (left, out) = (self.cells.left, self.out);
        let mut sink = self.sink();
        if cost > 0 {
            let cost = i64::try_from(cost).unwrap_or(i64::MAX);
            sink.global_get(left).i64_const(cost).i64_sub().global_set(left);
        }
        sink.global_get(left).i64_const(0).i64_lt_s().br_if(out);
    }

    /// A dynamic charge for as many units as a local has, at most 2^62 (gas-1, *Dynamic charges*). The product may have 95 bits, so the number of
    /// granules is compared with how many can be paid.
    pub(crate) fn charge_units(&mut self, units: u32, rate: Rate) {
        self.charge(0);
        if rate.weight == 0 {
            return;
        }
        let (left, out) = (self.cells.left, self.out);
        let (weight, granule) = (i64::from(rate.weight), i64::from(rate.granule.get()));
        let granules = self.local(ValType::I64);
        let mut sink = self.sink();
        sink.local_get(units);
        if granule > 1 {
            sink.i64_const(granule - 1).i64_add().i64_const(granule).i64_div_u();
        }
        sink.local_tee(granules).global_get(left).i64_const(weight).i64_div_u();
        sink.i64_gt_u().br_if(out);
        sink.global_get(left).local_get(granules).i64_const(weight).i64_mul().i64_sub();
        sink.global_set(left);
        self.free(&[granules]);
    }

    /// Counts an object of so many bytes (gas-1, *GC heap*).
    pub(crate) fn object(&mut self, bytes: u64, cap: u64) {
        let (cap, heap) = (cap.min(MOST_BYTES), self.cells.heap);
        // With no room for it at all, every count is too high.
        let most = cap.checked_sub(bytes).map_or(-1, |most| most as i64);
        self.sink().global_get(heap).i64_const(most).i64_gt_s();
        self.stop_if(Stop::Heap);
        let bytes = bytes.min(MOST_BYTES) as i64;
        self.sink().global_get(heap).i64_const(bytes).i64_add().global_set(heap);
    }

    /// Counts an array of as many elements as a local has, each of so many bytes.
    pub(crate) fn array(&mut self, len: u32, bytes: u64, cap: u64) {
        let (cap, heap) = (cap.min(MOST_BYTES) as i64, self.cells.heap);
        let total = self.local(ValType::I64);
        let mut sink = self.sink();
        sink.local_get(len).i64_const(bytes as i64).i64_mul();
        sink.i64_const(7).i64_add().i64_const(-8).i64_and().i64_const(16).i64_add();
        sink.global_get(heap).i64_add().local_tee(total).i64_const(cap).i64_gt_u();
        self.stop_if(Stop::Heap);
        self.sink().local_get(total).global_set(heap);
        self.free(&[total]);
    }

    /// Traps for a reason of ours if the condition on the stack holds.
    pub(crate) fn stop_if(&mut self, stop: Stop) {
        let stopped = self.cells.stopped;
        let mut sink = self.sink();
        sink.if_(BlockType::Empty).i32_const(stop as i32).global_set(stopped).unreachable().end();
    }

    /// The locals' declaration, and the code.
    pub(crate) fn function(declared: &[(u32, wasm_encoder::ValType)], code: Self) -> Vec<u8> {
        let (bytes, extra) = code.finish();
        let mut locals = declared.to_vec();
        locals.extend(extra.iter().map(|ty| (1, convert::val_type(*ty))));
        let mut function = wasm_encoder::Function::new(locals);
        function.raw(bytes);
        function.into_raw_body()
    }
}
