//! What is known of tables that nothing changes but the module's own segments.
//!
//! Such a table is neither imported nor exported, and no operator of the module writes to a table. It keeps its length, and each of its
//! elements is null or one that the module says: at any time, whatever of its instantiation was done or failed.

use super::translator::Translator;
use cranelift_codegen::ir::{InstructionData, Opcode, Value, ValueDef};
use etalon_module::{ConstExpr, ConstOp, ElemMode, ExternKind, Module};

/// What is known of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KnownTable {
    /// Its length, if that never changes.
    pub(super) len: Option<u64>,
    /// The type of every function in it, if it has only such.
    pub(super) ty: Option<u32>,
}

/// What is known of each table of a module.
pub(crate) fn known_tables(module: &Module) -> Vec<KnownTable> {
    let mut known = vec![KnownTable::default(); module.tables.len()];
    if !module.keeps_tables() {
        return known;
    }
    let mut types = vec![Types::None; known.len()];
    for (table, types) in
        module.table_defs.iter().zip(&mut types[module.imported_tables as usize..])
    {
        table.init.iter().for_each(|item| types.add(module, item));
    }
    for elem in &module.elems {
        if let ElemMode::Active { table, .. } = elem.mode {
            elem.items.iter().for_each(|item| types[table as usize].add(module, item));
        }
    }
    for (at, known) in known.iter_mut().enumerate().skip(module.imported_tables as usize) {
        known.len = Some(module.tables[at].limits.min);
        known.ty = types[at].one();
    }
    for export in module.exports.iter().filter(|export| export.kind == ExternKind::Table) {
        known[export.index as usize] = KnownTable::default();
    }
    known
}

/// The types of functions that come into a table.
#[derive(Clone, Copy)]
enum Types {
    None,
    One(u32),
    /// Several, or none that is known.
    Many,
}

impl Types {
    fn add(&mut self, module: &Module, item: &ConstExpr) {
        let ty = match *item.0 {
            [ConstOp::RefNull(_)] => return,
            [ConstOp::RefFunc(func)] => module.funcs.get(func as usize).copied(),
            _ => None,
        };
        *self = match (*self, ty) {
            (Types::None, Some(ty)) => Types::One(ty),
            (Types::One(before), Some(ty)) if before == ty => Types::One(ty),
            _ => Types::Many,
        };
    }

    fn one(self) -> Option<u32> {
        if let Types::One(ty) = self { Some(ty) } else { None }
    }
}

impl Translator<'_> {
    /// Whether an index is masked so that it is below a limit.
    pub(super) fn is_below(&self, index: Value, limit: u64) -> bool {
        let dfg = &self.b.func.dfg;
        let made = |value| match dfg.value_def(dfg.resolve_aliases(value)) {
            ValueDef::Result(inst, _) => Some(dfg.insts[inst]),
            _ => None,
        };
        let constant = |value| match made(value) {
            // The bits beyond the type's are not part of the number.
            Some(InstructionData::UnaryImm { opcode: Opcode::Iconst, imm }) => {
                let bits = dfg.value_type(value).bits();
                u64::try_from(imm.bits()).ok().filter(|mask| mask.leading_zeros() + bits >= 64)
            }
            _ => None,
        };
        let Some(InstructionData::Binary { opcode: Opcode::Band, args }) = made(index) else {
            return false;
        };
        args.into_iter().filter_map(constant).any(|mask| mask < limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_module::Features;

    fn known(text: &str) -> Vec<KnownTable> {
        let types = "(type $t (func (param i32))) (type $u (func))";
        let functions = "(func $f (type $t)) (func $g (type $t)) (func $h (type $u))";
        let wasm = wat::parse_str(format!("(module {types} {text} {functions})")).unwrap();
        known_tables(&Module::new(&wasm, Features::wasm3()).unwrap())
    }

    #[test]
    fn a_table_that_nothing_changes_is_what_its_segments_say() {
        let table = |len, ty| KnownTable { len, ty };
        let filled = "(elem (i32.const 0) func $f $g)";
        assert_eq!(known(&format!("(table 3 funcref) {filled}")), [table(Some(3), Some(0))]);
        assert_eq!(known("(table 3 (ref null $t) (ref.func $f))"), [table(Some(3), Some(0))]);
        let null = "(elem (i32.const 0) funcref (ref.null func) (ref.func $h))";
        assert_eq!(known(&format!("(table 3 funcref) {null}")), [table(Some(3), Some(1))]);
        assert_eq!(known("(table 3 funcref)"), [table(Some(3), None)]);
        let mixed = "(elem (i32.const 0) func $f $h $f)";
        assert_eq!(known(&format!("(table 3 funcref) {mixed}")), [table(Some(3), None)]);
        let global = "(global $x funcref (ref.func $f)) (table 1 funcref)
            (elem (i32.const 0) funcref (global.get $x))";
        assert_eq!(known(global), [table(Some(1), None)]);
    }

    #[test]
    fn nothing_is_known_of_a_table_that_others_have_or_that_changes() {
        let filled = "(elem (i32.const 0) func $f $g)";
        let table = format!("(table $x 3 funcref) {filled}");
        let nothing = KnownTable::default();
        assert_eq!(known(&format!(r#"{table} (export "x" (table $x))"#)), [nothing]);
        assert_eq!(known(&format!(r#"(import "m" "x" (table 3 funcref)) {filled}"#)), [nothing]);
        for change in [
            "(table.set $x (i32.const 0) (ref.null func))",
            "(drop (table.grow $x (ref.null func) (i32.const 1)))",
            "(table.fill $x (i32.const 0) (ref.null func) (i32.const 1))",
            "(table.copy (i32.const 0) (i32.const 0) (i32.const 1))",
            "(table.init $x $e (i32.const 0) (i32.const 0) (i32.const 1))",
        ] {
            let text = format!("{table} (elem $e func $h) (func {change})");
            assert_eq!(known(&text), [nothing], "{change}");
        }
    }
}
