//! Small modules that stand between the header's functions and a guest: they make what a module imports, and carry vectors,
//! which the header does not know, as two integers.

use super::library::Kind;
use crate::remote::TypeOf;

/// The kinds in which the header hands over values of a type; `None` if it cannot. Not all libraries that have external
/// references can hand them over: some end the process.
pub(crate) fn kinds(ty: &str) -> Option<&'static [Kind]> {
    Some(match ty {
        "i32" => &[Kind::I32],
        "i64" => &[Kind::I64],
        "f32" => &[Kind::F32],
        "f64" => &[Kind::F64],
        "v128" => &[Kind::I64, Kind::I64],
        "funcref" => &[Kind::Func],
        _ => return None,
    })
}

/// The types of a kind.
fn carried(types: &[String]) -> String {
    let split = |ty: &String| if ty == "v128" { "i64 i64".to_owned() } else { ty.clone() };
    types.iter().map(split).collect::<Vec<_>>().join(" ")
}

/// From locals that hold what is handed over, the first of which has a number, to values.
fn joined(types: &[String], first: usize) -> String {
    let mut at = first;
    let mut next = || {
        at += 1;
        format!("(local.get {})", at - 1)
    };
    let value = |ty: &String| match ty.as_str() {
        "v128" => format!("(i64x2.replace_lane 1 (i64x2.splat {}) {})", next(), next()),
        _ => next(),
    };
    types.iter().map(value).collect::<Vec<_>>().join(" ")
}

/// From locals that hold values, the first of which has a number, to what is handed over.
fn split(types: &[String], first: usize) -> String {
    let value = |(i, ty): (usize, &String)| match ty.as_str() {
        "v128" => {
            let get = format!("(local.get {})", first + i);
            format!("(i64x2.extract_lane 0 {get}) (i64x2.extract_lane 1 {get})")
        }
        _ => format!("(local.get {})", first + i),
    };
    types.iter().enumerate().map(value).collect::<Vec<_>>().join(" ")
}

/// Calls a function with what can be handed over, and gives what can.
pub(crate) fn caller(params: &[String], results: &[String]) -> String {
    let first = carried(params).split_whitespace().count();
    let sets: String =
        (0..results.len()).rev().map(|i| format!("(local.set {}) ", first + i)).collect();
    format!(
        r#"(module (import "m" "f" (func $f (param {}) (result {})))
          (func (export "f") (param {}) (result {}) (local {})
            (call $f {}) {sets} {}))"#,
        params.join(" "),
        results.join(" "),
        carried(params),
        carried(results),
        results.join(" "),
        joined(params, 0),
        split(results, first),
    )
}

/// The other way: a function that a guest calls, of one that takes and gives what can be handed over.
pub(crate) fn called(params: &[String], results: &[String]) -> String {
    let (first, count) = (params.len(), carried(results).split_whitespace().count());
    let sets: String = (0..count).rev().map(|i| format!("(local.set {}) ", first + i)).collect();
    format!(
        r#"(module (import "m" "f" (func $f (param {}) (result {})))
          (func (export "f") (param {}) (result {}) (local {})
            (call $f {}) {sets} {}))"#,
        carried(params),
        carried(results),
        params.join(" "),
        results.join(" "),
        carried(results),
        split(params, 0),
        joined(results, first),
    )
}

/// Gives what a global holds.
pub(crate) fn reader(ty: &str, mutable: bool) -> String {
    let types = [ty.to_owned()];
    let global = if mutable { format!("(mut {ty})") } else { ty.to_owned() };
    format!(
        r#"(module (import "m" "f" (global {global}))
          (func (export "f") (result {}) (local {ty}) (local.set 0 (global.get 0)) {}))"#,
        carried(&types),
        split(&types, 0),
    )
}

fn zero(ty: &str) -> String {
    match ty {
        "v128" => "(v128.const i64x2 0 0)".to_owned(),
        "funcref" => "(ref.null func)".to_owned(),
        "externref" => "(ref.null extern)".to_owned(),
        _ => format!("({ty}.const 0)"),
    }
}

/// What an import of a type is given; a function of it calls the imported `m.f`, which notes. `None` if none can be made.
pub(crate) fn made(ty: &TypeOf) -> Option<String> {
    let max = |max: &Option<u64>| max.map_or(String::new(), |max| max.to_string());
    let wide = |address: &str| if address == "i64" { "i64" } else { "" }.to_owned();
    Some(match ty {
        TypeOf::Func { params, results } => {
            params.iter().chain(results).all(|ty| kinds(ty).is_some()).then_some(())?;
            let zeros: String = results.iter().map(|ty| zero(ty)).collect();
            format!(
                r#"(module (import "m" "f" (func $f (param {})))
                  (func (export "f") (param {}) (result {}) (call $f {}) {zeros}))"#,
                carried(params),
                params.join(" "),
                results.join(" "),
                split(params, 0),
            )
        }
        TypeOf::Memory { min, max: most, shared, address, page } => {
            let shared = if *shared { "shared" } else { "" };
            let page = if *page == 0 { "(pagesize 1)" } else { "" };
            let (wide, most) = (wide(address), max(most));
            format!(r#"(module (memory (export "f") {wide} {min} {most} {shared} {page}))"#)
        }
        TypeOf::Table { min, max: most, address, element } => {
            let (wide, most) = (wide(address), max(most));
            format!(r#"(module (table (export "f") {wide} {min} {most} {element}))"#)
        }
        TypeOf::Global { value, mutable, init } => {
            kinds(value)?;
            let init = match init.as_deref().map(crate::remote::value) {
                None => zero(value),
                Some(Ok(crate::value::Val::F32(bits))) => {
                    format!("(f32.const {})", f32::from_bits(bits))
                }
                Some(Ok(crate::value::Val::F64(bits))) => {
                    format!("(f64.const {})", f64::from_bits(bits))
                }
                Some(Ok(crate::value::Val::I32(n))) => format!("(i32.const {n})"),
                Some(Ok(crate::value::Val::I64(n))) => format!("(i64.const {n})"),
                Some(_) => return None,
            };
            let ty = if *mutable { format!("(mut {value})") } else { value.clone() };
            format!(r#"(module (global (export "f") {ty} {init}))"#)
        }
        TypeOf::Tag { params } => {
            format!(r#"(module (tag (export "f") (param {})))"#, params.join(" "))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::spectest;
    use etalon::Features;
    use etalon::unstable::module::Module;

    #[test]
    fn all_of_them_are_valid() {
        let types: Vec<String> = ["i32", "v128", "f64", "funcref", "v128", "f32"]
            .into_iter()
            .map(str::to_owned)
            .collect();
        let func = TypeOf::Func { params: types.clone(), results: types.clone() };
        let tag = TypeOf::Tag { params: types.clone() };
        let all = ["table", "table64", "memory", "shared_memory", "global_f32", "global_i64"];
        let all = all.into_iter().filter_map(spectest).chain([func, tag]);
        let mut texts: Vec<String> = all.map(|ty| made(&ty).unwrap()).collect();
        texts.extend([caller(&types, &types), caller(&[], &[]), reader("v128", true)]);
        texts.extend([called(&types, &types), called(&[], &[]), called(&types[1..3], &types)]);
        for text in texts {
            let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(Module::new(&wasm, Features::all()).is_ok(), "{text}");
        }
    }
}
