//! Operators without their immediates.
//!
//! [`Opcode`] names every operator that the decoder can produce. It is generated from the decoder's own list, so an
//! operator that is added there appears here. What is known of an operator is in the [table](crate::instruction) of
//! instructions; one that is not there has its decoder's name and proposal, and no meaning.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use wasmparser::Operator;

macro_rules! define_opcode {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        /// Which operator an instruction is, its immediates left out (specification: *Text Format*, "Instructions").
        ///
        /// The numeric value is the position in the decoder's list. It may change between releases: what is stored
        /// outside a process is [`Opcode::name`].
        #[repr(u16)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Opcode {
            $(
                #[doc = concat!("Decoded as `", stringify!($op), "` (", stringify!($proposal), ").")]
                $op,
            )*
        }

        impl Opcode {
            /// Every operator, in the decoder's order: `ALL[op as usize] == op`.
            pub const ALL: &[Opcode] = &[$(Opcode::$op),*];

            /// The opcode of a decoded operator.
            pub fn of(operator: &Operator<'_>) -> Opcode {
                match operator {
                    $(Operator::$op { .. } => Opcode::$op,)*
                    // The decoder's enum is open to other crates, but it is generated from the list used here.
                    _ => unreachable!("an operator outside the decoder's own list"),
                }
            }
        }

        /// The decoder's proposal and method for each operator, in the order of [`Opcode::ALL`].
        const DECODER_NAMES: &[(&str, &str)] = &[$((stringify!($proposal), stringify!($visit))),*];
    };
}

wasmparser::for_each_operator!(define_opcode);

impl Opcode {
    /// The name in the text format, for example `i32.add` or `br_table`.
    ///
    /// Names are unique. Where the text format tells two operators apart by their immediates only, the second has a
    /// suffix of ours: `ref.test_null`, `ref.cast_null`, `ref.cast_desc_eq_null`, `select_t`, `select_t_multi`.
    pub fn name(self) -> &'static str {
        self.listed_name().unwrap_or_else(|| &DERIVED_NAMES[self as usize])
    }

    /// The operator with this [`name`](Opcode::name), if there is one.
    pub fn from_name(name: &str) -> Option<Opcode> {
        BY_NAME.get(name).copied()
    }

    /// The proposal that introduced the operator, by the decoder's name: `mvp`, `sign_extension`, `simd`, `gc`, …
    pub fn proposal(self) -> &'static str {
        DECODER_NAMES[self as usize].0
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the names would be by the rule in [`text_name`], for the operators that the table does not name.
static DERIVED_NAMES: LazyLock<Vec<String>> =
    LazyLock::new(|| DECODER_NAMES.iter().map(|(_, visit)| text_name(visit)).collect());

static BY_NAME: LazyLock<HashMap<&'static str, Opcode>> =
    LazyLock::new(|| Opcode::ALL.iter().map(|&op| (op.name(), op)).collect());

/// What stands before the dot in the text format. Other names (`br_table`, `call_ref`) have no dot.
const NAMESPACES: &[&str] = &[
    "i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2",
    "local", "global", "memory", "table", "data", "elem", "atomic", "ref", "struct", "array",
    "any", "extern", "i31", "cont",
];

/// Turns `visit_i32_atomic_rmw8_add_u` into `i32.atomic.rmw8.add_u`.
fn text_name(visit: &str) -> String {
    let words = visit.strip_prefix("visit_").unwrap_or(visit);
    let Some((namespace, mut rest)) =
        words.split_once('_').filter(|(first, _)| NAMESPACES.contains(first))
    else {
        return words.to_owned();
    };
    let mut name = format!("{namespace}.");
    // Atomics have namespaces within namespaces; everything after them keeps its underscores.
    while let Some((word, after)) = rest.split_once('_') {
        if word != "atomic" && !word.starts_with("rmw") {
            break;
        }
        name.push_str(word);
        name.push('.');
        rest = after;
    }
    name + rest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_go_there_and_back() {
        let names: BTreeSet<&str> = Opcode::ALL.iter().map(|op| op.name()).collect();
        assert_eq!(names.len(), Opcode::ALL.len());
        for (position, &op) in Opcode::ALL.iter().enumerate() {
            assert_eq!(op as usize, position);
            assert_eq!(Opcode::from_name(op.name()), Some(op));
        }
        for unknown in
            ["", "i32", "i32_add", "I32Add", "visit_nop", "ref.cast_nullable", "typed_select"]
        {
            assert_eq!(Opcode::from_name(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn names_are_those_of_the_text_format() {
        let expected = [
            (Opcode::Unreachable, "unreachable", "mvp"),
            (Opcode::BrTable, "br_table", "mvp"),
            (Opcode::CallIndirect, "call_indirect", "mvp"),
            (Opcode::LocalGet, "local.get", "mvp"),
            (Opcode::GlobalSet, "global.set", "mvp"),
            (Opcode::MemoryGrow, "memory.grow", "mvp"),
            (Opcode::I32Load8S, "i32.load8_s", "mvp"),
            (Opcode::I32Add, "i32.add", "mvp"),
            (Opcode::F64ConvertI64U, "f64.convert_i64_u", "mvp"),
            (Opcode::I64Extend32S, "i64.extend32_s", "sign_extension"),
            (Opcode::I32TruncSatF64U, "i32.trunc_sat_f64_u", "saturating_float_to_int"),
            (Opcode::MemoryCopy, "memory.copy", "bulk_memory"),
            (Opcode::DataDrop, "data.drop", "bulk_memory"),
            (Opcode::ElemDrop, "elem.drop", "bulk_memory"),
            (Opcode::TypedSelect, "select_t", "reference_types"),
            (Opcode::RefIsNull, "ref.is_null", "reference_types"),
            (Opcode::TableGrow, "table.grow", "reference_types"),
            (Opcode::ReturnCallIndirect, "return_call_indirect", "tail_call"),
            (Opcode::V128Load8Splat, "v128.load8_splat", "simd"),
            (Opcode::V128AndNot, "v128.andnot", "simd"),
            (Opcode::I16x8ExtMulHighI8x16U, "i16x8.extmul_high_i8x16_u", "simd"),
            (Opcode::F32x4PMin, "f32x4.pmin", "simd"),
            (
                Opcode::I32x4RelaxedDotI8x16I7x16AddS,
                "i32x4.relaxed_dot_i8x16_i7x16_add_s",
                "relaxed_simd",
            ),
            (Opcode::I31GetS, "i31.get_s", "gc"),
            (Opcode::ArrayNewFixed, "array.new_fixed", "gc"),
            (Opcode::StructNewDefault, "struct.new_default", "gc"),
            (Opcode::RefCastNonNull, "ref.cast", "gc"),
            (Opcode::RefCastNullable, "ref.cast_null", "gc"),
            (Opcode::BrOnCastFail, "br_on_cast_fail", "gc"),
            (Opcode::AnyConvertExtern, "any.convert_extern", "gc"),
            (Opcode::ExternConvertAny, "extern.convert_any", "gc"),
            (Opcode::RefGetDesc, "ref.get_desc", "custom_descriptors"),
            (Opcode::TryTable, "try_table", "exceptions"),
            (Opcode::ThrowRef, "throw_ref", "exceptions"),
            (Opcode::CatchAll, "catch_all", "legacy_exceptions"),
            (Opcode::ReturnCallRef, "return_call_ref", "function_references"),
            (Opcode::RefAsNonNull, "ref.as_non_null", "function_references"),
            (Opcode::AtomicFence, "atomic.fence", "threads"),
            (Opcode::MemoryAtomicWait32, "memory.atomic.wait32", "threads"),
            (Opcode::I64AtomicRmw32CmpxchgU, "i64.atomic.rmw32.cmpxchg_u", "threads"),
            (Opcode::I32AtomicLoad8U, "i32.atomic.load8_u", "threads"),
            (Opcode::StructAtomicGetS, "struct.atomic.get_s", "shared_everything_threads"),
            (Opcode::GlobalAtomicRmwAdd, "global.atomic.rmw.add", "shared_everything_threads"),
            (Opcode::ContNew, "cont.new", "stack_switching"),
            (Opcode::ResumeThrow, "resume_throw", "stack_switching"),
            (Opcode::I64MulWideS, "i64.mul_wide_s", "wide_arithmetic"),
            (Opcode::MemoryDiscard, "memory.discard", "memory_control"),
            (Opcode::Pause, "pause", "acquire_release_atomics"),
        ];
        for (op, name, proposal) in expected {
            assert_eq!((op.name(), op.proposal()), (name, proposal));
        }
        let proposals: BTreeSet<&str> = Opcode::ALL.iter().map(|op| op.proposal()).collect();
        let spot_checked: BTreeSet<&str> = expected.iter().map(|row| row.2).collect();
        assert_eq!(proposals, spot_checked, "each proposal has a spot check");
    }

    #[test]
    fn names_in_the_table_follow_the_rule_but_for_what_the_text_format_spells_alike() {
        let irregular: Vec<&str> = Opcode::ALL
            .iter()
            .filter(|op| op.name() != DERIVED_NAMES[**op as usize])
            .map(|op| op.name())
            .collect();
        let expected = [
            "ref.test",
            "ref.test_null",
            "ref.cast",
            "ref.cast_null",
            "ref.cast_desc_eq",
            "ref.cast_desc_eq_null",
            "select_t",
            "select_t_multi",
        ];
        assert_eq!(BTreeSet::from_iter(irregular), BTreeSet::from(expected));
    }

    #[test]
    fn a_decoded_operator_has_its_opcode() {
        assert_eq!(Opcode::of(&Operator::Nop), Opcode::Nop);
        assert_eq!(Opcode::of(&Operator::I32Const { value: 7 }), Opcode::I32Const);
        assert_eq!(Opcode::of(&Operator::I16x8Shl), Opcode::I16x8Shl);
        let cast = Operator::RefCastNullable {
            hty: wasmparser::HeapType::Concrete(wasmparser::UnpackedIndex::Module(0)),
        };
        assert_eq!(Opcode::of(&cast).to_string(), "ref.cast_null");
    }
}
