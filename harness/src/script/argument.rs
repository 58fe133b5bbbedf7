//! One argument, as a person writes it.

use crate::script::values::argument;
use etalon_adapters::{RefKind, Val, ValKind, kind_of};
use etalon_module::{CompType, HeapType, Module, RefType, TypeUse, ValType};
use thiserror::Error;
use wast::WastArg;
use wast::core::WastArgCore;
use wast::parser::{ParseBuffer, parse};

/// What an argument is needed for: its type, and which references of it can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The type, as the text format writes it.
    pub ty: String,
    /// Its kind.
    pub kind: ValKind,
    /// Whether null belongs to it.
    has_null: bool,
    /// The references that belong to it, besides null.
    numbered: &'static [Numbered],
}

/// References with a number, as people write them: `extern:7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbered {
    Extern,
    Host,
    I31,
}

/// A text that is not a value of the type that is needed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is not a value of type {ty}: {reason}")]
pub struct ArgumentError {
    /// The text.
    pub text: String,
    /// The type that is needed.
    pub ty: String,
    /// What is wrong.
    pub reason: String,
}

impl Parameter {
    /// Of a type of a module.
    pub fn of(module: &Module, ty: ValType) -> Parameter {
        let ValType::Ref(RefType { nullable, heap }) = ty else { return kind_of(ty).into() };
        let kind = match heap {
            HeapType::Use(TypeUse::Idx(index)) => {
                match module.flat_types.get(index as usize).map(|ty| &ty.comp) {
                    Some(CompType::Struct(_) | CompType::Array(_)) => ValKind::Any,
                    Some(CompType::Func(_)) | None => ValKind::Func,
                }
            }
            _ => kind_of(ty),
        };
        let numbered: &[Numbered] = match heap {
            HeapType::Extern => &[Numbered::Extern],
            HeapType::Any => &[Numbered::Host, Numbered::I31],
            HeapType::Eq | HeapType::I31 => &[Numbered::I31],
            _ => &[],
        };
        Parameter { ty: ty.to_string(), kind, has_null: nullable, numbered }
    }

    /// An argument of the type, as a shell takes it; `None` if there is none.
    pub fn sample(&self) -> Option<&'static str> {
        match self.kind {
            ValKind::I32 | ValKind::I64 => Some("1"),
            ValKind::F32 | ValKind::F64 => Some("1.5"),
            ValKind::V128 => Some("'i32x4 1 2 3 4'"),
            _ => match (self.numbered.last(), self.has_null) {
                (Some(Numbered::Extern), _) => Some("extern:1"),
                (Some(Numbered::Host), _) => Some("host:1"),
                (Some(Numbered::I31), _) => Some("i31:1"),
                (None, has_null) => has_null.then_some("null"),
            },
        }
    }

    /// The forms of the references that belong to the type.
    fn forms(&self) -> String {
        let null = self.has_null.then_some("null");
        let forms: Vec<&str> =
            null.into_iter().chain(self.numbered.iter().map(|n| n.form())).collect();
        match forms.as_slice() {
            [] => "no caller from outside has one".to_owned(),
            ["null"] => "only null is possible".to_owned(),
            [one] => format!("write {one}"),
            [others @ .., last] => format!("write {} or {last}", others.join(", ")),
        }
    }
}

/// The widest type of a kind.
impl From<ValKind> for Parameter {
    fn from(kind: ValKind) -> Parameter {
        let numbered: &[Numbered] = match kind {
            ValKind::Extern => &[Numbered::Extern],
            ValKind::Any => &[Numbered::Host, Numbered::I31],
            _ => &[],
        };
        Parameter { ty: kind.name().to_owned(), kind, has_null: true, numbered }
    }
}

impl Numbered {
    fn form(self) -> &'static str {
        match self {
            Numbered::Extern => "extern:N",
            Numbered::Host => "host:N",
            Numbered::I31 => "i31:N",
        }
    }

    /// The reference with the number behind the word; `None` if there is another word.
    fn read(self, text: &str) -> Option<Result<Val, String>> {
        let number = text.strip_prefix(self.form().trim_end_matches('N'))?;
        let (least, most, bits) = match self {
            Numbered::Extern | Numbered::Host => (0, i64::from(u32::MAX), u32::MAX),
            Numbered::I31 => (-1 << 30, (1 << 31) - 1, u32::MAX >> 1),
        };
        let in_range = integer(number).filter(|n| (least..=most).contains(n));
        let range = || format!("N of {} is an integer from {least} to {most}", self.form());
        Some(in_range.ok_or_else(range).map(|number| {
            let number = number as u32 & bits;
            Val::Ref(match self {
                Numbered::Extern => RefKind::Extern(number),
                Numbered::Host => RefKind::Host(number),
                Numbered::I31 => RefKind::I31(number),
            })
        }))
    }
}

/// An integer as the text format writes it, with a sign or in hexadecimal.
fn integer(text: &str) -> Option<i64> {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c));
    let Ok(Val::I64(number)) = in_text_format(text, ValKind::I64) else { return None };
    // Beyond the greatest signed number the format goes on with unsigned ones.
    (is_number && (text.starts_with('-') || number >= 0)).then_some(number)
}

/// Reads a value as the text format writes it: what follows `f64.const`, for example, or all of it.
///
/// Numbers are decimal or hexadecimal, also for floats (`0x10` is sixteen, `0x1p-3`), and `inf`, `nan`, `nan:0x200000`.
/// A `v128` has a shape (`i32x4 1 2 3 4`) or is `0x` and 32 hexadecimal digits, as records write it. References are
/// `null`, `extern:7`, `host:7` or `i31:-7`, or as scripts write them: `ref.null extern`, `ref.extern 7`. Each may stand behind its
/// type, as messages write it: `f32:0.1`.
///
/// # Errors
/// If it is not a value, or one of another type.
pub fn parse_argument(text: &str, wanted: &Parameter) -> Result<Val, ArgumentError> {
    let Parameter { ty, kind, has_null, numbered } = wanted;
    let wrong = |reason: String| ArgumentError { text: text.to_owned(), ty: ty.clone(), reason };
    let behind = |name: &str| text.strip_prefix(name)?.strip_prefix(':');
    let text = behind(ty).or_else(|| behind(kind.name())).unwrap_or(text);
    if !kind.is_reference() {
        let val = match kind {
            ValKind::V128 if text.len() == 34 && text.starts_with("0x") => {
                Val::V128(u128::from_str_radix(&text[2..], 16).map_err(|e| wrong(e.to_string()))?)
            }
            _ => in_text_format(text, *kind).map_err(wrong)?,
        };
        return match val.kind() == *kind {
            true => Ok(val),
            false => Err(wrong(format!("it is one of type {}", val.kind().name()))),
        };
    }
    let forms = || wrong(wanted.forms());
    let val = match numbered.iter().find_map(|numbered| numbered.read(text)) {
        Some(read) => read.map_err(wrong)?,
        None if text == "null" => Val::Null(*kind),
        None if text.starts_with("ref.") => in_text_format(text, *kind).map_err(wrong)?,
        None => return Err(forms()),
    };
    let fits = val.kind() == *kind
        && match val {
            Val::Null(_) => *has_null,
            Val::Ref(RefKind::Extern(_)) => numbered.contains(&Numbered::Extern),
            Val::Ref(RefKind::Host(_)) => numbered.contains(&Numbered::Host),
            _ => numbered.contains(&Numbered::I31),
        };
    if fits { Ok(val) } else { Err(forms()) }
}

/// What a text is the value of, with the word of a kind of numbers before it or its own.
fn in_text_format(text: &str, kind: ValKind) -> Result<Val, String> {
    let is_whole = ["i32.", "i64.", "f32.", "f64.", "v128.", "ref."];
    let whole = match is_whole.iter().any(|word| text.starts_with(word)) {
        true => text.to_owned(),
        false => format!("{}.const {text}", kind.name()),
    };
    let buffer = ParseBuffer::new(&whole).map_err(|error| error.message())?;
    let arg = parse::<WastArgCore<'_>>(&buffer).map_err(|error| error.message())?;
    argument(&WastArg::Core(arg)).map_err(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a value of the widest type of a kind.
    fn parsed(text: &str, kind: ValKind) -> Result<Val, ArgumentError> {
        super::parse_argument(text, &kind.into())
    }

    #[test]
    fn numbers_are_those_of_the_text_format() {
        let f32 = |text: &str| parsed(text, ValKind::F32).unwrap();
        let f64 = |text: &str| parsed(text, ValKind::F64).unwrap();
        for (text, bits) in [
            ("nan:0x200000", 0x7fa0_0000),
            ("-nan:0x1", 0xff80_0001),
            ("nan", 0x7fc0_0000),
            ("-nan", 0xffc0_0000),
            ("0x1p-149", 1),
            ("-inf", 0xff80_0000),
            ("-0", 0x8000_0000),
            ("1_000", 1000f32.to_bits()),
            ("0x7fc00000", (0x7fc0_0000 as f32).to_bits()),
            ("f32.const 0.1", 0.1f32.to_bits()),
        ] {
            assert_eq!(f32(text), Val::F32(bits), "{text}");
        }
        assert_eq!(f64("0x10"), Val::F64(16f64.to_bits()));
        assert_eq!(f64("0x1.8p1"), Val::F64(3f64.to_bits()));
        assert_eq!(f64("nan:0xfffffffffffff"), Val::F64(0x7fff_ffff_ffff_ffff));
        let i32 = |text: &str| parsed(text, ValKind::I32).unwrap();
        assert_eq!(i32("-0x80000000"), Val::I32(i32::MIN));
        assert_eq!(i32("0xffff_ffff"), Val::I32(-1));
        assert_eq!(i32("4294967295"), Val::I32(-1));
        assert_eq!(i32("+7"), Val::I32(7));
    }

    #[test]
    fn vectors_have_a_shape_or_are_bits() {
        let v128 = |text: &str| parsed(text, ValKind::V128).unwrap();
        let lanes = Val::V128(0x0000_0004_0000_0003_0000_0002_ffff_ffff);
        assert_eq!(v128("i32x4 -1 2 3 4"), lanes);
        assert_eq!(v128("v128.const i64x2 0x2_ffff_ffff 0x4_0000_0003"), lanes);
        assert_eq!(v128("0x000000040000000300000002ffffffff"), lanes);
        assert_eq!(v128("f64x2 1 nan"), Val::V128(0x7ff8_0000_0000_0000_3ff0_0000_0000_0000));
    }

    #[test]
    fn references_are_null_or_numbered() {
        for (text, kind, val) in [
            ("null", ValKind::Func, Val::Null(ValKind::Func)),
            ("ref.null extern", ValKind::Extern, Val::Null(ValKind::Extern)),
            ("ref.null none", ValKind::Any, Val::Null(ValKind::Any)),
            ("extern:7", ValKind::Extern, Val::Ref(RefKind::Extern(7))),
            ("ref.extern 7", ValKind::Extern, Val::Ref(RefKind::Extern(7))),
            ("host:3", ValKind::Any, Val::Ref(RefKind::Host(3))),
            ("i31:3", ValKind::Any, Val::Ref(RefKind::I31(3))),
            ("i31:-1", ValKind::Any, Val::Ref(RefKind::I31(0x7fff_ffff))),
            ("i31:0x7fffffff", ValKind::Any, Val::Ref(RefKind::I31(0x7fff_ffff))),
            ("i31:2147483647", ValKind::Any, Val::Ref(RefKind::I31(0x7fff_ffff))),
            ("i31:-0x40000000", ValKind::Any, Val::Ref(RefKind::I31(0x4000_0000))),
            ("anyref:i31:+1_0", ValKind::Any, Val::Ref(RefKind::I31(10))),
            ("extern:0xffff_ffff", ValKind::Extern, Val::Ref(RefKind::Extern(u32::MAX))),
            ("externref:extern:7", ValKind::Extern, Val::Ref(RefKind::Extern(7))),
            ("anyref:null", ValKind::Any, Val::Null(ValKind::Any)),
        ] {
            assert_eq!(parsed(text, kind), Ok(val), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        for (text, kind) in [
            ("4294967296", ValKind::I32),
            ("-2147483649", ValKind::I32),
            ("1.5", ValKind::I32),
            ("", ValKind::I32),
            ("7 8", ValKind::I32),
            ("7) (i32.const 8", ValKind::I32),
            ("nan:canonical", ValKind::F32),
            ("nan:0x0", ValKind::F32),
            ("NaN", ValKind::F64),
            ("infinity", ValKind::F64),
            ("i32x4 1 2 3", ValKind::V128),
            ("0x123", ValKind::V128),
            ("i64.const 1", ValKind::I32),
            ("ref.null func", ValKind::Extern),
            ("host:1", ValKind::Extern),
            ("i31:2147483648", ValKind::Any),
            ("i31:-1073741825", ValKind::Any),
            ("i31:18446744073709551615", ValKind::Any),
            ("i31:", ValKind::Any),
            ("i31:1 2", ValKind::Any),
            ("i31:i64.const 1", ValKind::Any),
            ("extern:-1", ValKind::Extern),
            ("extern:4294967296", ValKind::Extern),
            ("f64:1", ValKind::F32),
            ("func", ValKind::Func),
        ] {
            let refused = parsed(text, kind).expect_err(text);
            assert!(!refused.reason.is_empty(), "{text}");
        }
    }

    /// Of each type exactly the references that belong to it are taken, and a refusal names those.
    #[test]
    fn references_fit_their_types() {
        let wasm = wat::parse_str(
            "(module (type $s (struct)) (type $f (func)) (func (param
                externref (ref extern) nullexternref funcref (ref func) nullfuncref exnref (ref exn)
                anyref (ref any) eqref i31ref (ref i31) structref (ref array) nullref (ref none)
                (ref $s) (ref null $s) (ref null $f))))",
        )
        .unwrap();
        let module = Module::new(&wasm, etalon_adapters::Features::all()).unwrap();
        let expected = [
            ("externref", "write null or extern:N"),
            ("(ref extern)", "write extern:N"),
            ("nullexternref", "only null is possible"),
            ("funcref", "only null is possible"),
            ("(ref func)", "no caller from outside has one"),
            ("nullfuncref", "only null is possible"),
            ("exnref", "only null is possible"),
            ("(ref exn)", "no caller from outside has one"),
            ("anyref", "write null, host:N or i31:N"),
            ("(ref any)", "write host:N or i31:N"),
            ("eqref", "write null or i31:N"),
            ("i31ref", "write null or i31:N"),
            ("(ref i31)", "write i31:N"),
            ("structref", "only null is possible"),
            ("(ref array)", "no caller from outside has one"),
            ("nullref", "only null is possible"),
            ("(ref none)", "no caller from outside has one"),
            ("(ref 0)", "no caller from outside has one"),
            ("(ref null 0)", "only null is possible"),
            ("(ref null 1)", "only null is possible"),
        ];
        let params = &module.func_type(0).params;
        assert_eq!(params.len(), expected.len());
        for (ty, (name, forms)) in params.iter().zip(expected) {
            let wanted = Parameter::of(&module, *ty);
            assert_eq!(wanted.ty, name);
            for form in ["null", "extern:1", "host:1", "i31:1"] {
                let is_named = forms.contains(&form.replace('1', "N").replace("i3N:N", "i31:N"));
                let got = parse_argument(form, &wanted);
                assert_eq!(got.is_ok(), is_named, "{form} for {name}: {got:?}");
                assert_eq!(parse_argument(&format!("{name}:{form}"), &wanted).is_ok(), is_named);
            }
            assert_eq!(parse_argument("x", &wanted).unwrap_err().reason, forms, "{name}");
            let sample = wanted.sample();
            assert_eq!(sample.is_none(), forms.starts_with("no "), "{name}");
            assert!(sample.is_none_or(|text| parse_argument(text, &wanted).is_ok()), "{name}");
        }
    }
}
