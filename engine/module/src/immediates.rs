//! The immediates of an instruction by their kinds (specification, *Binary Format: Instructions*).
//!
//! Generated from the decoder's own list: an operator that is added there needs nothing here as long as its immediates are
//! of the kinds that others have.

use wasmparser::{
    BlockType, BrTable, HeapType, MemArg, MemArgTarget, Operator, Ordering, RefType, ResumeTable,
    TryTable, ValType,
};

/// What an index counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexSpace {
    /// Nothing of the module: locals, labels, the fields of a type. Numbers of elements are here too.
    #[default]
    Plain,
    /// Functions.
    Func,
    /// Globals.
    Global,
    /// Types.
    Type,
    /// Tables.
    Table,
    /// Memories.
    Memory,
    /// Tags.
    Tag,
    /// Element segments.
    Elem,
    /// Data segments.
    Data,
}

/// The immediates that are plain numbers: indices, labels, a memory argument, a lane.
///
/// Constants, block types, branch tables and types stay with the decoder's operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Immediates {
    /// Indices in the order of the binary format; those that the instruction lacks are 0.
    pub indices: [u32; 2],
    /// What each index counts.
    pub spaces: [IndexSpace; 2],
    /// How many indices it has.
    pub count: usize,
    /// The memory argument of a load, a store or an atomic access: the memory's index and the offset in bytes.
    pub memarg: Option<(u32, u64)>,
    /// The number of a lane; 0 if the instruction has none.
    pub lane: u8,
}

macro_rules! define_immediates {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        impl Immediates {
            /// The immediates of a decoded operator.
            pub fn of(operator: &Operator<'_>) -> Immediates {
                let mut immediates = Immediates::default();
                match operator {
                    $(Operator::$op $({ $($arg),* })? => { $($(immediates.$arg($arg);)*)? })*
                    // The decoder's enum is open to other crates, but it is generated from the list used here.
                    _ => {}
                }
                immediates
            }
        }
    };
}

wasmparser::for_each_operator!(define_immediates);

/// One method for each name that the decoder gives to an immediate, by what the index counts.
macro_rules! indices {
    ($($space:ident: $($name:ident)*;)*) => {
        impl Immediates {
            fn index(&mut self, space: IndexSpace, index: u32) {
                if let Some(place) = self.indices.get_mut(self.count) {
                    *place = index;
                    self.spaces[self.count] = space;
                    self.count += 1;
                }
            }

            $($(fn $name(&mut self, index: &u32) {
                self.index(IndexSpace::$space, *index);
            })*)*
        }
    };
}

indices! {
    Plain: local_index relative_depth field_index array_size argument_index result_index;
    Func: function_index;
    Global: global_index;
    Type: type_index struct_type_index array_type_index array_type_index_dst array_type_index_src cont_type_index;
    Table: table_index table dst_table src_table;
    Memory: mem dst_mem src_mem;
    Tag: tag_index;
    Elem: elem_index array_elem_index;
    Data: data_index array_data_index;
}

impl Immediates {
    fn memarg(&mut self, memarg: &MemArg) {
        // An access to the bytes of an array is a proposal that no feature of ours allows.
        if let MemArgTarget::Memory(index) = memarg.target {
            self.memarg = Some((index, memarg.offset));
        }
    }

    fn lane(&mut self, lane: &u8) {
        self.lane = *lane;
    }

    fn lanes(&mut self, _: &[u8; 16]) {}
    fn value<T>(&mut self, _: &T) {}
    fn blockty(&mut self, _: &BlockType) {}
    fn targets(&mut self, _: &BrTable<'_>) {}
    fn try_table(&mut self, _: &TryTable) {}
    fn resume_table(&mut self, _: &ResumeTable) {}
    fn hty(&mut self, _: &HeapType) {}
    #[allow(clippy::wrong_self_convention, reason = "the decoder names the immediate so")]
    fn from_ref_type(&mut self, _: &RefType) {}
    #[allow(clippy::wrong_self_convention, reason = "the decoder names the immediate so")]
    fn to_ref_type(&mut self, _: &RefType) {}
    fn ty(&mut self, _: &ValType) {}
    fn tys(&mut self, _: &[ValType]) {}
    fn ordering(&mut self, _: &Ordering) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_come_in_the_order_of_the_binary_format() {
        let of = |operator: Operator<'_>| Immediates::of(&operator);
        let init = of(Operator::MemoryInit { data_index: 3, mem: 1 });
        assert_eq!((init.indices, init.count), ([3, 1], 2));
        assert_eq!(init.spaces, [IndexSpace::Data, IndexSpace::Memory]);
        let call = of(Operator::CallIndirect { type_index: 7, table_index: 2 });
        assert_eq!((call.indices, call.count), ([7, 2], 2));
        assert_eq!(of(Operator::Nop), Immediates::default());
        let memarg = MemArg {
            align: 0,
            max_align: 0,
            offset: 9,
            target: MemArgTarget::Memory(4),
            ordering: None,
        };
        let load = of(Operator::V128Load8Lane { memarg, lane: 5 });
        assert_eq!((load.memarg, load.lane, load.count), (Some((4, 9)), 5, 0));
    }
}
