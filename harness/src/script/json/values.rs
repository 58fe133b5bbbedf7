//! Values of scripts as JSON, and as text again.

use super::{JsonText, JsonValue};
use std::fmt::Display;
use wast::core::{
    AbstractHeapType, HeapType, NanPattern, V128Const, V128Pattern, WastArgCore, WastRetCore,
};
use wast::token::{F32, F64, Index};
use wast::{WastArg, WastRet};

/// The null references: the name of the heap type in text, and that of the reference type in JSON.
const NULLS: &[(&str, &str, AbstractHeapType)] = &[
    ("func", "funcref", AbstractHeapType::Func),
    ("extern", "externref", AbstractHeapType::Extern),
    ("any", "anyref", AbstractHeapType::Any),
    ("eq", "eqref", AbstractHeapType::Eq),
    ("struct", "structref", AbstractHeapType::Struct),
    ("array", "arrayref", AbstractHeapType::Array),
    ("i31", "i31ref", AbstractHeapType::I31),
    ("exn", "exnref", AbstractHeapType::Exn),
    ("cont", "contref", AbstractHeapType::Cont),
    ("none", "nullref", AbstractHeapType::None),
    ("nofunc", "nullfuncref", AbstractHeapType::NoFunc),
    ("noextern", "nullexternref", AbstractHeapType::NoExtern),
    ("noexn", "nullexnref", AbstractHeapType::NoExn),
    ("nocont", "nullcontref", AbstractHeapType::NoCont),
];

/// What an expected reference may be like: in text, and the type in JSON, which then has no value.
const ANY_OF: &[(&str, &str)] = &[
    ("(ref.extern)", "externref"),
    ("(ref.func)", "funcref"),
    ("(ref.any)", "anyref"),
    ("(ref.eq)", "eqref"),
    ("(ref.array)", "arrayref"),
    ("(ref.struct)", "structref"),
    ("(ref.i31)", "i31ref"),
    ("(ref.i31_shared)", "i31refshared"),
    ("(ref.null)", "refnull"),
];

/// An argument.
///
/// # Errors
/// If it is a component's value.
pub(super) fn argument(arg: &WastArg<'_>) -> Result<JsonValue, &'static str> {
    let WastArg::Core(arg) = arg else { return Err("values of components have no such form") };
    Ok(match arg {
        // As integers without sign, as `wast2json` has them.
        WastArgCore::I32(v) => number("i32", *v as u32),
        WastArgCore::I64(v) => number("i64", *v as u64),
        WastArgCore::F32(v) => number("f32", v.bits),
        WastArgCore::F64(v) => number("f64", v.bits),
        WastArgCore::V128(v) => match v {
            V128Const::I8x16(v) => lanes("i8", v.iter().map(|v| *v as u8)),
            V128Const::I16x8(v) => lanes("i16", v.iter().map(|v| *v as u16)),
            V128Const::I32x4(v) => lanes("i32", v.iter().map(|v| *v as u32)),
            V128Const::I64x2(v) => lanes("i64", v.iter().map(|v| *v as u64)),
            V128Const::F32x4(v) => lanes("f32", v.iter().map(|v| v.bits)),
            V128Const::F64x2(v) => lanes("f64", v.iter().map(|v| v.bits)),
        },
        WastArgCore::RefNull(heap) => null(heap),
        WastArgCore::RefExtern(n) => number("externref", n),
        WastArgCore::RefHost(n) => number("anyref", n),
    })
}

/// An expected result.
///
/// # Errors
/// If it is a component's value.
pub(super) fn result(expected: &WastRet<'_>) -> Result<JsonValue, &'static str> {
    match expected {
        WastRet::Core(expected) => Ok(core_result(expected)),
        _ => Err("values of components have no such form"),
    }
}

fn core_result(expected: &WastRetCore<'_>) -> JsonValue {
    match expected {
        WastRetCore::I32(v) => number("i32", *v as u32),
        WastRetCore::I64(v) => number("i64", *v as u64),
        WastRetCore::F32(v) => number("f32", f32_text(v)),
        WastRetCore::F64(v) => number("f64", f64_text(v)),
        WastRetCore::V128(v) => match v {
            V128Pattern::I8x16(v) => lanes("i8", v.iter().map(|v| *v as u8)),
            V128Pattern::I16x8(v) => lanes("i16", v.iter().map(|v| *v as u16)),
            V128Pattern::I32x4(v) => lanes("i32", v.iter().map(|v| *v as u32)),
            V128Pattern::I64x2(v) => lanes("i64", v.iter().map(|v| *v as u64)),
            V128Pattern::F32x4(v) => lanes("f32", v.iter().map(f32_text)),
            V128Pattern::F64x2(v) => lanes("f64", v.iter().map(f64_text)),
        },
        WastRetCore::RefNull(Some(heap)) => null(heap),
        WastRetCore::RefNull(None) => any_of("(ref.null)"),
        WastRetCore::RefExtern(Some(n)) => number("externref", n),
        WastRetCore::RefExtern(None) => any_of("(ref.extern)"),
        WastRetCore::RefHost(n) => number("anyref", n),
        WastRetCore::RefFunc(Some(index)) => number("funcref", index_text(index)),
        WastRetCore::RefFunc(None) => any_of("(ref.func)"),
        WastRetCore::RefAny => any_of("(ref.any)"),
        WastRetCore::RefEq => any_of("(ref.eq)"),
        WastRetCore::RefArray => any_of("(ref.array)"),
        WastRetCore::RefStruct => any_of("(ref.struct)"),
        WastRetCore::RefI31 => any_of("(ref.i31)"),
        WastRetCore::RefI31Shared => any_of("(ref.i31_shared)"),
        WastRetCore::Either(cases) => JsonValue {
            ty: "either".to_owned(),
            values: cases.iter().map(core_result).collect(),
            ..JsonValue::default()
        },
    }
}

fn number(ty: &str, value: impl Display) -> JsonValue {
    let value = Some(JsonText::One(value.to_string()));
    JsonValue { ty: ty.to_owned(), value, ..JsonValue::default() }
}

fn lanes<T: Display>(lane_type: &str, values: impl Iterator<Item = T>) -> JsonValue {
    JsonValue {
        ty: "v128".to_owned(),
        lane_type: Some(lane_type.to_owned()),
        value: Some(JsonText::Lanes(values.map(|v| v.to_string()).collect())),
        ..JsonValue::default()
    }
}

fn any_of(text: &str) -> JsonValue {
    let ty = ANY_OF.iter().find(|(known, _)| *known == text).map_or("", |(_, ty)| ty);
    JsonValue { ty: ty.to_owned(), ..JsonValue::default() }
}

fn null(heap: &HeapType<'_>) -> JsonValue {
    let value = number("ref", "null");
    match heap {
        HeapType::Abstract { shared, ty } => {
            let known = NULLS.iter().find(|(.., known)| known == ty);
            let ty = known.map_or("ref", |(_, ty, _)| ty).to_owned();
            JsonValue { ty, shared: *shared, ..value }
        }
        HeapType::Concrete(index) | HeapType::Exact(index) => {
            JsonValue { index: Some(index_text(index)), ..value }
        }
    }
}

fn index_text(index: &Index<'_>) -> String {
    match index {
        Index::Num(n, _) => n.to_string(),
        Index::Id(id) => format!("${}", id.name()),
    }
}

fn f32_text(pattern: &NanPattern<F32>) -> String {
    nan_text(pattern, |value| value.bits.to_string())
}

fn f64_text(pattern: &NanPattern<F64>) -> String {
    nan_text(pattern, |value| value.bits.to_string())
}

fn nan_text<T>(pattern: &NanPattern<T>, bits: impl Fn(&T) -> String) -> String {
    match pattern {
        NanPattern::CanonicalNan => "nan:canonical".to_owned(),
        NanPattern::ArithmeticNan => "nan:arithmetic".to_owned(),
        NanPattern::Value(value) => bits(value),
    }
}

/// A value as it stands in a script.
///
/// # Errors
/// What is wrong with it.
pub(super) fn text_of(value: &JsonValue) -> Result<String, String> {
    let JsonValue { ty, lane_type, index, shared, value: text, values } = value;
    if ty == "either" {
        let cases: Result<Vec<String>, String> = values.iter().map(text_of).collect();
        return Ok(format!("(either {})", cases?.join(" ")));
    }
    let wrong = || format!("{ty} has no value {text:?}");
    match (ty.as_str(), text) {
        ("v128", Some(JsonText::Lanes(lanes))) => vector(lane_type.as_deref(), lanes),
        (_, Some(JsonText::Lanes(_))) => Err(wrong()),
        ("ref", Some(JsonText::One(null))) if null == "null" => {
            let index = index.as_deref().ok_or("a null reference of no type")?;
            Ok(format!("(ref.null {})", name_text(index)))
        }
        (_, Some(JsonText::One(text))) if text == "null" => {
            let known = NULLS.iter().find(|(_, known, _)| known == ty).ok_or_else(wrong)?;
            Ok(match shared {
                true => format!("(ref.null (shared {}))", known.0),
                false => format!("(ref.null {})", known.0),
            })
        }
        ("i32" | "i64", Some(JsonText::One(n))) => Ok(format!("({ty}.const {})", integer(n)?)),
        ("f32" | "f64", Some(JsonText::One(n))) => Ok(format!("({ty}.const {})", float(ty, n)?)),
        ("externref", Some(JsonText::One(n))) => Ok(format!("(ref.extern {})", integer(n)?)),
        ("anyref", Some(JsonText::One(n))) => Ok(format!("(ref.host {})", integer(n)?)),
        ("funcref", Some(JsonText::One(n))) => Ok(format!("(ref.func {})", name_text(n))),
        (ty, None) => {
            let known = ANY_OF.iter().find(|(_, known)| *known == ty);
            // Other tools leave out the value of nulls that are the only ones of their type.
            let null = || NULLS.iter().find(|(_, known, _)| *known == ty);
            let text = known.map(|(text, _)| (*text).to_owned());
            text.or_else(|| Some(format!("(ref.null {})", null()?.0))).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

fn vector(lane_type: Option<&str>, lanes: &[String]) -> Result<String, String> {
    let (shape, count) = match lane_type {
        Some("i8") => ("i8x16", 16),
        Some("i16") => ("i16x8", 8),
        Some("i32") => ("i32x4", 4),
        Some("i64") => ("i64x2", 2),
        Some("f32") => ("f32x4", 4),
        Some("f64") => ("f64x2", 2),
        other => return Err(format!("there is no lane type {other:?}")),
    };
    if lanes.len() != count {
        return Err(format!("{shape} has no {} lanes", lanes.len()));
    }
    let lane = |lane: &String| match lane_type {
        Some(ty @ ("f32" | "f64")) => float(ty, lane),
        _ => integer(lane),
    };
    let lanes: Result<Vec<String>, String> = lanes.iter().map(lane).collect();
    Ok(format!("(v128.const {shape} {})", lanes?.join(" ")))
}

/// Digits, perhaps with a sign.
fn integer(text: &str) -> Result<String, String> {
    match text.parse::<i128>() {
        Ok(number) => Ok(number.to_string()),
        Err(error) => Err(format!("{text:?} is not an integer: {error}")),
    }
}

/// A float as a literal, from its bits or the name of a set of NaNs.
fn float(ty: &str, text: &str) -> Result<String, String> {
    if matches!(text, "nan:canonical" | "nan:arithmetic") {
        return Ok(text.to_owned());
    }
    let wrong = |error: std::num::ParseIntError| format!("{text:?} are not bits: {error}");
    Ok(match ty {
        "f32" => {
            let bits: u32 = text.parse().map_err(wrong)?;
            let value = f32::from_bits(bits);
            literal(bits >> 31 != 0, u64::from(bits & 0x7f_ffff), value.is_nan(), value.abs())
        }
        _ => {
            let bits: u64 = text.parse().map_err(wrong)?;
            let value = f64::from_bits(bits);
            literal(bits >> 63 != 0, bits & 0xf_ffff_ffff_ffff, value.is_nan(), value.abs())
        }
    })
}

/// The shortest decimal that is this value, which the text format reads as this value.
fn literal(
    negative: bool,
    payload: u64,
    is_nan: bool,
    magnitude: impl std::fmt::LowerExp,
) -> String {
    let sign = if negative { "-" } else { "" };
    match is_nan {
        true => format!("{sign}nan:{payload:#x}"),
        false => format!("{sign}{magnitude:e}"),
    }
}

/// A name or a number as it stands in a script.
pub(super) fn name_text(name: &str) -> String {
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
        return name.to_owned();
    }
    format!("${}", quoted(name.strip_prefix('$').unwrap_or(name).as_bytes()))
}

/// Bytes as a string of the text format.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            0x20..0x7f => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\{byte:02x}")),
        }
    }
    text.push('"');
    text
}
