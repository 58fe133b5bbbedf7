//! Small modules that stand between scripts and a guest: what passes is integers and external references.

use crate::remote::TypeOf;
use crate::remote::value as read;
use crate::value::Val;

/// Where guests find what is made for their imports, and small modules find guests.
pub(super) const OURS: &str = "etalon ";

/// The function that notes a number.
pub(super) const NOTE: &str = "etalon note";

/// The types in which a value passes; `None` if it cannot.
pub(super) fn passes(ty: &str) -> Option<&'static [&'static str]> {
    Some(match ty {
        "i32" | "f32" | "funcref" => &["i32"],
        "i64" | "f64" => &["i64"],
        "v128" => &["i64", "i64"],
        "externref" => &["externref"],
        _ => return None,
    })
}

/// The same of several.
pub(super) fn all_pass<'t>(
    types: impl IntoIterator<Item = &'t String>,
) -> Option<Vec<&'static str>> {
    let passed: Option<Vec<_>> = types.into_iter().map(|ty| passes(ty)).collect();
    Some(passed?.concat())
}

/// From locals that hold what passes to values on the stack.
fn values(types: &[String]) -> String {
    let mut local = 0..;
    let mut get = || format!("(local.get {})", local.next().unwrap_or_default());
    let value = |ty: &String| match ty.as_str() {
        "f32" => format!("(f32.reinterpret_i32 {})", get()),
        "f64" => format!("(f64.reinterpret_i64 {})", get()),
        "v128" => format!("(i64x2.replace_lane 1 (i64x2.splat {}) {})", get(), get()),
        // Only null passes this way.
        "funcref" => format!("(drop {}) (ref.null func)", get()),
        _ => get(),
    };
    types.iter().map(value).collect()
}

/// From locals that hold values, the first of which has a number, to what passes.
fn passed(types: &[String], first: usize) -> String {
    let value = |(at, ty): (usize, &String)| {
        let get = format!("(local.get {})", first + at);
        match ty.as_str() {
            "f32" => format!("(i32.reinterpret_f32 {get})"),
            "f64" => format!("(i64.reinterpret_f64 {get})"),
            "v128" => format!("(i64x2.extract_lane 0 {get}) (i64x2.extract_lane 1 {get})"),
            "funcref" => format!("(ref.is_null {get})"),
            _ => get,
        }
    };
    types.iter().enumerate().map(value).collect()
}

/// A text of the text format.
fn quoted(text: &str) -> String {
    let bytes: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    format!("\"{bytes}\"")
}

/// Calls an export with what passes, and gives what passes; `None` if something does not.
pub(super) fn caller(
    from: &str,
    export: &str,
    params: &[String],
    results: &[String],
) -> Option<String> {
    let (given, gives) = (all_pass(params)?, all_pass(results)?);
    let first = given.len();
    let sets: String =
        (first..first + results.len()).rev().map(|at| format!("(local.set {at})")).collect();
    Some(format!(
        "(module (import {} {} (func $f (param {}) (result {})))
          (func (export \"f\") (param {}) (result {}) (local {}) {} (call $f) {sets} {}))",
        quoted(from),
        quoted(export),
        params.join(" "),
        results.join(" "),
        given.join(" "),
        gives.join(" "),
        results.join(" "),
        values(params),
        passed(results, first),
    ))
}

/// Gives what passes of a global.
pub(super) fn reader(from: &str, export: &str, ty: &str, mutable: bool) -> Option<String> {
    let types = [ty.to_owned()];
    let global = if mutable { format!("(mut {ty})") } else { ty.to_owned() };
    Some(format!(
        "(module (import {} {} (global {global}))
          (func (export \"f\") (result {}) (local {ty}) (local.set 0 (global.get 0)) {}))",
        quoted(from),
        quoted(export),
        passes(ty)?.join(" "),
        passed(&types, 0),
    ))
}

/// Bytes of a memory that are read at once.
pub(super) const CHUNK: u64 = 4096;

/// Two modules: one gives the number of pages of a memory, the other so many bytes from an address on, as integers.
pub(super) fn memory(from: &str, export: &str, address: &str, shared: bool) -> [String; 2] {
    let wide = if address == "i64" { "i64" } else { "" };
    let limits = if shared { "0 65536 shared" } else { "0" };
    let import = format!("(import {} {} (memory {wide} {limits}))", quoted(from), quoted(export));
    let loads: String =
        (0..CHUNK / 8).map(|at| format!("(i64.load offset={} (local.get 0))", at * 8)).collect();
    let words = "i64 ".repeat((CHUNK / 8) as usize);
    [
        format!("(module {import} (func (export \"f\") (result {address}) (memory.size)))"),
        format!(
            "(module {import} (func (export \"f\") (param {address}) (result {words}) {loads}))"
        ),
    ]
}

/// The host function that notes, under a name of ours: what a guest registers does not stand in its place.
pub(super) fn note() -> &'static str {
    "(module (import \"spectest\" \"print_i32\" (func (param i32))) (export \"f\" (func 0)))"
}

/// How many numbers a host function notes for a value of a type.
pub(super) fn noted(ty: &str) -> usize {
    let count = |ty: &&str| if *ty == "i64" { 2 } else { 1 };
    passes(ty).unwrap_or_default().iter().map(count).sum()
}

/// What an import of a type is given; a function notes its number and its arguments. `None` if none can be made.
pub(super) fn made(ty: &TypeOf, number: usize) -> Option<String> {
    let max = |max: &Option<u64>| max.map_or(String::new(), |max| max.to_string());
    let wide = |address: &str| if address == "i64" { "i64" } else { "" };
    Some(match ty {
        TypeOf::Func { params, results } => {
            all_pass(params.iter().chain(results))?;
            if params.iter().any(|ty| ty == "externref") {
                return None;
            }
            let note = |value: String| format!("(call $note {value})");
            let mut notes = note(format!("(i32.const {number})"));
            for (at, ty) in params.iter().enumerate() {
                let types = std::slice::from_ref(ty);
                match passes(ty)? {
                    ["i32"] => notes += &note(passed(types, at)),
                    _ if ty == "v128" => {
                        for lane in 0..4 {
                            notes += &note(format!("(i32x4.extract_lane {lane} (local.get {at}))"));
                        }
                    }
                    _ => {
                        let bits = passed(types, at);
                        notes += &note(format!("(i32.wrap_i64 {bits})"));
                        notes += &note(format!("(i32.wrap_i64 (i64.shr_u {bits} (i64.const 32)))"));
                    }
                }
            }
            let zeros: String = results.iter().map(|ty| zero(ty)).collect();
            format!(
                "(module (import \"{NOTE}\" \"f\" (func $note (param i32)))
                  (func (export \"f\") (param {}) (result {}) {notes} {zeros}))",
                params.join(" "),
                results.join(" "),
            )
        }
        TypeOf::Memory { min, max: most, shared, address, page: 16 } => {
            let shared = if *shared { "shared" } else { "" };
            format!(
                "(module (memory (export \"f\") {} {min} {} {shared}))",
                wide(address),
                max(most)
            )
        }
        TypeOf::Table { min, max: most, address, element } => {
            format!(
                "(module (table (export \"f\") {} {min} {} {element}))",
                wide(address),
                max(most)
            )
        }
        TypeOf::Global { value, mutable, init } => {
            let init = match init.as_deref().map(read) {
                None => zero(value),
                Some(Ok(Val::F32(bits))) => format!("(f32.const {})", f32::from_bits(bits)),
                Some(Ok(Val::F64(bits))) => format!("(f64.const {})", f64::from_bits(bits)),
                Some(Ok(Val::I32(n))) => format!("(i32.const {n})"),
                Some(Ok(Val::I64(n))) => format!("(i64.const {n})"),
                Some(_) => return None,
            };
            passes(value)?;
            let ty = if *mutable { format!("(mut {value})") } else { value.clone() };
            format!("(module (global (export \"f\") {ty} {init}))")
        }
        _ => return None,
    })
}

fn zero(ty: &str) -> String {
    match ty {
        "v128" => "(v128.const i64x2 0 0)".to_owned(),
        "funcref" => "(ref.null func)".to_owned(),
        "externref" => "(ref.null extern)".to_owned(),
        _ => format!("({ty}.const 0)"),
    }
}

/// Exports under the names of imports what stands elsewhere: for each the name, the type, and from where it comes. `None` if a
/// type cannot be written.
pub(super) fn gathered(items: &[(&str, &TypeOf, (String, String))]) -> Option<String> {
    let (mut imports, mut exports) = (String::new(), String::new());
    for (at, (name, ty, (from, export))) in items.iter().enumerate() {
        let max = |max: &Option<u64>| max.map_or(String::new(), |max| max.to_string());
        let wide = |address: &str| if address == "i64" { "i64" } else { "" };
        let (kind, text) = match ty {
            TypeOf::Func { params, results } => {
                all_pass(params.iter().chain(results))?;
                let (params, results) = (params.join(" "), results.join(" "));
                ("func", format!("(func $x{at} (param {params}) (result {results}))"))
            }
            TypeOf::Memory { min, max: most, shared, address, page: 16 } => {
                let (wide, most) = (wide(address), max(most));
                let shared = if *shared { "shared" } else { "" };
                ("memory", format!("(memory $x{at} {wide} {min} {most} {shared})"))
            }
            TypeOf::Table { min, max: most, address, element } => {
                let (wide, most) = (wide(address), max(most));
                ("table", format!("(table $x{at} {wide} {min} {most} {element})"))
            }
            TypeOf::Global { value, mutable, .. } => {
                passes(value)?;
                let ty = if *mutable { format!("(mut {value})") } else { value.clone() };
                ("global", format!("(global $x{at} {ty})"))
            }
            _ => return None,
        };
        imports += &format!("(import {} {} {text})\n", quoted(from), quoted(export));
        if items[..at].iter().all(|(before, ..)| before != name) {
            exports += &format!("(export {} ({kind} $x{at}))\n", quoted(name));
        }
    }
    Some(format!("(module {imports} {exports})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::spectest;
    use etalon::Features;
    use etalon::unstable::module::Module;

    #[test]
    fn all_of_them_are_valid() {
        let names = ["i32", "v128", "f64", "funcref", "i64", "f32"];
        let types: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let func = TypeOf::Func { params: types.clone(), results: types.clone() };
        let all = ["table", "table64", "memory", "shared_memory", "global_f32", "global_i64"];
        let all: Vec<TypeOf> = all.into_iter().filter_map(spectest).chain([func]).collect();
        let mut texts: Vec<String> = all.iter().map(|ty| made(ty, 3).unwrap()).collect();
        let items: Vec<_> =
            all.iter().map(|ty| ("na\"me", ty, ("a".to_owned(), "f".to_owned()))).collect();
        texts.extend([gathered(&items).unwrap(), note().to_owned()]);
        texts.extend(caller("a", "\0", &types, &types));
        texts.extend(reader("a", "b", "v128", true));
        texts.extend(memory("a", "b", "i64", false));
        texts.extend(memory("a", "b", "i32", true));
        for text in texts {
            let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(Module::new(&wasm, Features::all()).is_ok(), "{text}");
        }
    }
}
