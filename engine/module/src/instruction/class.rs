//! Kinds of instructions.

use std::fmt;

macro_rules! classes {
    ($($(#[doc = $doc:literal])+ $class:ident $name:literal;)*) => {
        /// The kind of an instruction: what it is by the specification's chapters, as finely as prices need it.
        ///
        /// Schedules price by class, so a class is never renamed, split or joined with another.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Class {
            $($(#[doc = $doc])+ $class,)*
        }

        impl Class {
            /// Every class, in the order of the chapters.
            pub const ALL: &[Class] = &[$(Class::$class),*];

            /// Its name in a schedule file, for example `int-binop`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Class::$class => $name,)*
                }
            }
        }
    };
}

classes! {
    /// What structures a body or does nothing: `block`, `end`, `nop`, `unreachable`.
    Control "control";
    /// Jumps, with a test or without: `br`, `if`, `return`, `br_on_cast`.
    Branch "branch";
    /// Calls of functions, tail calls too.
    Call "call";
    /// Throwing and catching.
    Exception "exception";
    /// Exceptions as they were before 3.0.
    Legacy "legacy";
    /// `drop` and `select`.
    Parametric "parametric";
    /// Locals and globals.
    Variable "variable";
    /// One element of a table, its size, and growing it.
    Table "table";
    /// Many elements of a table.
    TableBulk "table-bulk";
    /// Loads of numbers.
    Load "load";
    /// Stores of numbers.
    Store "store";
    /// The size of a memory, and growing it.
    Memory "memory";
    /// Many bytes of a memory.
    MemoryBulk "memory-bulk";
    /// Dropping a data or element segment.
    Segment "segment";
    /// Making, testing and converting references.
    Reference "reference";
    /// Tests of what a reference refers to: `ref.test`, `ref.cast`. Branches on them are of `branch`.
    Cast "cast";
    /// One field or element, a length, the number of an i31.
    Aggregate "aggregate";
    /// Making structures and arrays.
    Allocation "allocation";
    /// Many elements of an array.
    ArrayBulk "array-bulk";
    /// Constants that are numbers.
    Const "const";
    /// Integers: one operand, and a result of its type.
    IntUnop "int-unop";
    /// Integers: two operands, and a result of their type.
    IntBinop "int-binop";
    /// Integers: one operand, and a truth.
    IntTestop "int-testop";
    /// Integers: two operands, and a truth.
    IntRelop "int-relop";
    /// Floats: one operand, and a result of its type.
    FloatUnop "float-unop";
    /// Floats: two operands, and a result of their type.
    FloatBinop "float-binop";
    /// Floats: two operands, and a truth.
    FloatRelop "float-relop";
    /// From one type of numbers to another.
    Cvtop "cvtop";
    /// Arithmetic in 128 bits.
    Wide "wide";
    /// Loads of vectors, whole, widened or repeated.
    VectorLoad "vector-load";
    /// Loads of one lane.
    VectorLoadLane "vector-load-lane";
    /// Stores of vectors.
    VectorStore "vector-store";
    /// Stores of one lane.
    VectorStoreLane "vector-store-lane";
    /// Constants that are vectors.
    VectorConst "vector-const";
    /// Vectors as 128 bits: `v128.and`, `v128.bitselect`.
    VectorBitwise "vector-bitwise";
    /// A vector, and a number that tells of all its lanes: `v128.any_true`, `i8x16.bitmask`.
    VectorTestop "vector-testop";
    /// Lanes chosen by a vector or by immediates.
    VectorShuffle "vector-shuffle";
    /// One lane read, replaced, or repeated to a vector.
    VectorLane "vector-lane";
    /// Two vectors compared lane by lane.
    VectorRelop "vector-relop";
    /// Lanes of integers: one operand.
    VectorIntUnop "vector-int-unop";
    /// Lanes of integers: two operands.
    VectorIntBinop "vector-int-binop";
    /// Lanes of integers, shifted by a number.
    VectorIntShift "vector-int-shift";
    /// Lanes of integers, with results in wider ones: `i16x8.extmul_low_i8x16_s`, `i32x4.dot_i16x8_s`.
    VectorIntExtend "vector-int-extend";
    /// Lanes of floats: one operand.
    VectorFloatUnop "vector-float-unop";
    /// Lanes of floats: two operands.
    VectorFloatBinop "vector-float-binop";
    /// From lanes of one type to lanes of another.
    VectorCvtop "vector-cvtop";
    /// Vector instructions with several permitted results, of which the deterministic profile fixes one.
    VectorRelaxed "vector-relaxed";
    /// Atomic loads.
    AtomicLoad "atomic-load";
    /// Atomic stores.
    AtomicStore "atomic-store";
    /// Atomic accesses that read, change and write.
    AtomicRmw "atomic-rmw";
    /// Waiting at an address, and waking who waits.
    AtomicWait "atomic-wait";
    /// Ordering without an access.
    Fence "fence";
}

impl Class {
    /// The class with this [`name`](Class::name), if there is one.
    pub fn from_name(name: &str) -> Option<Class> {
        Class::ALL.iter().copied().find(|class| class.name() == name)
    }

    /// Whether its instructions read or write a linear memory, or its size.
    pub const fn accesses_memory(self) -> bool {
        matches!(
            self,
            Class::Load
                | Class::Store
                | Class::Memory
                | Class::MemoryBulk
                | Class::VectorLoad
                | Class::VectorLoadLane
                | Class::VectorStore
                | Class::VectorStoreLane
                | Class::AtomicLoad
                | Class::AtomicStore
                | Class::AtomicRmw
                | Class::AtomicWait
        )
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
