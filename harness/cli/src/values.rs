//! Values on the command line: as the text format writes them.

use crate::{escape, words};
use anyhow::{Context, Result, anyhow, bail};
use etalon::unstable::ModuleData;
use etalon_adapters::Val;
use etalon_harness::script::{Parameter, parse_argument};
pub(crate) use etalon_harness::value::show;

/// A minus that cannot begin an option.
const MINUS: char = '\u{2212}';

/// What arguments of functions look like, for `--help`.
pub(crate) const HELP: &str = "\
Arguments and results are written as in the text format:
  i32, i64     7  -7  0xff  -0x80000000
  f32, f64     1.5  1e-9  0x1p-149  0x10 (sixteen)  inf  -inf  nan  -nan  nan:0x200000
  v128         'i32x4 1 2 3 4'  'f64x2 1 nan'  or 0x and 32 hexadecimal digits
  references   null  extern:7  host:7  i31:7  i31:-1

Each may have its type before it, as messages write it: f32:0.1  externref:null";

/// Reads an argument.
fn parse(text: &str, wanted: &Parameter) -> Result<Val> {
    parse_argument(&text.replace(MINUS, "-"), wanted).map_err(|error| {
        let text = escape::quoted(&error.text);
        anyhow!("{text} is not a value of type {}: {}", error.ty, error.reason)
    })
}

/// A negative number as a word that cannot be taken for an option; any other word as it is.
pub(crate) fn protect(word: &str) -> String {
    match word.strip_prefix('-') {
        Some(rest)
            if rest == "inf"
                || rest == "nan"
                || rest.starts_with("nan:")
                || rest.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            format!("{MINUS}{rest}")
        }
        _ => word.to_owned(),
    }
}

/// A name that begins like an option, as a word that cannot be taken for one.
pub(crate) fn protect_name(word: &str) -> String {
    if word.starts_with(['-', MINUS]) { format!("{MINUS}{word}") } else { word.to_owned() }
}

/// The name that [`protect_name`] was given.
pub(crate) fn name(word: &str) -> &str {
    word.strip_prefix(MINUS).unwrap_or(word)
}

/// Reads the arguments of a function.
///
/// # Errors
/// If there are too few or too many, or one is not a value of its parameter's type; with its number.
pub(crate) fn arguments(texts: &[String], params: &[Parameter]) -> Result<Vec<Val>> {
    let (many, count) = (words::counted(params.len() as u64, "argument"), texts.len());
    let names: Vec<&str> = params.iter().map(|param| param.ty.as_str()).collect();
    match names.len() {
        n if n == count => {}
        0 => bail!("takes no arguments, not {count}"),
        _ => bail!("takes {many} ({}), not {count}", names.join(", ")),
    }
    let read = |(i, (text, param)): (usize, (&String, &Parameter))| {
        parse(text, param).with_context(|| format!("argument {}", i + 1))
    };
    texts.iter().zip(params).enumerate().map(read).collect()
}

/// What a function needs.
pub(crate) fn params(module: &ModuleData, func: u32) -> Vec<Parameter> {
    module.func_type(func).params.iter().map(|ty| Parameter::of(module, *ty)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_numbers_are_no_options() {
        for word in ["-inf", "-nan", "-nan:0x1", "-0x80000000", "-1_000", "-5"] {
            assert!(!protect(word).starts_with('-'), "{word}");
        }
        for word in ["--stats", "-o", "-i", "-", "--", "-nano", "inf"] {
            assert_eq!(protect(word), word);
        }
    }

    #[test]
    fn names_come_back_as_they_were() {
        for word in ["-x", "--engine", "-5", "\u{2212}1", "f", ""] {
            assert_eq!(name(&protect_name(word)), word);
            assert!(!protect_name(word).starts_with('-'));
        }
    }

    #[test]
    fn references_fit_their_parameters_or_are_refused_by_number() {
        let wasm = wat::parse_str(
            "(module (type $s (struct)) (type $f (func)) (func (param externref (ref extern) (ref null $s)
                i31ref anyref (ref any) (ref null $f) eqref nullref)))",
        )
        .unwrap();
        let module = ModuleData::new(&wasm, etalon::Features::all()).unwrap();
        let params = params(&module, 0);
        let fitting =
            ["null", "extern:1", "null", "i31:1", "host:1", "i31:1", "null", "i31:1", "null"];
        let all = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            arguments(&texts, &params)
        };
        all(&fitting).unwrap();
        for (i, text) in
            [(1, "null"), (2, "host:1"), (3, "host:1"), (5, "null"), (7, "host:2"), (8, "i31:1")]
        {
            let mut texts = fitting;
            texts[i] = text;
            let error = format!("{:#}", all(&texts).expect_err(text));
            let text = escape::quoted(text);
            assert!(
                error.starts_with(&format!("argument {}: {text} is not a value of type ", i + 1)),
                "{error}"
            );
        }
    }
}
