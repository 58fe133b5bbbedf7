//! What the specification leaves open besides the bits of NaNs, decided or told in a copy of a module: a relaxed instruction is one of
//! the vector instructions that it may do as, and each growth that fails is told by a global.

use crate::rewrite::parts::Failed;
use etalon_adapters::Val;
use etalon_module::{AddrType, Module, Opcode};
use wasm_encoder as we;

/// The names of the globals of the copy that tell growths of memories and tables: an `i64` with a bit for each of the last of them, set
/// if it failed; an `i64` in which all of them were mixed ([`mixed`]); and an `i32`, their number.
///
/// They are read by the engine that is judged. One that reads globals wrongly, or computes them wrongly, tells what does not fit together.
pub(crate) const GROWTH: [&str; 3] = ["etalon.grown", "etalon.grown.mixed", "etalon.grown.count"];

const TIMES: i64 = 0x5851_f42d_4c95_7f2d;
const FAILED: i64 = 0x1405_7b7e_f767_814f;
const AND: i64 = 0x632b_e59b_d9b4_e019;

/// What is mixed after a growth.
fn mixed(before: i64, failed: bool) -> i64 {
    before.wrapping_mul(TIMES).wrapping_add(i64::from(failed).wrapping_mul(FAILED)) ^ AND
}

/// Which growths failed, of the last 64, as the three globals tell it; `None` if they do not fit together.
pub(crate) fn growths([grown, mix, count]: [Val; 3]) -> Option<(i64, i32)> {
    let (Val::I64(grown), Val::I64(mix), Val::I32(count)) = (grown, mix, count) else {
        return None;
    };
    let known = u32::try_from(count).ok()?;
    if known > i64::BITS {
        // Those before are not known.
        return Some((grown, count));
    }
    let failed = |growth: u32| (grown.cast_unsigned() >> (known - 1 - growth)) & 1 == 1;
    let no_others = known == i64::BITS || grown.cast_unsigned() >> known == 0;
    let expected = (0..known).fold(0, |before, growth| mixed(before, failed(growth)));
    (no_others && expected == mix).then_some((grown, count))
}

/// Tells whether a growth failed, whose result is on the stack. `local` is one of ours of the type, `first` the first global.
pub(super) fn tell_growth(code: &mut Vec<u8>, address: AddrType, local: u32, first: u32) {
    let failed = |code: &mut we::InstructionSink<'_>| {
        code.local_get(local);
        match address {
            AddrType::I32 => code.i32_const(-1).i32_eq(),
            AddrType::I64 => code.i64_const(-1).i64_eq(),
        };
        code.i64_extend_i32_u();
    };
    let mut code = we::InstructionSink::new(code);
    code.local_set(local).global_get(first).i64_const(1).i64_shl();
    failed(&mut code);
    code.i64_or().global_set(first);
    code.global_get(first + 1).i64_const(TIMES).i64_mul();
    failed(&mut code);
    code.i64_const(FAILED).i64_mul().i64_add().i64_const(AND).i64_xor().global_set(first + 1);
    code.global_get(first + 2).i32_const(1).i32_add().global_set(first + 2).local_get(local);
}

/// The type of the addresses of what an instruction makes larger; `None` if it makes nothing larger.
pub(super) fn grows(module: &Module, operator: &wasmparser::Operator<'_>) -> Option<AddrType> {
    match operator {
        wasmparser::Operator::MemoryGrow { mem, .. } => {
            module.memories.get(*mem as usize).map(|ty| ty.addr)
        }
        wasmparser::Operator::TableGrow { table } => {
            module.tables.get(*table as usize).map(|ty| ty.addr)
        }
        _ => None,
    }
}

/// Even and odd lanes of 16 bits of two vectors, as `i8x16.shuffle` picks them.
const EVEN: [u8; 16] = [0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29];
const ODD: [u8; 16] = [2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31];

/// Writes what stands in the place of a relaxed instruction; `false` if it is none. `locals` are three of ours for vectors.
pub(super) fn decide(code: &mut Vec<u8>, opcode: Opcode, locals: [u32; 3]) -> Result<bool, Failed> {
    use Opcode::*;
    let [a, b, c] = locals;
    let mut code = we::InstructionSink::new(code);
    match opcode {
        I8x16RelaxedSwizzle => code.i8x16_swizzle(),
        I32x4RelaxedTruncF32x4S => code.i32x4_trunc_sat_f32x4_s(),
        I32x4RelaxedTruncF32x4U => code.i32x4_trunc_sat_f32x4_u(),
        I32x4RelaxedTruncF64x2SZero => code.i32x4_trunc_sat_f64x2_s_zero(),
        I32x4RelaxedTruncF64x2UZero => code.i32x4_trunc_sat_f64x2_u_zero(),
        I8x16RelaxedLaneselect
        | I16x8RelaxedLaneselect
        | I32x4RelaxedLaneselect
        | I64x2RelaxedLaneselect => code.v128_bitselect(),
        F32x4RelaxedMin => code.f32x4_min(),
        F32x4RelaxedMax => code.f32x4_max(),
        F64x2RelaxedMin => code.f64x2_min(),
        F64x2RelaxedMax => code.f64x2_max(),
        I16x8RelaxedQ15mulrS => code.i16x8_q15mulr_sat_s(),
        F32x4RelaxedMadd => code.local_set(c).f32x4_mul().local_get(c).f32x4_add(),
        F32x4RelaxedNmadd => code.local_set(c).f32x4_mul().f32x4_neg().local_get(c).f32x4_add(),
        F64x2RelaxedMadd => code.local_set(c).f64x2_mul().local_get(c).f64x2_add(),
        F64x2RelaxedNmadd => code.local_set(c).f64x2_mul().f64x2_neg().local_get(c).f64x2_add(),
        I16x8RelaxedDotI8x16I7x16S => {
            code.local_set(b).local_set(a);
            dot(&mut code, a, b)
        }
        I32x4RelaxedDotI8x16I7x16AddS => {
            code.local_set(c).local_set(b).local_set(a);
            dot(&mut code, a, b).i32x4_extadd_pairwise_i16x8_s().local_get(c).i32x4_add()
        }
        _ if opcode.proposal() == "relaxed_simd" => return Err(Failed),
        _ => return Ok(false),
    };
    Ok(true)
}

/// The sums of the products of neighbours.
fn dot<'c, 'b>(
    code: &'c mut we::InstructionSink<'b>,
    a: u32,
    b: u32,
) -> &'c mut we::InstructionSink<'b> {
    for lanes in [EVEN, ODD] {
        code.local_get(a).local_get(b).i16x8_extmul_low_i8x16_s();
        code.local_get(a).local_get(b).i16x8_extmul_high_i8x16_s();
        code.i8x16_shuffle(lanes);
    }
    code.i16x8_add_sat_s()
}

#[cfg(test)]
mod tests {
    use super::{GROWTH, growths, mixed};
    use crate::rewrite::{CANONICAL, replaced};
    use etalon_adapters::{Features, Outcome, SessionConfig, Val, adapter};
    use etalon_module::Opcode;

    /// What a module's function gives, and what is told of its growths.
    fn run(wasm: &[u8]) -> (Outcome, [Option<Val>; 3]) {
        let features = Features::all();
        let config =
            SessionConfig { features, gas: None, turns: false, measure: false, time: None };
        let mut session = adapter("interp").unwrap().session(&config).unwrap();
        let instance = session.load(wasm).unwrap();
        (session.invoke(instance, "f", &[]), GROWTH.map(|name| session.global(instance, name)))
    }

    /// Our tiers take the deterministic profile's meaning, and so does the copy, where that is one instruction; for operands for which
    /// nothing is open, all do the same.
    #[test]
    fn each_relaxed_instruction_is_decided_and_does_what_ours_do() {
        let relaxed = Opcode::ALL.iter().filter(|op| op.proposal() == "relaxed_simd");
        let mut tried = 0;
        for op in relaxed {
            let operands: Vec<String> = (0..op.shape().map_or(0, |shape| shape.operands.len()))
                .map(|n| format!("(v128.const i8x16 1 2 3 4 5 6 7 {n} 9 10 11 12 13 14 15 {n})"))
                .collect();
            let wat = format!(
                "(module (func (export \"f\") (result v128) ({} {})))",
                op.name(),
                operands.join(" ")
            );
            let wasm = wat::parse_str(&wat).unwrap();
            let (copy, has) = replaced(&wasm, CANONICAL).unwrap();
            assert!(has.relaxed, "{}", op.name());
            assert!(!wat_of(&copy).contains("relaxed"), "{}", op.name());
            assert_eq!(run(&copy).0, plain(&wasm), "{}", op.name());
            tried += 1;
        }
        assert_eq!(tried, 20);
    }

    fn plain(wasm: &[u8]) -> Outcome {
        let features = Features::all();
        let config =
            SessionConfig { features, gas: None, turns: false, measure: false, time: None };
        let mut session = adapter("interp").unwrap().session(&config).unwrap();
        let instance = session.load(wasm).unwrap();
        session.invoke(instance, "f", &[])
    }

    fn wat_of(wasm: &[u8]) -> String {
        wasmprinter::print_bytes(wasm).unwrap()
    }

    #[test]
    fn growths_that_fail_are_told() {
        for (grow, fails) in [
            ("(i64.extend_i32_s (memory.grow 0 (i32.const 1)))", false),
            ("(i64.extend_i32_s (memory.grow 0 (i32.const 9)))", true),
            ("(memory.grow 1 (i64.const 1))", false),
            ("(memory.grow 1 (i64.const 9))", true),
            ("(i64.extend_i32_s (table.grow (ref.null func) (i32.const 9)))", true),
        ] {
            let wat = format!(
                "(module (memory 1 3) (memory i64 1 3) (table 1 3 funcref)
                 (func (export \"f\") (result i64) {grow}))"
            );
            let wasm = wat::parse_str(&wat).unwrap();
            let (copy, has) = replaced(&wasm, CANONICAL).unwrap();
            assert!(has.growth);
            let (outcome, told) = run(&copy);
            assert_eq!(outcome, plain(&wasm), "{grow}");
            let told = growths(told.map(Option::unwrap));
            assert_eq!(told, Some((i64::from(fails), 1)), "{grow}");
        }
    }

    /// What an engine may make of globals that it reads or writes wrongly.
    #[test]
    fn what_does_not_fit_together_tells_no_growth() {
        let all = [false, true, true, false, true];
        let mix = all.iter().fold(0, |before, failed| mixed(before, *failed));
        assert_eq!(growths([Val::I64(0b01101), Val::I64(mix), Val::I32(5)]), Some((0b01101, 5)));
        let (none, some) = ([0, 0, 0], [0b01101, mix, 5]);
        let wrongly: [fn(i64) -> i64; 6] =
            [|n| !n, |n| n.wrapping_neg(), |n| n ^ 1, |n| n + 1, |n| n.swap_bytes(), |_| 7];
        for (number, wrong) in wrongly.into_iter().enumerate() {
            for [grown, mix, count] in [none, some] {
                let told = [Val::I64(wrong(grown)), Val::I64(wrong(mix)), Val::I32(count as i32)];
                let is_same = (wrong(grown), wrong(mix)) == (grown, mix);
                assert!(is_same || growths(told).is_none(), "{number}: {grown}");
            }
        }
        assert_eq!(growths([Val::I64(0), Val::I64(mix), Val::I32(5)]), None);
        assert_eq!(growths([Val::I64(0b01101), Val::I64(mix), Val::I32(4)]), None);
    }
}
