//! A copy of a module in which no instruction chooses the bits of a NaN: behind each that may, one that is given is put in
//! place of any.
//!
//! The specification leaves the sign and the payload of such a NaN open (*Numerics*, "NaN Propagation"). What an engine chose
//! may flow anywhere, by a reinterpretation, a store or an instruction of vectors. In the copy it flows nowhere, so a
//! difference that is there too has another cause.

use super::keep::Keep;
use super::open::{GROWTH, decide, grows, tell_growth};
use super::parts::{Extra, Failed, Parts};
use etalon_adapters::Features;
use etalon_module::{AddrType, Module, Opcode};
use std::convert::Infallible;
use wasm_encoder as we;
use wasm_encoder::Encode;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser as wp;

/// The name of a global of the copy, an `i64`: not zero once an instruction gave a NaN.
pub(crate) const MADE: &str = "etalon.nan";

/// The bits that each NaN has, in either width.
#[derive(Clone, Copy, Debug)]
pub struct NanBits {
    /// Of an `f32`.
    pub narrow: u32,
    /// Of an `f64`.
    pub wide: u64,
}

/// The canonical NaNs, positive.
pub(crate) const CANONICAL: NanBits = NanBits { narrow: 0x7fc0_0000, wide: 0x7ff8_0000_0000_0000 };

/// What an instruction gives that may be a NaN of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    F32,
    F64,
    F32x4,
    F64x2,
}

impl Given {
    fn of(opcode: Opcode) -> Option<Given> {
        const CHOOSING: &[&str] = &[
            "add", "sub", "mul", "div", "sqrt", "min", "max", "ceil", "floor", "trunc", "nearest",
        ];
        let (ty, name) = opcode.name().split_once('.')?;
        let name = name.strip_prefix("relaxed_").unwrap_or(name);
        let converts = name.starts_with("demote") || name.starts_with("promote");
        let fused = matches!(name, "madd" | "nmadd");
        (CHOOSING.contains(&name) || converts || fused).then_some(())?;
        Some(match ty {
            "f32" => Given::F32,
            "f64" => Given::F64,
            "f32x4" => Given::F32x4,
            "f64x2" => Given::F64x2,
            _ => return None,
        })
    }

    fn ty(self) -> we::ValType {
        match self {
            Given::F32 => we::ValType::F32,
            Given::F64 => we::ValType::F64,
            Given::F32x4 | Given::F64x2 => we::ValType::V128,
        }
    }

    /// Puts the NaN in place of any that is on the stack. `local` is one of ours of the type, `made` the global.
    fn replace(self, code: &mut Vec<u8>, local: u32, made: u32, nan: NanBits) {
        let twice = |bits: u32| u64::from(bits) | (u64::from(bits) << 32);
        let vector = |bits: u64| (u128::from(bits) | (u128::from(bits) << 64)).cast_signed();
        let mut code = we::InstructionSink::new(code);
        code.local_set(local).global_get(made).local_get(local).local_get(local);
        match self {
            Given::F32 => code.f32_ne(),
            Given::F64 => code.f64_ne(),
            Given::F32x4 => code.f32x4_ne().v128_any_true(),
            Given::F64x2 => code.f64x2_ne().v128_any_true(),
        };
        code.i64_extend_i32_u().i64_or().global_set(made).local_get(local);
        match self {
            Given::F32 => code.f32_const(we::Ieee32::new(nan.narrow)),
            Given::F64 => code.f64_const(we::Ieee64::new(nan.wide)),
            Given::F32x4 => code.v128_const(vector(twice(nan.narrow))),
            Given::F64x2 => code.v128_const(vector(nan.wide)),
        };
        code.local_get(local).local_get(local);
        match self {
            Given::F32 => code.f32_eq().select(),
            Given::F64 => code.f64_eq().select(),
            Given::F32x4 => code.f32x4_eq().v128_bitselect(),
            Given::F64x2 => code.f64x2_eq().v128_bitselect(),
        };
    }
}

/// The copy, in which nothing else is open either; it tells by exports whether a NaN was given and what grew. And what the module has
/// that is open.
pub(crate) fn replaced(wasm: &[u8], nan: NanBits) -> Result<(Vec<u8>, Has), Failed> {
    let mut parts = Parts::of(wasm)?;
    let added = [MADE, GROWTH[0], GROWTH[1], GROWTH[2]];
    if parts.exports.iter().any(|export| added.contains(&export.name)) {
        return Err(Failed);
    }
    for (name, index) in added.into_iter().zip(made(&parts)..) {
        parts.exports.push(wp::Export { name, kind: wp::ExternalKind::Global, index });
    }
    let module = Module::new(wasm, Features::all()).map_err(|_| Failed)?;
    copy(&parts, nan, Some(&module))
}

/// The number of the first global that is added.
fn made(parts: &Parts<'_>) -> u32 {
    parts.imported(wp::ExternalKind::Global) + parts.globals.len() as u32
}

/// Of an opened module, what else is open is decided and told.
fn copy(
    parts: &Parts<'_>,
    nan: NanBits,
    opened: Option<&Module>,
) -> Result<(Vec<u8>, Has), Failed> {
    let made = made(parts);
    let global = |val_type| we::GlobalType { val_type, mutable: true, shared: false };
    let (wide, count) = (global(we::ValType::I64), global(we::ValType::I32));
    let extra = Extra { globals: vec![wide, wide, wide, count], ..Extra::default() };
    let params = params(parts)?;
    let first = parts.imported(wp::ExternalKind::Func);
    let mut has = Has::default();
    let mut re = RoundtripReencoder;
    let copy = parts.encode(&mut re, &Keep::all(), &extra, |re, func, body| {
        let params = params.get((func - first) as usize).ok_or(Failed)?;
        body_of(re, body, Writer { params: *params, made, nan, opened, has: &mut has })
    })?;
    Ok((copy, has))
}

/// What a module has that the specification leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Has {
    /// Instructions that may give a NaN of their own.
    pub(crate) nans: bool,
    /// Relaxed instructions.
    pub(crate) relaxed: bool,
    /// Instructions that make a memory or a table larger.
    pub(crate) growth: bool,
}

/// How a function is copied.
struct Writer<'a> {
    params: u32,
    made: u32,
    nan: NanBits,
    opened: Option<&'a Module>,
    has: &'a mut Has,
}

/// The locals of a copy: those of the function, and ours.
struct Locals {
    all: Vec<(u32, we::ValType)>,
    count: u32,
    ours: Vec<(we::ValType, u32)>,
}

impl Locals {
    /// One of ours, of a type, by its number among these.
    fn ours(&mut self, ty: we::ValType, number: usize) -> u32 {
        let known = self.ours.iter().filter(|(other, _)| *other == ty).nth(number);
        if let Some((_, local)) = known {
            return *local;
        }
        let local = self.count + self.ours.len() as u32;
        self.ours.push((ty, local));
        self.all.push((1, ty));
        local
    }
}

/// How many parameters each function has that the module defines.
fn params(parts: &Parts<'_>) -> Result<Vec<u32>, Failed> {
    let types: Vec<_> = parts.groups.iter().flat_map(|group| group.types()).collect();
    let count = |index: &u32| match types.get(*index as usize).map(|ty| &ty.composite_type.inner) {
        Some(wp::CompositeInnerType::Func(ty)) => Ok(ty.params().len() as u32),
        _ => Err(Failed),
    };
    parts.funcs.iter().map(count).collect()
}

fn body_of(
    re: &mut impl Reencode<Error = Infallible>,
    body: &wp::FunctionBody<'_>,
    writer: Writer<'_>,
) -> Result<we::Function, Failed> {
    let Writer { params, made, nan, opened, has } = writer;
    let mut locals = Locals { all: Vec::new(), count: params, ours: Vec::new() };
    for local in body.get_locals_reader()? {
        let (number, ty) = local?;
        locals.all.push((number, re.val_type(ty)?));
        locals.count += number;
    }
    let mut code = Vec::new();
    let mut reader = body.get_operators_reader()?;
    while !reader.eof() {
        let operator = reader.clone().read()?;
        let opcode = Opcode::of(&operator);
        let instruction = re.parse_instruction(&mut reader)?;
        let relaxed = opened.is_some() && opcode.proposal() == "relaxed_simd";
        if relaxed {
            // The least numbers, so that each is had.
            let vectors = [0, 1, 2].map(|number| locals.ours(we::ValType::V128, number));
            decide(&mut code, opcode, vectors)?;
            has.relaxed = true;
        } else {
            instruction.encode(&mut code);
        }
        if let Some(address) = opened.and_then(|module| grows(module, &operator)) {
            let ty = if address == AddrType::I32 { we::ValType::I32 } else { we::ValType::I64 };
            tell_growth(&mut code, address, locals.ours(ty, 0), made + 1);
            has.growth = true;
        }
        let Some(given) = Given::of(opcode) else { continue };
        given.replace(&mut code, locals.ours(given.ty(), 0), made, nan);
        has.nans = true;
    }
    let mut function = we::Function::new(locals.all);
    function.raw(code);
    Ok(function)
}

/// The copy, which tells nothing, for tests of what is compared; `None` if the module cannot be written anew.
#[doc(hidden)]
pub fn with_nans(wasm: &[u8], nan: NanBits) -> Option<Vec<u8>> {
    let (wasm, _) = copy(&Parts::of(wasm).ok()?, nan, None).ok()?;
    Some(wasm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_adapters::{Outcome, SessionConfig, Val, adapter};

    /// What a function gives, and what the global of the copy holds then.
    fn results(wasm: &[u8]) -> (Outcome, Option<Val>) {
        let features = Features::all();
        let config =
            SessionConfig { features, gas: None, turns: false, measure: false, time: None };
        let mut session = adapter("interp").unwrap().session(&config).unwrap();
        let instance = session.load(wasm).unwrap();
        (session.invoke(instance, "f", &[]), session.global(instance, MADE))
    }

    #[test]
    fn every_nan_that_arithmetic_gives_has_the_bits_and_no_other_value_changes() {
        let wat = r#"(module (func (export "f") (result i32 i64 v128 v128 i32 f64)
          (i32.reinterpret_f32 (f32.div (f32.const 0) (f32.const 0)))
          (i64.reinterpret_f64 (f64.sqrt (f64.const -1)))
          (f32x4.mul (v128.const f32x4 inf 2 -0 3) (v128.const f32x4 0 2 1 nan:0x1))
          (f64x2.promote_low_f32x4 (v128.const f32x4 nan:0x1 1 0 0))
          (i32.reinterpret_f32 (f32.neg (f32.const nan:0x5)))
          (f64.add (f64.const 1) (f64.const 2))))"#;
        let wasm = wat::parse_str(wat).unwrap();
        let nan = NanBits { narrow: 0xffc0_0007, wide: 0xfff8_0000_0000_0009 };
        let (copy, has) = replaced(&wasm, nan).unwrap();
        assert!(has.nans);
        let (outcome, made) = results(&copy);
        let vector = 0xffc0_0007_8000_0000_4080_0000_ffc0_0007_u128;
        let wide = 0x3ff0_0000_0000_0000_fff8_0000_0000_0009_u128;
        assert_eq!(
            outcome,
            Outcome::Returned(vec![
                Val::I32(0xffc0_0007_u32.cast_signed()),
                Val::I64(0xfff8_0000_0000_0009_u64.cast_signed()),
                Val::V128(vector),
                Val::V128(wide),
                Val::I32(0xff80_0005_u32.cast_signed()),
                Val::F64(3f64.to_bits()),
            ])
        );
        assert_eq!(made, Some(Val::I64(1)));
    }

    #[test]
    fn where_no_nan_comes_about_none_is_told() {
        let wat = r#"(module (func (export "f") (result f32) (local i64)
          (f32.add (f32.const 1) (f32.const 2))))"#;
        let (copy, has) = replaced(&wat::parse_str(wat).unwrap(), CANONICAL).unwrap();
        assert!(has.nans);
        let three = Outcome::Returned(vec![Val::F32(3f32.to_bits())]);
        assert_eq!(results(&copy), (three, Some(Val::I64(0))));
        let none = wat::parse_str(r#"(module (func (export "f")))"#).unwrap();
        assert_eq!(replaced(&none, CANONICAL).unwrap().1, Has::default());
    }
}
