//! Tests that the arithmetic of this crate gives the same as the numeric functions, at the edges of the operands.

use super::{conversion, float, integer};
use etalon_numerics as spec;
use etalon_numerics::Undefined;
use etalon_runtime::Trap;
use std::fmt::Debug;

fn trap(undefined: Undefined) -> Trap {
    match undefined {
        Undefined::DivideByZero => Trap::IntegerDivideByZero,
        Undefined::Overflow => Trap::IntegerOverflow,
        Undefined::InvalidConversion => Trap::InvalidConversionToInteger,
    }
}

/// Compares results by their bits, NaNs included.
trait Bits {
    fn bits(self) -> Result<u64, Trap>;
}

macro_rules! bits {
    ($($t:ty: |$x:ident| $e:expr;)*) => {$(
        impl Bits for $t {
            fn bits(self) -> Result<u64, Trap> {
                let $x = self;
                $e
            }
        }
    )*};
}

bits! {
    bool: |x| Ok(x.into());
    u32: |x| Ok(x.into());
    u64: |x| Ok(x);
    f32: |x| Ok(x.to_bits().into());
    f64: |x| Ok(x.to_bits());
    Result<u32, Trap>: |x| x.map(u64::from);
    Result<u64, Trap>: |x| x;
    Result<u32, Undefined>: |x| x.map(u64::from).map_err(trap);
    Result<u64, Undefined>: |x| x.map_err(trap);
}

fn integers() -> Vec<u64> {
    let edges = [0u64, 1, 2, 7, 31, 32, 63, 64, 127, 128, 255, 0x7fff, 0x8000, 0xffff];
    let wide = [1 << 24, (1 << 24) + 1, 1 << 31, 1 << 32, (1 << 53) + 1, 1 << 62, 1 << 63];
    let positive: Vec<u64> =
        edges.into_iter().chain(wide).flat_map(|i| [i, i - i.min(1)]).collect();
    positive.iter().flat_map(|i| [*i, i.wrapping_neg(), !i]).collect()
}

fn floats() -> Vec<f64> {
    let powers = [0i32, 7, 23, 31, 32, 52, 63, 64, 127, 1023].map(|e| 2f64.powi(e));
    let near = powers.into_iter().flat_map(|p| [p, p - 1.0, p + 1.0, p.next_down(), p.next_up()]);
    let small = [0.0, 0.1, 0.5, 1.5, 2.5, f64::MIN_POSITIVE, 1e-310, f64::INFINITY, f64::NAN];
    let odd = f64::from_bits(0x7ff4_0000_0000_0001);
    near.chain(small).chain([odd]).flat_map(|z| [z, -z]).collect()
}

/// The same values in 32 bits, including integers that are out of range.
fn floats_32() -> Vec<f32> {
    let near = floats().into_iter().map(|z| z as f32).flat_map(|z| [z, z.next_up(), z.next_down()]);
    near.chain([0x7fa0_0001, 0xffa0_0001].map(f32::from_bits)).collect()
}

fn unary<A: Copy + Debug, R: Bits, S: Bits>(of: &[A], f: impl Fn(A) -> R, g: impl Fn(A) -> S) {
    for a in of {
        assert_eq!(f(*a).bits(), g(*a).bits(), "{a:?}");
    }
}

fn binary<A: Copy + Debug, R: Bits, S: Bits>(
    of: &[A],
    f: impl Fn(A, A) -> R,
    g: impl Fn(A, A) -> S,
) {
    for a in of {
        unary(of, |b| f(*a, b), |b| g(*a, b));
    }
}

macro_rules! agree {
    ($form:ident $of:ident: $($ours:path, $theirs:path;)*) => {$( $form(&$of, $ours, $theirs); )*};
}

macro_rules! integers_agree {
    ($ours:ident, $theirs:ident, $of:ident) => {
        use integer::$ours as ours;
        use spec::integer::$theirs as theirs;
        agree! { binary $of:
            ours::add, theirs::iadd; ours::sub, theirs::isub; ours::mul, theirs::imul;
            ours::and, theirs::iand; ours::or, theirs::ior; ours::xor, theirs::ixor;
            ours::shl, theirs::ishl; ours::shr_s, theirs::ishr_s; ours::shr_u, theirs::ishr_u;
            ours::rotl, theirs::irotl; ours::rotr, theirs::irotr;
            ours::div_s, theirs::idiv_s; ours::div_u, theirs::idiv_u;
            ours::rem_s, theirs::irem_s; ours::rem_u, theirs::irem_u;
            ours::eq, theirs::ieq; ours::ne, theirs::ine;
            ours::lt_s, theirs::ilt_s; ours::lt_u, theirs::ilt_u;
            ours::gt_s, theirs::igt_s; ours::gt_u, theirs::igt_u;
            ours::le_s, theirs::ile_s; ours::le_u, theirs::ile_u;
            ours::ge_s, theirs::ige_s; ours::ge_u, theirs::ige_u;
        }
        agree! { unary $of:
            ours::clz, theirs::iclz; ours::ctz, theirs::ictz; ours::popcnt, theirs::ipopcnt;
            ours::extend8_s, theirs::iextend8_s; ours::extend16_s, theirs::iextend16_s;
        }
        // `eqz` is prepared as a comparison with a constant.
        unary(&$of, |i| ours::eq(i, 0), theirs::ieqz);
    };
}

#[test]
fn integers_of_both_widths() {
    let wide = integers();
    let narrow: Vec<u32> = wide.iter().map(|i| *i as u32).collect();
    {
        integers_agree!(w32, n32, narrow);
    }
    integers_agree!(w64, n64, wide);
    unary(&wide, integer::extend32_s, theirs::iextend32_s);
}

macro_rules! floats_agree {
    ($ours:ident, $theirs:ident, $of:ident, $bits:ident) => {
        use float::$ours as ours;
        use spec::float::$theirs as theirs;
        agree! { binary $of:
            ours::add, theirs::fadd; ours::sub, theirs::fsub; ours::mul, theirs::fmul;
            ours::div, theirs::fdiv; ours::min, theirs::fmin; ours::max, theirs::fmax;
            ours::eq, theirs::feq; ours::ne, theirs::fne; ours::lt, theirs::flt;
            ours::gt, theirs::fgt; ours::le, theirs::fle; ours::ge, theirs::fge;
        }
        agree! { unary $of:
            ours::ceil, theirs::fceil; ours::floor, theirs::ffloor; ours::trunc, theirs::ftrunc;
            ours::nearest, theirs::fnearest; ours::sqrt, theirs::fsqrt;
        }
        agree! { unary $bits: ours::abs, theirs::fabs; ours::neg, theirs::fneg; }
        agree! { binary $bits: ours::copysign, theirs::fcopysign; }
    };
}

#[test]
fn floats_of_both_widths() {
    let (wide, narrow) = (floats(), floats_32());
    let bits: Vec<u32> = narrow.iter().map(|z| z.to_bits()).collect();
    {
        floats_agree!(w32, n32, narrow, bits);
    }
    let bits: Vec<u64> = wide.iter().map(|z| z.to_bits()).collect();
    floats_agree!(w64, n64, wide, bits);
}

macro_rules! conversions_agree {
    ($of:ident: $($name:ident)*) => {$(
        unary(&$of, conversion::$name, spec::conversion::$name);
    )*};
}

#[test]
#[rustfmt::skip]
fn conversions_of_all_types() {
    let (i64s, f64s, f32s) = (integers(), floats(), floats_32());
    let i32s: Vec<u32> = i64s.iter().map(|i| *i as u32).collect();
    conversions_agree!(f32s: i32_trunc_f32_s i32_trunc_f32_u i64_trunc_f32_s i64_trunc_f32_u
        i32_trunc_sat_f32_s i32_trunc_sat_f32_u i64_trunc_sat_f32_s i64_trunc_sat_f32_u
        f64_promote_f32);
    conversions_agree!(f64s: i32_trunc_f64_s i32_trunc_f64_u i64_trunc_f64_s i64_trunc_f64_u
        i32_trunc_sat_f64_s i32_trunc_sat_f64_u i64_trunc_sat_f64_s i64_trunc_sat_f64_u
        f32_demote_f64);
    conversions_agree!(i32s: f32_convert_i32_s f32_convert_i32_u f64_convert_i32_s
        f64_convert_i32_u i64_extend_i32_s i64_extend_i32_u);
    conversions_agree!(i64s: f32_convert_i64_s f32_convert_i64_u f64_convert_i64_s
        f64_convert_i64_u i32_wrap_i64);
}
