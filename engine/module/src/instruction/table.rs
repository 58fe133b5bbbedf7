//! The table of instructions: one line for each, by the chapters of the specification.
//!
//! ```text
//! "name"  Opcode  Class  (operands -> results)  what else holds of it;
//! ```
//!
//! - The *name* is that of the text format. Where it has one name for two operators, the second has a suffix of ours.
//! - The *class* is its kind ([`Class`](super::Class)): by it, a schedule prices what it has no row for.
//! - The *shape* stands where it is the same at every use; `(..)` where immediates or the context decide.
//! - `transfers`: it is a control operator of T, so a gas segment ends with it (gas-1, section 2.2).
//! - `dynamic`: it has a dynamic charge besides its weight (gas-1, section 2.3). It ends a gas segment too.
//! - `traps`: it may trap by itself, its operands or the state being wrong.
//! - `unexecuted`: gas-1 prices it, and no tier has it. No module with it loads.
//! - `priced_as(Opcode)`: it came after gas-1 was fixed. It costs what the other does unless a schedule says otherwise, and
//!   `transfers` and `dynamic` stand on both or on neither (gas-1, section 1.5). Every new instruction has this: without it,
//!   every schedule would get another id.
//!
//! The official rules of each are in `spec-tests/spec-map.toml`. What the decoder knows and this table does not has no
//! meaning here: no tier executes it, and gas-1 does not cover it.

use super::{Row, Shape};
use crate::operator::Opcode;
use crate::types::ValType;

macro_rules! instructions {
    ($($name:literal $op:ident $class:ident ($($shape:tt)*) $($flag:ident $(($model:ident))?)*;)*) => {
        pub(super) const ROWS: &[(Opcode, Row)] = &[
            $((
                Opcode::$op,
                Row::new($name, super::Class::$class, shape!($($shape)*))$(.$flag($(Opcode::$model)?))*,
            )),*
        ];
    };
}

macro_rules! shape {
    (..) => { None };
    ($($operand:ident)* -> $($result:ident)*) => {
        Some(Shape { operands: &[$(ty!($operand)),*], results: &[$(ty!($result)),*] })
    };
}

#[rustfmt::skip]
macro_rules! ty {
    (i32) => { ValType::I32 };
    (i64) => { ValType::I64 };
    (f32) => { ValType::F32 };
    (f64) => { ValType::F64 };
    (v128) => { ValType::V128 };
}

instructions! {
    // Control Instructions.
    "unreachable"                          Unreachable                  Control           (..) transfers traps;
    "nop"                                  Nop                          Control           (->);
    "block"                                Block                        Control           (..);
    "loop"                                 Loop                         Control           (..) transfers;
    "else"                                 Else                         Control           (..) transfers;
    "end"                                  End                          Control           (..) transfers;
    "if"                                   If                           Branch            (..) transfers;
    "br"                                   Br                           Branch            (..) transfers;
    "br_if"                                BrIf                         Branch            (..) transfers;
    "br_table"                             BrTable                      Branch            (..) transfers;
    "return"                               Return                       Branch            (..) transfers;
    "br_on_cast"                           BrOnCast                     Branch            (..) transfers;
    "br_on_cast_fail"                      BrOnCastFail                 Branch            (..) transfers;
    "br_on_cast_desc_eq"                   BrOnCastDescEq               Branch            (..) transfers traps unexecuted;
    "br_on_cast_desc_eq_fail"              BrOnCastDescEqFail           Branch            (..) transfers traps unexecuted;
    "br_on_null"                           BrOnNull                     Branch            (..) transfers;
    "br_on_non_null"                       BrOnNonNull                  Branch            (..) transfers;
    "call"                                 Call                         Call              (..) transfers;
    "call_indirect"                        CallIndirect                 Call              (..) transfers traps;
    "return_call"                          ReturnCall                   Call              (..) transfers;
    "return_call_indirect"                 ReturnCallIndirect           Call              (..) transfers traps;
    "call_ref"                             CallRef                      Call              (..) transfers traps;
    "return_call_ref"                      ReturnCallRef                Call              (..) transfers traps;
    "try_table"                            TryTable                     Exception         (..) transfers;
    "throw"                                Throw                        Exception         (..) transfers;
    "throw_ref"                            ThrowRef                     Exception         (..) transfers traps;

    // The exceptions of before 3.0.
    "try"                                  Try                          Legacy            (..) transfers;
    "catch"                                Catch                        Legacy            (..) transfers;
    "rethrow"                              Rethrow                      Legacy            (..) transfers;
    "delegate"                             Delegate                     Legacy            (..) transfers;
    "catch_all"                            CatchAll                     Legacy            (..) transfers;

    // Parametric Instructions and Variable Instructions.
    "drop"                                 Drop                         Parametric        (..);
    "select"                               Select                       Parametric        (..);
    "select_t"                             TypedSelect                  Parametric        (..);
    "select_t_multi"                       TypedSelectMulti             Parametric        (..) unexecuted;
    "local.get"                            LocalGet                     Variable          (..);
    "local.set"                            LocalSet                     Variable          (..);
    "local.tee"                            LocalTee                     Variable          (..);
    "global.get"                           GlobalGet                    Variable          (..);
    "global.set"                           GlobalSet                    Variable          (..);

    // Table Instructions.
    "table.get"                            TableGet                     Table             (..) traps;
    "table.set"                            TableSet                     Table             (..) traps;
    "table.grow"                           TableGrow                    Table             (..) dynamic;
    "table.size"                           TableSize                    Table             (..);
    "table.init"                           TableInit                    TableBulk         (..) dynamic traps;
    "table.copy"                           TableCopy                    TableBulk         (..) dynamic traps;
    "table.fill"                           TableFill                    TableBulk         (..) dynamic traps;

    // Memory Instructions.
    "i32.load"                             I32Load                      Load              (..) traps;
    "i64.load"                             I64Load                      Load              (..) traps;
    "f32.load"                             F32Load                      Load              (..) traps;
    "f64.load"                             F64Load                      Load              (..) traps;
    "i32.load8_s"                          I32Load8S                    Load              (..) traps;
    "i32.load8_u"                          I32Load8U                    Load              (..) traps;
    "i32.load16_s"                         I32Load16S                   Load              (..) traps;
    "i32.load16_u"                         I32Load16U                   Load              (..) traps;
    "i64.load8_s"                          I64Load8S                    Load              (..) traps;
    "i64.load8_u"                          I64Load8U                    Load              (..) traps;
    "i64.load16_s"                         I64Load16S                   Load              (..) traps;
    "i64.load16_u"                         I64Load16U                   Load              (..) traps;
    "i64.load32_s"                         I64Load32S                   Load              (..) traps;
    "i64.load32_u"                         I64Load32U                   Load              (..) traps;
    "i32.store"                            I32Store                     Store             (..) traps;
    "i64.store"                            I64Store                     Store             (..) traps;
    "f32.store"                            F32Store                     Store             (..) traps;
    "f64.store"                            F64Store                     Store             (..) traps;
    "i32.store8"                           I32Store8                    Store             (..) traps;
    "i32.store16"                          I32Store16                   Store             (..) traps;
    "i64.store8"                           I64Store8                    Store             (..) traps;
    "i64.store16"                          I64Store16                   Store             (..) traps;
    "i64.store32"                          I64Store32                   Store             (..) traps;
    "memory.size"                          MemorySize                   Memory            (..);
    "memory.grow"                          MemoryGrow                   Memory            (..) dynamic;
    "memory.init"                          MemoryInit                   MemoryBulk        (..) dynamic traps;
    "memory.copy"                          MemoryCopy                   MemoryBulk        (..) dynamic traps;
    "memory.fill"                          MemoryFill                   MemoryBulk        (..) dynamic traps;
    "memory.discard"                       MemoryDiscard                MemoryBulk        (..) dynamic traps priced_as(MemoryFill);

    // Segments of tables and memories.
    "data.drop"                            DataDrop                     Segment           (->);
    "elem.drop"                            ElemDrop                     Segment           (->);

    // Reference Instructions.
    "ref.eq"                               RefEq                        Reference         (..);
    "any.convert_extern"                   AnyConvertExtern             Reference         (..);
    "extern.convert_any"                   ExternConvertAny             Reference         (..);
    "ref.i31"                              RefI31                       Reference         (..);
    "ref.null"                             RefNull                      Reference         (..);
    "ref.is_null"                          RefIsNull                    Reference         (..);
    "ref.func"                             RefFunc                      Reference         (..);
    "ref.as_non_null"                      RefAsNonNull                 Reference         (..) traps;
    "ref.test"                             RefTestNonNull               Cast              (..);
    "ref.test_null"                        RefTestNullable              Cast              (..);
    "ref.cast"                             RefCastNonNull               Cast              (..) traps;
    "ref.cast_null"                        RefCastNullable              Cast              (..) traps;
    "ref.cast_desc_eq"                     RefCastDescEqNonNull         Cast              (..) traps unexecuted;
    "ref.cast_desc_eq_null"                RefCastDescEqNullable        Cast              (..) traps unexecuted;

    // Aggregate Instructions.
    "struct.get"                           StructGet                    Aggregate         (..) traps;
    "struct.get_s"                         StructGetS                   Aggregate         (..) traps;
    "struct.get_u"                         StructGetU                   Aggregate         (..) traps;
    "struct.set"                           StructSet                    Aggregate         (..) traps;
    "array.get"                            ArrayGet                     Aggregate         (..) traps;
    "array.get_s"                          ArrayGetS                    Aggregate         (..) traps;
    "array.get_u"                          ArrayGetU                    Aggregate         (..) traps;
    "array.set"                            ArraySet                     Aggregate         (..) traps;
    "array.len"                            ArrayLen                     Aggregate         (..) traps;
    "i31.get_s"                            I31GetS                      Aggregate         (..) traps;
    "i31.get_u"                            I31GetU                      Aggregate         (..) traps;
    "ref.get_desc"                         RefGetDesc                   Aggregate         (..) traps unexecuted;
    "struct.new"                           StructNew                    Allocation        (..) dynamic;
    "struct.new_default"                   StructNewDefault             Allocation        (..) dynamic;
    "array.new"                            ArrayNew                     Allocation        (..) dynamic;
    "array.new_default"                    ArrayNewDefault              Allocation        (..) dynamic;
    "array.new_fixed"                      ArrayNewFixed                Allocation        (..) dynamic;
    "array.new_data"                       ArrayNewData                 Allocation        (..) dynamic traps;
    "array.new_elem"                       ArrayNewElem                 Allocation        (..) dynamic traps;
    "struct.new_desc"                      StructNewDesc                Allocation        (..) dynamic traps unexecuted;
    "struct.new_default_desc"              StructNewDefaultDesc         Allocation        (..) dynamic traps unexecuted;
    "array.fill"                           ArrayFill                    ArrayBulk         (..) dynamic traps;
    "array.copy"                           ArrayCopy                    ArrayBulk         (..) dynamic traps;
    "array.init_data"                      ArrayInitData                ArrayBulk         (..) dynamic traps;
    "array.init_elem"                      ArrayInitElem                ArrayBulk         (..) dynamic traps;

    // Numeric Instructions: integers.
    "i32.const"                            I32Const                     Const             (-> i32);
    "i64.const"                            I64Const                     Const             (-> i64);
    "f32.const"                            F32Const                     Const             (-> f32);
    "f64.const"                            F64Const                     Const             (-> f64);
    "i32.clz"                              I32Clz                       IntUnop           (i32 -> i32);
    "i32.ctz"                              I32Ctz                       IntUnop           (i32 -> i32);
    "i32.popcnt"                           I32Popcnt                    IntUnop           (i32 -> i32);
    "i64.clz"                              I64Clz                       IntUnop           (i64 -> i64);
    "i64.ctz"                              I64Ctz                       IntUnop           (i64 -> i64);
    "i64.popcnt"                           I64Popcnt                    IntUnop           (i64 -> i64);
    "i32.extend8_s"                        I32Extend8S                  IntUnop           (i32 -> i32);
    "i32.extend16_s"                       I32Extend16S                 IntUnop           (i32 -> i32);
    "i64.extend8_s"                        I64Extend8S                  IntUnop           (i64 -> i64);
    "i64.extend16_s"                       I64Extend16S                 IntUnop           (i64 -> i64);
    "i64.extend32_s"                       I64Extend32S                 IntUnop           (i64 -> i64);
    "i32.add"                              I32Add                       IntBinop          (i32 i32 -> i32);
    "i32.sub"                              I32Sub                       IntBinop          (i32 i32 -> i32);
    "i32.mul"                              I32Mul                       IntBinop          (i32 i32 -> i32);
    "i32.div_s"                            I32DivS                      IntBinop          (i32 i32 -> i32) traps;
    "i32.div_u"                            I32DivU                      IntBinop          (i32 i32 -> i32) traps;
    "i32.rem_s"                            I32RemS                      IntBinop          (i32 i32 -> i32) traps;
    "i32.rem_u"                            I32RemU                      IntBinop          (i32 i32 -> i32) traps;
    "i32.and"                              I32And                       IntBinop          (i32 i32 -> i32);
    "i32.or"                               I32Or                        IntBinop          (i32 i32 -> i32);
    "i32.xor"                              I32Xor                       IntBinop          (i32 i32 -> i32);
    "i32.shl"                              I32Shl                       IntBinop          (i32 i32 -> i32);
    "i32.shr_s"                            I32ShrS                      IntBinop          (i32 i32 -> i32);
    "i32.shr_u"                            I32ShrU                      IntBinop          (i32 i32 -> i32);
    "i32.rotl"                             I32Rotl                      IntBinop          (i32 i32 -> i32);
    "i32.rotr"                             I32Rotr                      IntBinop          (i32 i32 -> i32);
    "i64.add"                              I64Add                       IntBinop          (i64 i64 -> i64);
    "i64.sub"                              I64Sub                       IntBinop          (i64 i64 -> i64);
    "i64.mul"                              I64Mul                       IntBinop          (i64 i64 -> i64);
    "i64.div_s"                            I64DivS                      IntBinop          (i64 i64 -> i64) traps;
    "i64.div_u"                            I64DivU                      IntBinop          (i64 i64 -> i64) traps;
    "i64.rem_s"                            I64RemS                      IntBinop          (i64 i64 -> i64) traps;
    "i64.rem_u"                            I64RemU                      IntBinop          (i64 i64 -> i64) traps;
    "i64.and"                              I64And                       IntBinop          (i64 i64 -> i64);
    "i64.or"                               I64Or                        IntBinop          (i64 i64 -> i64);
    "i64.xor"                              I64Xor                       IntBinop          (i64 i64 -> i64);
    "i64.shl"                              I64Shl                       IntBinop          (i64 i64 -> i64);
    "i64.shr_s"                            I64ShrS                      IntBinop          (i64 i64 -> i64);
    "i64.shr_u"                            I64ShrU                      IntBinop          (i64 i64 -> i64);
    "i64.rotl"                             I64Rotl                      IntBinop          (i64 i64 -> i64);
    "i64.rotr"                             I64Rotr                      IntBinop          (i64 i64 -> i64);
    "i32.eqz"                              I32Eqz                       IntTestop         (i32 -> i32);
    "i64.eqz"                              I64Eqz                       IntTestop         (i64 -> i32);
    "i32.eq"                               I32Eq                        IntRelop          (i32 i32 -> i32);
    "i32.ne"                               I32Ne                        IntRelop          (i32 i32 -> i32);
    "i32.lt_s"                             I32LtS                       IntRelop          (i32 i32 -> i32);
    "i32.lt_u"                             I32LtU                       IntRelop          (i32 i32 -> i32);
    "i32.gt_s"                             I32GtS                       IntRelop          (i32 i32 -> i32);
    "i32.gt_u"                             I32GtU                       IntRelop          (i32 i32 -> i32);
    "i32.le_s"                             I32LeS                       IntRelop          (i32 i32 -> i32);
    "i32.le_u"                             I32LeU                       IntRelop          (i32 i32 -> i32);
    "i32.ge_s"                             I32GeS                       IntRelop          (i32 i32 -> i32);
    "i32.ge_u"                             I32GeU                       IntRelop          (i32 i32 -> i32);
    "i64.eq"                               I64Eq                        IntRelop          (i64 i64 -> i32);
    "i64.ne"                               I64Ne                        IntRelop          (i64 i64 -> i32);
    "i64.lt_s"                             I64LtS                       IntRelop          (i64 i64 -> i32);
    "i64.lt_u"                             I64LtU                       IntRelop          (i64 i64 -> i32);
    "i64.gt_s"                             I64GtS                       IntRelop          (i64 i64 -> i32);
    "i64.gt_u"                             I64GtU                       IntRelop          (i64 i64 -> i32);
    "i64.le_s"                             I64LeS                       IntRelop          (i64 i64 -> i32);
    "i64.le_u"                             I64LeU                       IntRelop          (i64 i64 -> i32);
    "i64.ge_s"                             I64GeS                       IntRelop          (i64 i64 -> i32);
    "i64.ge_u"                             I64GeU                       IntRelop          (i64 i64 -> i32);

    // Numeric Instructions: floats.
    "f32.abs"                              F32Abs                       FloatUnop         (f32 -> f32);
    "f32.neg"                              F32Neg                       FloatUnop         (f32 -> f32);
    "f32.ceil"                             F32Ceil                      FloatUnop         (f32 -> f32);
    "f32.floor"                            F32Floor                     FloatUnop         (f32 -> f32);
    "f32.trunc"                            F32Trunc                     FloatUnop         (f32 -> f32);
    "f32.nearest"                          F32Nearest                   FloatUnop         (f32 -> f32);
    "f32.sqrt"                             F32Sqrt                      FloatUnop         (f32 -> f32);
    "f64.abs"                              F64Abs                       FloatUnop         (f64 -> f64);
    "f64.neg"                              F64Neg                       FloatUnop         (f64 -> f64);
    "f64.ceil"                             F64Ceil                      FloatUnop         (f64 -> f64);
    "f64.floor"                            F64Floor                     FloatUnop         (f64 -> f64);
    "f64.trunc"                            F64Trunc                     FloatUnop         (f64 -> f64);
    "f64.nearest"                          F64Nearest                   FloatUnop         (f64 -> f64);
    "f64.sqrt"                             F64Sqrt                      FloatUnop         (f64 -> f64);
    "f32.add"                              F32Add                       FloatBinop        (f32 f32 -> f32);
    "f32.sub"                              F32Sub                       FloatBinop        (f32 f32 -> f32);
    "f32.mul"                              F32Mul                       FloatBinop        (f32 f32 -> f32);
    "f32.div"                              F32Div                       FloatBinop        (f32 f32 -> f32);
    "f32.min"                              F32Min                       FloatBinop        (f32 f32 -> f32);
    "f32.max"                              F32Max                       FloatBinop        (f32 f32 -> f32);
    "f32.copysign"                         F32Copysign                  FloatBinop        (f32 f32 -> f32);
    "f64.add"                              F64Add                       FloatBinop        (f64 f64 -> f64);
    "f64.sub"                              F64Sub                       FloatBinop        (f64 f64 -> f64);
    "f64.mul"                              F64Mul                       FloatBinop        (f64 f64 -> f64);
    "f64.div"                              F64Div                       FloatBinop        (f64 f64 -> f64);
    "f64.min"                              F64Min                       FloatBinop        (f64 f64 -> f64);
    "f64.max"                              F64Max                       FloatBinop        (f64 f64 -> f64);
    "f64.copysign"                         F64Copysign                  FloatBinop        (f64 f64 -> f64);
    "f32.eq"                               F32Eq                        FloatRelop        (f32 f32 -> i32);
    "f32.ne"                               F32Ne                        FloatRelop        (f32 f32 -> i32);
    "f32.lt"                               F32Lt                        FloatRelop        (f32 f32 -> i32);
    "f32.gt"                               F32Gt                        FloatRelop        (f32 f32 -> i32);
    "f32.le"                               F32Le                        FloatRelop        (f32 f32 -> i32);
    "f32.ge"                               F32Ge                        FloatRelop        (f32 f32 -> i32);
    "f64.eq"                               F64Eq                        FloatRelop        (f64 f64 -> i32);
    "f64.ne"                               F64Ne                        FloatRelop        (f64 f64 -> i32);
    "f64.lt"                               F64Lt                        FloatRelop        (f64 f64 -> i32);
    "f64.gt"                               F64Gt                        FloatRelop        (f64 f64 -> i32);
    "f64.le"                               F64Le                        FloatRelop        (f64 f64 -> i32);
    "f64.ge"                               F64Ge                        FloatRelop        (f64 f64 -> i32);

    // Numeric Instructions: conversions.
    "i32.wrap_i64"                         I32WrapI64                   Cvtop             (i64 -> i32);
    "i32.trunc_f32_s"                      I32TruncF32S                 Cvtop             (f32 -> i32) traps;
    "i32.trunc_f32_u"                      I32TruncF32U                 Cvtop             (f32 -> i32) traps;
    "i32.trunc_f64_s"                      I32TruncF64S                 Cvtop             (f64 -> i32) traps;
    "i32.trunc_f64_u"                      I32TruncF64U                 Cvtop             (f64 -> i32) traps;
    "i64.extend_i32_s"                     I64ExtendI32S                Cvtop             (i32 -> i64);
    "i64.extend_i32_u"                     I64ExtendI32U                Cvtop             (i32 -> i64);
    "i64.trunc_f32_s"                      I64TruncF32S                 Cvtop             (f32 -> i64) traps;
    "i64.trunc_f32_u"                      I64TruncF32U                 Cvtop             (f32 -> i64) traps;
    "i64.trunc_f64_s"                      I64TruncF64S                 Cvtop             (f64 -> i64) traps;
    "i64.trunc_f64_u"                      I64TruncF64U                 Cvtop             (f64 -> i64) traps;
    "f32.convert_i32_s"                    F32ConvertI32S               Cvtop             (i32 -> f32);
    "f32.convert_i32_u"                    F32ConvertI32U               Cvtop             (i32 -> f32);
    "f32.convert_i64_s"                    F32ConvertI64S               Cvtop             (i64 -> f32);
    "f32.convert_i64_u"                    F32ConvertI64U               Cvtop             (i64 -> f32);
    "f32.demote_f64"                       F32DemoteF64                 Cvtop             (f64 -> f32);
    "f64.convert_i32_s"                    F64ConvertI32S               Cvtop             (i32 -> f64);
    "f64.convert_i32_u"                    F64ConvertI32U               Cvtop             (i32 -> f64);
    "f64.convert_i64_s"                    F64ConvertI64S               Cvtop             (i64 -> f64);
    "f64.convert_i64_u"                    F64ConvertI64U               Cvtop             (i64 -> f64);
    "f64.promote_f32"                      F64PromoteF32                Cvtop             (f32 -> f64);
    "i32.reinterpret_f32"                  I32ReinterpretF32            Cvtop             (f32 -> i32);
    "i64.reinterpret_f64"                  I64ReinterpretF64            Cvtop             (f64 -> i64);
    "f32.reinterpret_i32"                  F32ReinterpretI32            Cvtop             (i32 -> f32);
    "f64.reinterpret_i64"                  F64ReinterpretI64            Cvtop             (i64 -> f64);
    "i32.trunc_sat_f32_s"                  I32TruncSatF32S              Cvtop             (f32 -> i32);
    "i32.trunc_sat_f32_u"                  I32TruncSatF32U              Cvtop             (f32 -> i32);
    "i32.trunc_sat_f64_s"                  I32TruncSatF64S              Cvtop             (f64 -> i32);
    "i32.trunc_sat_f64_u"                  I32TruncSatF64U              Cvtop             (f64 -> i32);
    "i64.trunc_sat_f32_s"                  I64TruncSatF32S              Cvtop             (f32 -> i64);
    "i64.trunc_sat_f32_u"                  I64TruncSatF32U              Cvtop             (f32 -> i64);
    "i64.trunc_sat_f64_s"                  I64TruncSatF64S              Cvtop             (f64 -> i64);
    "i64.trunc_sat_f64_u"                  I64TruncSatF64U              Cvtop             (f64 -> i64);

    // Wide arithmetic.
    "i64.add128"                           I64Add128                    Wide              (i64 i64 i64 i64 -> i64 i64);
    "i64.sub128"                           I64Sub128                    Wide              (i64 i64 i64 i64 -> i64 i64);
    "i64.mul_wide_s"                       I64MulWideS                  Wide              (i64 i64 -> i64 i64);
    "i64.mul_wide_u"                       I64MulWideU                  Wide              (i64 i64 -> i64 i64);

    // Vector Instructions: accesses to memories.
    "v128.load"                            V128Load                     VectorLoad        (..) traps;
    "v128.load8x8_s"                       V128Load8x8S                 VectorLoad        (..) traps;
    "v128.load8x8_u"                       V128Load8x8U                 VectorLoad        (..) traps;
    "v128.load16x4_s"                      V128Load16x4S                VectorLoad        (..) traps;
    "v128.load16x4_u"                      V128Load16x4U                VectorLoad        (..) traps;
    "v128.load32x2_s"                      V128Load32x2S                VectorLoad        (..) traps;
    "v128.load32x2_u"                      V128Load32x2U                VectorLoad        (..) traps;
    "v128.load8_splat"                     V128Load8Splat               VectorLoad        (..) traps;
    "v128.load16_splat"                    V128Load16Splat              VectorLoad        (..) traps;
    "v128.load32_splat"                    V128Load32Splat              VectorLoad        (..) traps;
    "v128.load64_splat"                    V128Load64Splat              VectorLoad        (..) traps;
    "v128.load32_zero"                     V128Load32Zero               VectorLoad        (..) traps;
    "v128.load64_zero"                     V128Load64Zero               VectorLoad        (..) traps;
    "v128.load8_lane"                      V128Load8Lane                VectorLoadLane    (..) traps;
    "v128.load16_lane"                     V128Load16Lane               VectorLoadLane    (..) traps;
    "v128.load32_lane"                     V128Load32Lane               VectorLoadLane    (..) traps;
    "v128.load64_lane"                     V128Load64Lane               VectorLoadLane    (..) traps;
    "v128.store"                           V128Store                    VectorStore       (..) traps;
    "v128.store8_lane"                     V128Store8Lane               VectorStoreLane   (..) traps;
    "v128.store16_lane"                    V128Store16Lane              VectorStoreLane   (..) traps;
    "v128.store32_lane"                    V128Store32Lane              VectorStoreLane   (..) traps;
    "v128.store64_lane"                    V128Store64Lane              VectorStoreLane   (..) traps;

    // Vector Instructions: bits and lanes.
    "v128.const"                           V128Const                    VectorConst       (-> v128);
    "v128.not"                             V128Not                      VectorBitwise     (v128 -> v128);
    "v128.and"                             V128And                      VectorBitwise     (v128 v128 -> v128);
    "v128.andnot"                          V128AndNot                   VectorBitwise     (v128 v128 -> v128);
    "v128.or"                              V128Or                       VectorBitwise     (v128 v128 -> v128);
    "v128.xor"                             V128Xor                      VectorBitwise     (v128 v128 -> v128);
    "v128.bitselect"                       V128Bitselect                VectorBitwise     (v128 v128 v128 -> v128);
    "v128.any_true"                        V128AnyTrue                  VectorTestop      (v128 -> i32);
    "i8x16.all_true"                       I8x16AllTrue                 VectorTestop      (v128 -> i32);
    "i8x16.bitmask"                        I8x16Bitmask                 VectorTestop      (v128 -> i32);
    "i16x8.all_true"                       I16x8AllTrue                 VectorTestop      (v128 -> i32);
    "i16x8.bitmask"                        I16x8Bitmask                 VectorTestop      (v128 -> i32);
    "i32x4.all_true"                       I32x4AllTrue                 VectorTestop      (v128 -> i32);
    "i32x4.bitmask"                        I32x4Bitmask                 VectorTestop      (v128 -> i32);
    "i64x2.all_true"                       I64x2AllTrue                 VectorTestop      (v128 -> i32);
    "i64x2.bitmask"                        I64x2Bitmask                 VectorTestop      (v128 -> i32);
    "i8x16.shuffle"                        I8x16Shuffle                 VectorShuffle     (v128 v128 -> v128);
    "i8x16.swizzle"                        I8x16Swizzle                 VectorShuffle     (v128 v128 -> v128);
    "i8x16.extract_lane_s"                 I8x16ExtractLaneS            VectorLane        (v128 -> i32);
    "i8x16.extract_lane_u"                 I8x16ExtractLaneU            VectorLane        (v128 -> i32);
    "i8x16.replace_lane"                   I8x16ReplaceLane             VectorLane        (v128 i32 -> v128);
    "i16x8.extract_lane_s"                 I16x8ExtractLaneS            VectorLane        (v128 -> i32);
    "i16x8.extract_lane_u"                 I16x8ExtractLaneU            VectorLane        (v128 -> i32);
    "i16x8.replace_lane"                   I16x8ReplaceLane             VectorLane        (v128 i32 -> v128);
    "i32x4.extract_lane"                   I32x4ExtractLane             VectorLane        (v128 -> i32);
    "i32x4.replace_lane"                   I32x4ReplaceLane             VectorLane        (v128 i32 -> v128);
    "i64x2.extract_lane"                   I64x2ExtractLane             VectorLane        (v128 -> i64);
    "i64x2.replace_lane"                   I64x2ReplaceLane             VectorLane        (v128 i64 -> v128);
    "f32x4.extract_lane"                   F32x4ExtractLane             VectorLane        (v128 -> f32);
    "f32x4.replace_lane"                   F32x4ReplaceLane             VectorLane        (v128 f32 -> v128);
    "f64x2.extract_lane"                   F64x2ExtractLane             VectorLane        (v128 -> f64);
    "f64x2.replace_lane"                   F64x2ReplaceLane             VectorLane        (v128 f64 -> v128);
    "i8x16.splat"                          I8x16Splat                   VectorLane        (i32 -> v128);
    "i16x8.splat"                          I16x8Splat                   VectorLane        (i32 -> v128);
    "i32x4.splat"                          I32x4Splat                   VectorLane        (i32 -> v128);
    "i64x2.splat"                          I64x2Splat                   VectorLane        (i64 -> v128);
    "f32x4.splat"                          F32x4Splat                   VectorLane        (f32 -> v128);
    "f64x2.splat"                          F64x2Splat                   VectorLane        (f64 -> v128);

    // Vector Instructions: integers.
    "i8x16.eq"                             I8x16Eq                      VectorRelop       (v128 v128 -> v128);
    "i8x16.ne"                             I8x16Ne                      VectorRelop       (v128 v128 -> v128);
    "i8x16.lt_s"                           I8x16LtS                     VectorRelop       (v128 v128 -> v128);
    "i8x16.lt_u"                           I8x16LtU                     VectorRelop       (v128 v128 -> v128);
    "i8x16.gt_s"                           I8x16GtS                     VectorRelop       (v128 v128 -> v128);
    "i8x16.gt_u"                           I8x16GtU                     VectorRelop       (v128 v128 -> v128);
    "i8x16.le_s"                           I8x16LeS                     VectorRelop       (v128 v128 -> v128);
    "i8x16.le_u"                           I8x16LeU                     VectorRelop       (v128 v128 -> v128);
    "i8x16.ge_s"                           I8x16GeS                     VectorRelop       (v128 v128 -> v128);
    "i8x16.ge_u"                           I8x16GeU                     VectorRelop       (v128 v128 -> v128);
    "i16x8.eq"                             I16x8Eq                      VectorRelop       (v128 v128 -> v128);
    "i16x8.ne"                             I16x8Ne                      VectorRelop       (v128 v128 -> v128);
    "i16x8.lt_s"                           I16x8LtS                     VectorRelop       (v128 v128 -> v128);
    "i16x8.lt_u"                           I16x8LtU                     VectorRelop       (v128 v128 -> v128);
    "i16x8.gt_s"                           I16x8GtS                     VectorRelop       (v128 v128 -> v128);
    "i16x8.gt_u"                           I16x8GtU                     VectorRelop       (v128 v128 -> v128);
    "i16x8.le_s"                           I16x8LeS                     VectorRelop       (v128 v128 -> v128);
    "i16x8.le_u"                           I16x8LeU                     VectorRelop       (v128 v128 -> v128);
    "i16x8.ge_s"                           I16x8GeS                     VectorRelop       (v128 v128 -> v128);
    "i16x8.ge_u"                           I16x8GeU                     VectorRelop       (v128 v128 -> v128);
    "i32x4.eq"                             I32x4Eq                      VectorRelop       (v128 v128 -> v128);
    "i32x4.ne"                             I32x4Ne                      VectorRelop       (v128 v128 -> v128);
    "i32x4.lt_s"                           I32x4LtS                     VectorRelop       (v128 v128 -> v128);
    "i32x4.lt_u"                           I32x4LtU                     VectorRelop       (v128 v128 -> v128);
    "i32x4.gt_s"                           I32x4GtS                     VectorRelop       (v128 v128 -> v128);
    "i32x4.gt_u"                           I32x4GtU                     VectorRelop       (v128 v128 -> v128);
    "i32x4.le_s"                           I32x4LeS                     VectorRelop       (v128 v128 -> v128);
    "i32x4.le_u"                           I32x4LeU                     VectorRelop       (v128 v128 -> v128);
    "i32x4.ge_s"                           I32x4GeS                     VectorRelop       (v128 v128 -> v128);
    "i32x4.ge_u"                           I32x4GeU                     VectorRelop       (v128 v128 -> v128);
    "i64x2.eq"                             I64x2Eq                      VectorRelop       (v128 v128 -> v128);
    "i64x2.ne"                             I64x2Ne                      VectorRelop       (v128 v128 -> v128);
    "i64x2.lt_s"                           I64x2LtS                     VectorRelop       (v128 v128 -> v128);
    "i64x2.gt_s"                           I64x2GtS                     VectorRelop       (v128 v128 -> v128);
    "i64x2.le_s"                           I64x2LeS                     VectorRelop       (v128 v128 -> v128);
    "i64x2.ge_s"                           I64x2GeS                     VectorRelop       (v128 v128 -> v128);
    "i8x16.abs"                            I8x16Abs                     VectorIntUnop     (v128 -> v128);
    "i8x16.neg"                            I8x16Neg                     VectorIntUnop     (v128 -> v128);
    "i8x16.popcnt"                         I8x16Popcnt                  VectorIntUnop     (v128 -> v128);
    "i16x8.abs"                            I16x8Abs                     VectorIntUnop     (v128 -> v128);
    "i16x8.neg"                            I16x8Neg                     VectorIntUnop     (v128 -> v128);
    "i32x4.abs"                            I32x4Abs                     VectorIntUnop     (v128 -> v128);
    "i32x4.neg"                            I32x4Neg                     VectorIntUnop     (v128 -> v128);
    "i64x2.abs"                            I64x2Abs                     VectorIntUnop     (v128 -> v128);
    "i64x2.neg"                            I64x2Neg                     VectorIntUnop     (v128 -> v128);
    "i8x16.add"                            I8x16Add                     VectorIntBinop    (v128 v128 -> v128);
    "i8x16.add_sat_s"                      I8x16AddSatS                 VectorIntBinop    (v128 v128 -> v128);
    "i8x16.add_sat_u"                      I8x16AddSatU                 VectorIntBinop    (v128 v128 -> v128);
    "i8x16.sub"                            I8x16Sub                     VectorIntBinop    (v128 v128 -> v128);
    "i8x16.sub_sat_s"                      I8x16SubSatS                 VectorIntBinop    (v128 v128 -> v128);
    "i8x16.sub_sat_u"                      I8x16SubSatU                 VectorIntBinop    (v128 v128 -> v128);
    "i8x16.min_s"                          I8x16MinS                    VectorIntBinop    (v128 v128 -> v128);
    "i8x16.min_u"                          I8x16MinU                    VectorIntBinop    (v128 v128 -> v128);
    "i8x16.max_s"                          I8x16MaxS                    VectorIntBinop    (v128 v128 -> v128);
    "i8x16.max_u"                          I8x16MaxU                    VectorIntBinop    (v128 v128 -> v128);
    "i8x16.avgr_u"                         I8x16AvgrU                   VectorIntBinop    (v128 v128 -> v128);
    "i16x8.q15mulr_sat_s"                  I16x8Q15MulrSatS             VectorIntBinop    (v128 v128 -> v128);
    "i16x8.add"                            I16x8Add                     VectorIntBinop    (v128 v128 -> v128);
    "i16x8.add_sat_s"                      I16x8AddSatS                 VectorIntBinop    (v128 v128 -> v128);
    "i16x8.add_sat_u"                      I16x8AddSatU                 VectorIntBinop    (v128 v128 -> v128);
    "i16x8.sub"                            I16x8Sub                     VectorIntBinop    (v128 v128 -> v128);
    "i16x8.sub_sat_s"                      I16x8SubSatS                 VectorIntBinop    (v128 v128 -> v128);
    "i16x8.sub_sat_u"                      I16x8SubSatU                 VectorIntBinop    (v128 v128 -> v128);
    "i16x8.mul"                            I16x8Mul                     VectorIntBinop    (v128 v128 -> v128);
    "i16x8.min_s"                          I16x8MinS                    VectorIntBinop    (v128 v128 -> v128);
    "i16x8.min_u"                          I16x8MinU                    VectorIntBinop    (v128 v128 -> v128);
    "i16x8.max_s"                          I16x8MaxS                    VectorIntBinop    (v128 v128 -> v128);
    "i16x8.max_u"                          I16x8MaxU                    VectorIntBinop    (v128 v128 -> v128);
    "i16x8.avgr_u"                         I16x8AvgrU                   VectorIntBinop    (v128 v128 -> v128);
    "i32x4.add"                            I32x4Add                     VectorIntBinop    (v128 v128 -> v128);
    "i32x4.sub"                            I32x4Sub                     VectorIntBinop    (v128 v128 -> v128);
    "i32x4.mul"                            I32x4Mul                     VectorIntBinop    (v128 v128 -> v128);
    "i32x4.min_s"                          I32x4MinS                    VectorIntBinop    (v128 v128 -> v128);
    "i32x4.min_u"                          I32x4MinU                    VectorIntBinop    (v128 v128 -> v128);
    "i32x4.max_s"                          I32x4MaxS                    VectorIntBinop    (v128 v128 -> v128);
    "i32x4.max_u"                          I32x4MaxU                    VectorIntBinop    (v128 v128 -> v128);
    "i64x2.add"                            I64x2Add                     VectorIntBinop    (v128 v128 -> v128);
    "i64x2.sub"                            I64x2Sub                     VectorIntBinop    (v128 v128 -> v128);
    "i64x2.mul"                            I64x2Mul                     VectorIntBinop    (v128 v128 -> v128);
    "i8x16.shl"                            I8x16Shl                     VectorIntShift    (v128 i32 -> v128);
    "i8x16.shr_s"                          I8x16ShrS                    VectorIntShift    (v128 i32 -> v128);
    "i8x16.shr_u"                          I8x16ShrU                    VectorIntShift    (v128 i32 -> v128);
    "i16x8.shl"                            I16x8Shl                     VectorIntShift    (v128 i32 -> v128);
    "i16x8.shr_s"                          I16x8ShrS                    VectorIntShift    (v128 i32 -> v128);
    "i16x8.shr_u"                          I16x8ShrU                    VectorIntShift    (v128 i32 -> v128);
    "i32x4.shl"                            I32x4Shl                     VectorIntShift    (v128 i32 -> v128);
    "i32x4.shr_s"                          I32x4ShrS                    VectorIntShift    (v128 i32 -> v128);
    "i32x4.shr_u"                          I32x4ShrU                    VectorIntShift    (v128 i32 -> v128);
    "i64x2.shl"                            I64x2Shl                     VectorIntShift    (v128 i32 -> v128);
    "i64x2.shr_s"                          I64x2ShrS                    VectorIntShift    (v128 i32 -> v128);
    "i64x2.shr_u"                          I64x2ShrU                    VectorIntShift    (v128 i32 -> v128);
    "i16x8.extadd_pairwise_i8x16_s"        I16x8ExtAddPairwiseI8x16S    VectorIntExtend   (v128 -> v128);
    "i16x8.extadd_pairwise_i8x16_u"        I16x8ExtAddPairwiseI8x16U    VectorIntExtend   (v128 -> v128);
    "i16x8.extmul_low_i8x16_s"             I16x8ExtMulLowI8x16S         VectorIntExtend   (v128 v128 -> v128);
    "i16x8.extmul_high_i8x16_s"            I16x8ExtMulHighI8x16S        VectorIntExtend   (v128 v128 -> v128);
    "i16x8.extmul_low_i8x16_u"             I16x8ExtMulLowI8x16U         VectorIntExtend   (v128 v128 -> v128);
    "i16x8.extmul_high_i8x16_u"            I16x8ExtMulHighI8x16U        VectorIntExtend   (v128 v128 -> v128);
    "i32x4.extadd_pairwise_i16x8_s"        I32x4ExtAddPairwiseI16x8S    VectorIntExtend   (v128 -> v128);
    "i32x4.extadd_pairwise_i16x8_u"        I32x4ExtAddPairwiseI16x8U    VectorIntExtend   (v128 -> v128);
    "i32x4.dot_i16x8_s"                    I32x4DotI16x8S               VectorIntExtend   (v128 v128 -> v128);
    "i32x4.extmul_low_i16x8_s"             I32x4ExtMulLowI16x8S         VectorIntExtend   (v128 v128 -> v128);
    "i32x4.extmul_high_i16x8_s"            I32x4ExtMulHighI16x8S        VectorIntExtend   (v128 v128 -> v128);
    "i32x4.extmul_low_i16x8_u"             I32x4ExtMulLowI16x8U         VectorIntExtend   (v128 v128 -> v128);
    "i32x4.extmul_high_i16x8_u"            I32x4ExtMulHighI16x8U        VectorIntExtend   (v128 v128 -> v128);
    "i64x2.extmul_low_i32x4_s"             I64x2ExtMulLowI32x4S         VectorIntExtend   (v128 v128 -> v128);
    "i64x2.extmul_high_i32x4_s"            I64x2ExtMulHighI32x4S        VectorIntExtend   (v128 v128 -> v128);
    "i64x2.extmul_low_i32x4_u"             I64x2ExtMulLowI32x4U         VectorIntExtend   (v128 v128 -> v128);
    "i64x2.extmul_high_i32x4_u"            I64x2ExtMulHighI32x4U        VectorIntExtend   (v128 v128 -> v128);

    // Vector Instructions: floats.
    "f32x4.eq"                             F32x4Eq                      VectorRelop       (v128 v128 -> v128);
    "f32x4.ne"                             F32x4Ne                      VectorRelop       (v128 v128 -> v128);
    "f32x4.lt"                             F32x4Lt                      VectorRelop       (v128 v128 -> v128);
    "f32x4.gt"                             F32x4Gt                      VectorRelop       (v128 v128 -> v128);
    "f32x4.le"                             F32x4Le                      VectorRelop       (v128 v128 -> v128);
    "f32x4.ge"                             F32x4Ge                      VectorRelop       (v128 v128 -> v128);
    "f64x2.eq"                             F64x2Eq                      VectorRelop       (v128 v128 -> v128);
    "f64x2.ne"                             F64x2Ne                      VectorRelop       (v128 v128 -> v128);
    "f64x2.lt"                             F64x2Lt                      VectorRelop       (v128 v128 -> v128);
    "f64x2.gt"                             F64x2Gt                      VectorRelop       (v128 v128 -> v128);
    "f64x2.le"                             F64x2Le                      VectorRelop       (v128 v128 -> v128);
    "f64x2.ge"                             F64x2Ge                      VectorRelop       (v128 v128 -> v128);
    "f32x4.ceil"                           F32x4Ceil                    VectorFloatUnop   (v128 -> v128);
    "f32x4.floor"                          F32x4Floor                   VectorFloatUnop   (v128 -> v128);
    "f32x4.trunc"                          F32x4Trunc                   VectorFloatUnop   (v128 -> v128);
    "f32x4.nearest"                        F32x4Nearest                 VectorFloatUnop   (v128 -> v128);
    "f32x4.abs"                            F32x4Abs                     VectorFloatUnop   (v128 -> v128);
    "f32x4.neg"                            F32x4Neg                     VectorFloatUnop   (v128 -> v128);
    "f32x4.sqrt"                           F32x4Sqrt                    VectorFloatUnop   (v128 -> v128);
    "f64x2.ceil"                           F64x2Ceil                    VectorFloatUnop   (v128 -> v128);
    "f64x2.floor"                          F64x2Floor                   VectorFloatUnop   (v128 -> v128);
    "f64x2.trunc"                          F64x2Trunc                   VectorFloatUnop   (v128 -> v128);
    "f64x2.nearest"                        F64x2Nearest                 VectorFloatUnop   (v128 -> v128);
    "f64x2.abs"                            F64x2Abs                     VectorFloatUnop   (v128 -> v128);
    "f64x2.neg"                            F64x2Neg                     VectorFloatUnop   (v128 -> v128);
    "f64x2.sqrt"                           F64x2Sqrt                    VectorFloatUnop   (v128 -> v128);
    "f32x4.add"                            F32x4Add                     VectorFloatBinop  (v128 v128 -> v128);
    "f32x4.sub"                            F32x4Sub                     VectorFloatBinop  (v128 v128 -> v128);
    "f32x4.mul"                            F32x4Mul                     VectorFloatBinop  (v128 v128 -> v128);
    "f32x4.div"                            F32x4Div                     VectorFloatBinop  (v128 v128 -> v128);
    "f32x4.min"                            F32x4Min                     VectorFloatBinop  (v128 v128 -> v128);
    "f32x4.max"                            F32x4Max                     VectorFloatBinop  (v128 v128 -> v128);
    "f32x4.pmin"                           F32x4PMin                    VectorFloatBinop  (v128 v128 -> v128);
    "f32x4.pmax"                           F32x4PMax                    VectorFloatBinop  (v128 v128 -> v128);
    "f64x2.add"                            F64x2Add                     VectorFloatBinop  (v128 v128 -> v128);
    "f64x2.sub"                            F64x2Sub                     VectorFloatBinop  (v128 v128 -> v128);
    "f64x2.mul"                            F64x2Mul                     VectorFloatBinop  (v128 v128 -> v128);
    "f64x2.div"                            F64x2Div                     VectorFloatBinop  (v128 v128 -> v128);
    "f64x2.min"                            F64x2Min                     VectorFloatBinop  (v128 v128 -> v128);
    "f64x2.max"                            F64x2Max                     VectorFloatBinop  (v128 v128 -> v128);
    "f64x2.pmin"                           F64x2PMin                    VectorFloatBinop  (v128 v128 -> v128);
    "f64x2.pmax"                           F64x2PMax                    VectorFloatBinop  (v128 v128 -> v128);

    // Vector Instructions: conversions.
    "i8x16.narrow_i16x8_s"                 I8x16NarrowI16x8S            VectorCvtop       (v128 v128 -> v128);
    "i8x16.narrow_i16x8_u"                 I8x16NarrowI16x8U            VectorCvtop       (v128 v128 -> v128);
    "i16x8.narrow_i32x4_s"                 I16x8NarrowI32x4S            VectorCvtop       (v128 v128 -> v128);
    "i16x8.narrow_i32x4_u"                 I16x8NarrowI32x4U            VectorCvtop       (v128 v128 -> v128);
    "i16x8.extend_low_i8x16_s"             I16x8ExtendLowI8x16S         VectorCvtop       (v128 -> v128);
    "i16x8.extend_high_i8x16_s"            I16x8ExtendHighI8x16S        VectorCvtop       (v128 -> v128);
    "i16x8.extend_low_i8x16_u"             I16x8ExtendLowI8x16U         VectorCvtop       (v128 -> v128);
    "i16x8.extend_high_i8x16_u"            I16x8ExtendHighI8x16U        VectorCvtop       (v128 -> v128);
    "i32x4.extend_low_i16x8_s"             I32x4ExtendLowI16x8S         VectorCvtop       (v128 -> v128);
    "i32x4.extend_high_i16x8_s"            I32x4ExtendHighI16x8S        VectorCvtop       (v128 -> v128);
    "i32x4.extend_low_i16x8_u"             I32x4ExtendLowI16x8U         VectorCvtop       (v128 -> v128);
    "i32x4.extend_high_i16x8_u"            I32x4ExtendHighI16x8U        VectorCvtop       (v128 -> v128);
    "i64x2.extend_low_i32x4_s"             I64x2ExtendLowI32x4S         VectorCvtop       (v128 -> v128);
    "i64x2.extend_high_i32x4_s"            I64x2ExtendHighI32x4S        VectorCvtop       (v128 -> v128);
    "i64x2.extend_low_i32x4_u"             I64x2ExtendLowI32x4U         VectorCvtop       (v128 -> v128);
    "i64x2.extend_high_i32x4_u"            I64x2ExtendHighI32x4U        VectorCvtop       (v128 -> v128);
    "i32x4.trunc_sat_f32x4_s"              I32x4TruncSatF32x4S          VectorCvtop       (v128 -> v128);
    "i32x4.trunc_sat_f32x4_u"              I32x4TruncSatF32x4U          VectorCvtop       (v128 -> v128);
    "f32x4.convert_i32x4_s"                F32x4ConvertI32x4S           VectorCvtop       (v128 -> v128);
    "f32x4.convert_i32x4_u"                F32x4ConvertI32x4U           VectorCvtop       (v128 -> v128);
    "i32x4.trunc_sat_f64x2_s_zero"         I32x4TruncSatF64x2SZero      VectorCvtop       (v128 -> v128);
    "i32x4.trunc_sat_f64x2_u_zero"         I32x4TruncSatF64x2UZero      VectorCvtop       (v128 -> v128);
    "f64x2.convert_low_i32x4_s"            F64x2ConvertLowI32x4S        VectorCvtop       (v128 -> v128);
    "f64x2.convert_low_i32x4_u"            F64x2ConvertLowI32x4U        VectorCvtop       (v128 -> v128);
    "f32x4.demote_f64x2_zero"              F32x4DemoteF64x2Zero         VectorCvtop       (v128 -> v128);
    "f64x2.promote_low_f32x4"              F64x2PromoteLowF32x4         VectorCvtop       (v128 -> v128);

    // Vector Instructions: relaxed.
    "i8x16.relaxed_swizzle"                I8x16RelaxedSwizzle          VectorRelaxed     (v128 v128 -> v128);
    "i32x4.relaxed_trunc_f32x4_s"          I32x4RelaxedTruncF32x4S      VectorRelaxed     (v128 -> v128);
    "i32x4.relaxed_trunc_f32x4_u"          I32x4RelaxedTruncF32x4U      VectorRelaxed     (v128 -> v128);
    "i32x4.relaxed_trunc_f64x2_s_zero"     I32x4RelaxedTruncF64x2SZero  VectorRelaxed     (v128 -> v128);
    "i32x4.relaxed_trunc_f64x2_u_zero"     I32x4RelaxedTruncF64x2UZero  VectorRelaxed     (v128 -> v128);
    "f32x4.relaxed_madd"                   F32x4RelaxedMadd             VectorRelaxed     (v128 v128 v128 -> v128);
    "f32x4.relaxed_nmadd"                  F32x4RelaxedNmadd            VectorRelaxed     (v128 v128 v128 -> v128);
    "f64x2.relaxed_madd"                   F64x2RelaxedMadd             VectorRelaxed     (v128 v128 v128 -> v128);
    "f64x2.relaxed_nmadd"                  F64x2RelaxedNmadd            VectorRelaxed     (v128 v128 v128 -> v128);
    "i8x16.relaxed_laneselect"             I8x16RelaxedLaneselect       VectorRelaxed     (v128 v128 v128 -> v128);
    "i16x8.relaxed_laneselect"             I16x8RelaxedLaneselect       VectorRelaxed     (v128 v128 v128 -> v128);
    "i32x4.relaxed_laneselect"             I32x4RelaxedLaneselect       VectorRelaxed     (v128 v128 v128 -> v128);
    "i64x2.relaxed_laneselect"             I64x2RelaxedLaneselect       VectorRelaxed     (v128 v128 v128 -> v128);
    "f32x4.relaxed_min"                    F32x4RelaxedMin              VectorRelaxed     (v128 v128 -> v128);
    "f32x4.relaxed_max"                    F32x4RelaxedMax              VectorRelaxed     (v128 v128 -> v128);
    "f64x2.relaxed_min"                    F64x2RelaxedMin              VectorRelaxed     (v128 v128 -> v128);
    "f64x2.relaxed_max"                    F64x2RelaxedMax              VectorRelaxed     (v128 v128 -> v128);
    "i16x8.relaxed_q15mulr_s"              I16x8RelaxedQ15mulrS         VectorRelaxed     (v128 v128 -> v128);
    "i16x8.relaxed_dot_i8x16_i7x16_s"      I16x8RelaxedDotI8x16I7x16S   VectorRelaxed     (v128 v128 -> v128);
    "i32x4.relaxed_dot_i8x16_i7x16_add_s"  I32x4RelaxedDotI8x16I7x16AddS VectorRelaxed     (v128 v128 v128 -> v128);

    // Atomic accesses to memories.
    "i32.atomic.load"                      I32AtomicLoad                AtomicLoad        (..) traps;
    "i64.atomic.load"                      I64AtomicLoad                AtomicLoad        (..) traps;
    "i32.atomic.load8_u"                   I32AtomicLoad8U              AtomicLoad        (..) traps;
    "i32.atomic.load16_u"                  I32AtomicLoad16U             AtomicLoad        (..) traps;
    "i64.atomic.load8_u"                   I64AtomicLoad8U              AtomicLoad        (..) traps;
    "i64.atomic.load16_u"                  I64AtomicLoad16U             AtomicLoad        (..) traps;
    "i64.atomic.load32_u"                  I64AtomicLoad32U             AtomicLoad        (..) traps;
    "i32.atomic.store"                     I32AtomicStore               AtomicStore       (..) traps;
    "i64.atomic.store"                     I64AtomicStore               AtomicStore       (..) traps;
    "i32.atomic.store8"                    I32AtomicStore8              AtomicStore       (..) traps;
    "i32.atomic.store16"                   I32AtomicStore16             AtomicStore       (..) traps;
    "i64.atomic.store8"                    I64AtomicStore8              AtomicStore       (..) traps;
    "i64.atomic.store16"                   I64AtomicStore16             AtomicStore       (..) traps;
    "i64.atomic.store32"                   I64AtomicStore32             AtomicStore       (..) traps;
    "i32.atomic.rmw.add"                   I32AtomicRmwAdd              AtomicRmw         (..) traps;
    "i64.atomic.rmw.add"                   I64AtomicRmwAdd              AtomicRmw         (..) traps;
    "i32.atomic.rmw8.add_u"                I32AtomicRmw8AddU            AtomicRmw         (..) traps;
    "i32.atomic.rmw16.add_u"               I32AtomicRmw16AddU           AtomicRmw         (..) traps;
    "i64.atomic.rmw8.add_u"                I64AtomicRmw8AddU            AtomicRmw         (..) traps;
    "i64.atomic.rmw16.add_u"               I64AtomicRmw16AddU           AtomicRmw         (..) traps;
    "i64.atomic.rmw32.add_u"               I64AtomicRmw32AddU           AtomicRmw         (..) traps;
    "i32.atomic.rmw.sub"                   I32AtomicRmwSub              AtomicRmw         (..) traps;
    "i64.atomic.rmw.sub"                   I64AtomicRmwSub              AtomicRmw         (..) traps;
    "i32.atomic.rmw8.sub_u"                I32AtomicRmw8SubU            AtomicRmw         (..) traps;
    "i32.atomic.rmw16.sub_u"               I32AtomicRmw16SubU           AtomicRmw         (..) traps;
    "i64.atomic.rmw8.sub_u"                I64AtomicRmw8SubU            AtomicRmw         (..) traps;
    "i64.atomic.rmw16.sub_u"               I64AtomicRmw16SubU           AtomicRmw         (..) traps;
    "i64.atomic.rmw32.sub_u"               I64AtomicRmw32SubU           AtomicRmw         (..) traps;
    "i32.atomic.rmw.and"                   I32AtomicRmwAnd              AtomicRmw         (..) traps;
    "i64.atomic.rmw.and"                   I64AtomicRmwAnd              AtomicRmw         (..) traps;
    "i32.atomic.rmw8.and_u"                I32AtomicRmw8AndU            AtomicRmw         (..) traps;
    "i32.atomic.rmw16.and_u"               I32AtomicRmw16AndU           AtomicRmw         (..) traps;
    "i64.atomic.rmw8.and_u"                I64AtomicRmw8AndU            AtomicRmw         (..) traps;
    "i64.atomic.rmw16.and_u"               I64AtomicRmw16AndU           AtomicRmw         (..) traps;
    "i64.atomic.rmw32.and_u"               I64AtomicRmw32AndU           AtomicRmw         (..) traps;
    "i32.atomic.rmw.or"                    I32AtomicRmwOr               AtomicRmw         (..) traps;
    "i64.atomic.rmw.or"                    I64AtomicRmwOr               AtomicRmw         (..) traps;
    "i32.atomic.rmw8.or_u"                 I32AtomicRmw8OrU             AtomicRmw         (..) traps;
    "i32.atomic.rmw16.or_u"                I32AtomicRmw16OrU            AtomicRmw         (..) traps;
    "i64.atomic.rmw8.or_u"                 I64AtomicRmw8OrU             AtomicRmw         (..) traps;
    "i64.atomic.rmw16.or_u"                I64AtomicRmw16OrU            AtomicRmw         (..) traps;
    "i64.atomic.rmw32.or_u"                I64AtomicRmw32OrU            AtomicRmw         (..) traps;
    "i32.atomic.rmw.xor"                   I32AtomicRmwXor              AtomicRmw         (..) traps;
    "i64.atomic.rmw.xor"                   I64AtomicRmwXor              AtomicRmw         (..) traps;
    "i32.atomic.rmw8.xor_u"                I32AtomicRmw8XorU            AtomicRmw         (..) traps;
    "i32.atomic.rmw16.xor_u"               I32AtomicRmw16XorU           AtomicRmw         (..) traps;
    "i64.atomic.rmw8.xor_u"                I64AtomicRmw8XorU            AtomicRmw         (..) traps;
    "i64.atomic.rmw16.xor_u"               I64AtomicRmw16XorU           AtomicRmw         (..) traps;
    "i64.atomic.rmw32.xor_u"               I64AtomicRmw32XorU           AtomicRmw         (..) traps;
    "i32.atomic.rmw.xchg"                  I32AtomicRmwXchg             AtomicRmw         (..) traps;
    "i64.atomic.rmw.xchg"                  I64AtomicRmwXchg             AtomicRmw         (..) traps;
    "i32.atomic.rmw8.xchg_u"               I32AtomicRmw8XchgU           AtomicRmw         (..) traps;
    "i32.atomic.rmw16.xchg_u"              I32AtomicRmw16XchgU          AtomicRmw         (..) traps;
    "i64.atomic.rmw8.xchg_u"               I64AtomicRmw8XchgU           AtomicRmw         (..) traps;
    "i64.atomic.rmw16.xchg_u"              I64AtomicRmw16XchgU          AtomicRmw         (..) traps;
    "i64.atomic.rmw32.xchg_u"              I64AtomicRmw32XchgU          AtomicRmw         (..) traps;
    "i32.atomic.rmw.cmpxchg"               I32AtomicRmwCmpxchg          AtomicRmw         (..) traps;
    "i64.atomic.rmw.cmpxchg"               I64AtomicRmwCmpxchg          AtomicRmw         (..) traps;
    "i32.atomic.rmw8.cmpxchg_u"            I32AtomicRmw8CmpxchgU        AtomicRmw         (..) traps;
    "i32.atomic.rmw16.cmpxchg_u"           I32AtomicRmw16CmpxchgU       AtomicRmw         (..) traps;
    "i64.atomic.rmw8.cmpxchg_u"            I64AtomicRmw8CmpxchgU        AtomicRmw         (..) traps;
    "i64.atomic.rmw16.cmpxchg_u"           I64AtomicRmw16CmpxchgU       AtomicRmw         (..) traps;
    "i64.atomic.rmw32.cmpxchg_u"           I64AtomicRmw32CmpxchgU       AtomicRmw         (..) traps;
    "memory.atomic.notify"                 MemoryAtomicNotify           AtomicWait        (..) traps;
    "memory.atomic.wait32"                 MemoryAtomicWait32           AtomicWait        (..) traps;
    "memory.atomic.wait64"                 MemoryAtomicWait64           AtomicWait        (..) traps;
    "atomic.fence"                         AtomicFence                  Fence             (->);
}
