//! Where the operands of a module's operators come from, read off its text: for generators that do not know what they make.

use crate::rewrite::{Func, Text};
use etalon_module::{ExternKind, Features, Module, Opcode};
use std::collections::BTreeSet;

/// Of each exported function that is called, the operators with the kinds of their operands; none if the module is not valid.
pub(crate) fn cells_of(
    wasm: &[u8],
    features: Features,
    is_called: &dyn Fn(&str) -> bool,
) -> Vec<(String, String, String)> {
    let (Ok(module), Ok(text)) = (Module::new(wasm, features), Text::of(wasm)) else {
        return Vec::new();
    };
    let mut cells = Vec::new();
    let exports = module.exports.iter().filter(|export| export.kind == ExternKind::Func);
    for export in exports.filter(|export| is_called(&export.name)) {
        let Some(func) = text.func(export.index) else { continue };
        let own = of_func(func).into_iter();
        cells.extend(own.map(|(op, kind)| (export.name.clone(), op.to_owned(), kind.to_owned())));
    }
    cells
}

/// The operators of a function that control reaches, with the kinds of their operands.
fn of_func(func: &Func) -> BTreeSet<(&'static str, &'static str)> {
    let mut found = BTreeSet::new();
    let set: BTreeSet<u32> = func
        .ops
        .iter()
        .filter(|op| matches!(op.opcode, Opcode::LocalSet | Opcode::LocalTee))
        .filter_map(|op| op.index)
        .collect();
    for (at, op) in func.ops.iter().enumerate() {
        if !op.is_reached || op.taken == 0 || only_moves(op.opcode) || op.closes() {
            continue;
        }
        let ends = func.operands_of(at);
        // Where blocks lie between them, some are not known.
        if ends.len() != op.taken {
            found.insert((op.opcode.name(), "other"));
        }
        for (nth, end) in ends.iter().enumerate() {
            let same = nth > 0 && local(func, ends[nth - 1]) == local(func, *end);
            let kind = match local(func, *end) {
                Some(_) if same => "same",
                Some(local) => of_local(func, &set, local, *end),
                None => of_operand(func, *end),
            };
            found.insert((op.opcode.name(), kind));
        }
    }
    found
}

/// Whether an operator does nothing with its operands.
fn only_moves(opcode: Opcode) -> bool {
    use Opcode::*;
    matches!(
        opcode,
        Drop | LocalSet | LocalTee | End | Else | Br | Return | Block | Loop | TryTable
    )
}

/// The local that an operand is read from or was just written to.
fn local(func: &Func, end: usize) -> Option<u32> {
    let op = &func.ops[end];
    op.index.filter(|_| matches!(op.opcode, Opcode::LocalGet | Opcode::LocalTee))
}

/// The kind of a local: a parameter that nothing is written to, one that was written before the last call, or another.
fn of_local(func: &Func, set: &BTreeSet<u32>, local: u32, end: usize) -> &'static str {
    let op = &func.ops[end];
    if op.opcode == Opcode::LocalTee {
        return "local";
    }
    if (local as usize) < func.params.len() && !set.contains(&local) {
        return "parameter";
    }
    let before = func.ops[..end].iter().rev();
    let mut before = before.filter(|op| is_call(op.opcode) || op.index == Some(local));
    let written =
        |op: &crate::rewrite::Op| matches!(op.opcode, Opcode::LocalSet | Opcode::LocalTee);
    match before.find(|op| is_call(op.opcode) || written(op)) {
        Some(op) if is_call(op.opcode) => "across",
        _ => "local",
    }
}

fn of_operand(func: &Func, end: usize) -> &'static str {
    let opcode = func.ops[end].opcode;
    let name = opcode.name();
    let loads = name.contains(".load") || name.contains(".atomic.rmw");
    match opcode {
        Opcode::RefNull | Opcode::RefFunc => "constant",
        Opcode::GlobalGet | Opcode::TableGet => "load",
        _ if name.ends_with(".const") => "constant",
        _ if loads || name.starts_with("struct.get") || name.starts_with("array.get") => "load",
        _ if is_call(opcode) => "call",
        _ if func.ops[end].closes() => "block",
        _ => "operator",
    }
}

fn is_call(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::Call | Opcode::CallIndirect | Opcode::CallRef)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_off_the_text() {
        let wasm = wat::parse_str(
            r#"(module (memory 1) (global $g i32 (i32.const 1))
              (func $h (result i32) (i32.const 7))
              (func (export "f") (param $p i32) (result i32) (local $a i32) (local $b i32)
                (local.set $a (i32.popcnt (i32.const 1)))
                (local.set $b (i32.clz (local.get $p)))
                (local.set $b (i32.mul (local.get $b) (local.get $b)))
                (local.set $b (i32.sub (call $h) (local.get $a)))
                (drop (i32.and (i32.load (i32.const 0)) (global.get $g)))
                (drop (i32.xor (i32.add (local.get $p) (i32.const 1))
                               (block (result i32) (i32.const 2))))
                (i32.or (local.tee $a (i32.const 3)) (local.get $b))))"#,
        )
        .unwrap();
        let cells = cells_of(&wasm, Features::all(), &|name| name == "f");
        assert_eq!(cells_of(&wasm, Features::all(), &|_| false), []);
        let said: Vec<String> =
            cells.iter().map(|(f, op, kind)| format!("{f} {op} {kind}")).collect();
        assert_eq!(
            said,
            [
                "f i32.add constant",
                "f i32.add parameter",
                "f i32.and load",
                "f i32.clz parameter",
                "f i32.load constant",
                "f i32.mul local",
                "f i32.mul same",
                "f i32.or local",
                "f i32.popcnt constant",
                "f i32.sub across",
                "f i32.sub call",
                "f i32.xor block",
                "f i32.xor operator",
            ]
        );
    }
}
