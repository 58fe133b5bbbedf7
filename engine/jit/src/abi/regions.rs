//! Which accesses of compiled code cannot overlap.

use crate::abi::trap_code;
use cranelift_codegen::ir::{
    AliasRegion, AliasRegionData, AliasRegionSet, Endianness, Function, MemFlagsData,
};
use etalon_runtime::Trap;

/// A part of what compiled code accesses, disjoint from the others. Every access names one, because the code generator's
/// analysis assumes that an access without a region overlaps with none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Region {
    /// An instance's context, which does not change while code runs.
    VmCtx,
    /// The code and contexts of functions in an instance's context, where those may change in any call.
    Callees,
    /// What is left to be counted of functions.
    Counts,
    /// The store's context.
    Context,
    /// The gas left.
    Gas,
    /// Whether to stop, which other threads write.
    Interrupt,
    /// Sizes of memories.
    MemoryDef,
    /// Linear memories.
    Memory,
    /// Bases and sizes of tables.
    TableDef,
    /// Elements of tables.
    Elements,
    /// What is counted and kept of the heap, and the table of its types.
    Heap,
    /// Headers of objects.
    Headers,
    /// Fields and elements of objects.
    Objects,
    /// Values of globals.
    Globals,
    /// Locals that are in memory.
    Locals,
    /// Function entries.
    Entries,
    /// Slots of arguments and results.
    Slots,
    /// What a trampoline writes for the signal handler.
    Activation,
    /// References of a frame, where collections find them.
    Roots,
}

impl Region {
    fn name(self) -> &'static str {
        match self {
            Region::VmCtx => "vmctx",
            Region::Callees => "callees",
            Region::Counts => "counts",
            Region::Context => "context",
            Region::Gas => "gas",
            Region::Interrupt => "interrupt",
            Region::MemoryDef => "memory sizes",
            Region::Memory => "memory",
            Region::TableDef => "tables",
            Region::Elements => "elements",
            Region::Heap => "heap",
            Region::Headers => "headers",
            Region::Objects => "objects",
            Region::Globals => "globals",
            Region::Locals => "locals",
            Region::Entries => "function entries",
            Region::Slots => "slots",
            Region::Activation => "activation",
            Region::Roots => "roots",
        }
    }

    fn tag(self, func: &mut Function) -> AliasRegion {
        self.tag_in(&mut func.dfg.alias_regions)
    }

    /// The region as the code generator knows it, in a function.
    pub(crate) fn tag_in(self, regions: &mut AliasRegionSet) -> AliasRegion {
        regions.insert(AliasRegionData { user_id: self as u32, description: self.name().into() })
    }

    /// Flags of an access that cannot fault.
    pub(crate) fn flags(self, func: &mut Function) -> MemFlagsData {
        let flags = MemFlagsData::trusted().with_alias_region(Some(self.tag(func)));
        match self {
            Region::VmCtx => flags.with_readonly().with_can_move(),
            _ => flags,
        }
    }

    /// Flags of an access to an object, which may lie at any address, has the same byte order everywhere and cannot fault.
    pub(crate) fn in_heap(self, func: &mut Function) -> MemFlagsData {
        let region = self.tag(func);
        MemFlagsData::new()
            .with_endianness(Endianness::Little)
            .with_notrap()
            .with_alias_region(Some(region))
    }

    /// Flags of an access to linear memory, which faults beyond its size.
    pub(crate) fn memory(func: &mut Function) -> MemFlagsData {
        let region = Region::Memory.tag(func);
        MemFlagsData::new()
            .with_endianness(Endianness::Little)
            .with_trap_code(Some(trap_code(Trap::MemoryOutOfBounds as u8)))
            .with_alias_region(Some(region))
    }
}
