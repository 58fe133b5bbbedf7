//! The sweep: every operator, every kind of each operand, every edge value. It is complete and has an end.

use super::edges::{constant, edges};
use super::func::{Func, KINDS, Kind};
use super::menu::Menu;
use super::stage::{self, Part};
use super::ty::Ty;
use super::uses::{Operand, Role, Use};
use crate::generate::args::value;
use crate::generate::choices::Choices;
use etalon_adapters::{Features, Val};
use std::collections::BTreeSet;

/// What is tried: the operand of an operator, where its value comes from, and which of the edge values it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cell {
    pub(crate) op: &'static str,
    pub(crate) ty: Ty,
    pub(crate) position: usize,
    pub(crate) kind: Kind,
    pub(crate) edge: usize,
}

/// The part of the sweep for one use of an operator.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    pub(crate) text: String,
    /// Exports and the bits of their arguments.
    pub(crate) calls: Vec<(String, Vec<Val>)>,
    pub(crate) cells: BTreeSet<Cell>,
}

/// Where a value is put to be loaded.
const SCRATCH: u128 = 16384;

/// References that stand for edge values.
const REFERENCES: usize = 6;

/// The uses that are swept: of each operator one for each list of types of operands and results.
pub(crate) fn swept_uses(menu: &Menu) -> Vec<&Use> {
    let mut seen = BTreeSet::new();
    let types =
        |one: &Use| (one.operands.iter().map(|o| o.ty).collect::<Vec<_>>(), one.results.clone());
    menu.uses.iter().filter(|one| seen.insert((one.op as usize, types(one)))).collect()
}

/// How many modules the sweep has.
pub(crate) fn count(features: Features) -> usize {
    swept_uses(&Menu::of(features)).len()
}

/// The module of the sweep with a number; `turn` changes the values of the other operands.
pub(crate) fn sweep(features: Features, number: usize, turn: usize) -> Swept {
    let menu = Menu::of(features);
    let uses = swept_uses(&menu);
    let mut swept = Swept::default();
    let Some(one) = uses.get(number) else { return swept };
    let mut sweeper =
        Sweeper { menu: &menu, one, turn, functions: 0, parts: Vec::new(), out: &mut swept };
    if one.operands.is_empty() {
        sweeper.function(0, Kind::Constant, None);
    }
    for position in 0..one.operands.len() {
        for kind in KINDS {
            sweeper.position(position, *kind);
        }
    }
    let parts = std::mem::take(&mut sweeper.parts);
    swept.text = stage::module(&parts, "", &swept.text, false);
    swept
}

struct Sweeper<'a> {
    menu: &'a Menu,
    one: &'a Use,
    turn: usize,
    functions: usize,
    parts: Vec<Part>,
    out: &'a mut Swept,
}

impl Sweeper<'_> {
    /// All edge values of an operand by one kind.
    fn position(&mut self, position: usize, kind: Kind) {
        let operand = self.one.operands[position];
        let alike = self.one.operands.iter().filter(|other| other.ty == operand.ty).count();
        match kind {
            Kind::Same if alike < 2 || operand.ty.is_ref() => {}
            // References are made where they are used.
            _ if operand.ty.is_ref() && !matches!(kind, Kind::Constant | Kind::Across) => {}
            Kind::Constant => {
                for edge in 0..edge_count(operand) {
                    self.function(position, kind, Some(edge));
                }
            }
            Kind::Across if operand.ty.is_ref() => {
                for edge in 0..edge_count(operand) {
                    self.function(position, kind, Some(edge));
                }
            }
            _ => self.function(position, kind, None),
        }
    }

    /// A function for one operand and kind, and its calls: for one edge value that is part of the code, or for all.
    fn function(&mut self, position: usize, kind: Kind, fixed: Option<usize>) {
        let mut func = Func::new(self.menu, &format!("s{}", self.functions));
        self.functions += 1;
        let mut carriers: Vec<Option<usize>> = vec![None; self.one.operands.len()];
        let mut texts = Vec::new();
        let mut target = None;
        for (at, operand) in self.one.operands.iter().enumerate() {
            let swept = at == position
                || kind == Kind::Same && operand.ty == self.one.operands[position].ty;
            let text = if swept {
                self.swept(&mut func, *operand, kind, fixed, &mut target)
            } else if operand.ty.is_ref() {
                reference(&mut func, *operand, self.turn + at)
            } else {
                carriers[at] = Some(func.params.len());
                func.params.push(operand.ty);
                format!("(local.get $p{})", func.params.len() - 1)
            };
            texts.push(text);
        }
        // Immediates are the simplest.
        let mut none = Choices::new(&[]);
        func.shot(&mut none, self.one, &texts);
        let params = func.params.clone();
        let export = func.name.clone();
        let (text, parts) = func.finish();
        self.out.text.push_str(&text);
        self.parts.extend(parts);
        let operand = self.one.operands.get(position).copied();
        let all: Vec<usize> = match (fixed, operand) {
            (Some(edge), _) => vec![edge],
            (None, Some(operand)) => (0..edge_count(operand)).collect(),
            (None, None) => vec![0],
        };
        for edge in all {
            let mut args: Vec<u128> = vec![SCRATCH; params.len()];
            for (at, carrier) in carriers.iter().enumerate() {
                if let Some(carrier) = carrier {
                    args[*carrier] = usual(self.one.operands[at], self.turn + edge + at);
                }
            }
            if let (Some((param, inverted)), Some(operand)) = (target, operand) {
                let bits = edge_of(operand, edge);
                args[param] = if inverted { !bits } else { bits };
            }
            let args = params.iter().zip(args).map(|(ty, bits)| value(*ty, bits)).collect();
            self.out.calls.push((export.clone(), args));
            if let Some(operand) = operand {
                let op = self.one.op.name();
                self.out.cells.insert(Cell { op, ty: operand.ty, position, kind, edge });
            }
        }
    }

    /// The text of the operand that is swept. The parameter that brings its value, and whether inverted, goes to `target`.
    fn swept(
        &mut self,
        func: &mut Func<'_>,
        operand: Operand,
        kind: Kind,
        fixed: Option<usize>,
        target: &mut Option<(usize, bool)>,
    ) -> String {
        let ty = operand.ty;
        if ty.is_ref() {
            let text = reference(func, operand, fixed.unwrap_or(0));
            if kind != Kind::Across {
                return text;
            }
            let local = func.local(ty);
            func.say(&format!("(local.set {local} {text})\n(call $touch)"));
            return format!("(local.get {local})");
        }
        if ty == Ty::V128 {
            func.part(Part::Vector);
        }
        if let (Kind::Constant, Some(edge)) = (kind, fixed) {
            return constant(ty, edge_of(operand, edge));
        }
        if let (Kind::Same, Some((param, _))) = (kind, *target) {
            return format!("(local.get $p{param})");
        }
        let (carrier, through, inverted) = match (kind, ty) {
            (Kind::Operator, Ty::I32) => (Ty::F32, "i32.reinterpret_f32", false),
            (Kind::Operator, Ty::F32) => (Ty::I32, "f32.reinterpret_i32", false),
            (Kind::Operator, Ty::I64) => (Ty::F64, "i64.reinterpret_f64", false),
            (Kind::Operator, Ty::F64) => (Ty::I64, "f64.reinterpret_i64", false),
            (Kind::Operator, _) => (Ty::V128, "v128.not", true),
            _ => (ty, "", false),
        };
        let param = func.params.len();
        *target = Some((param, inverted));
        func.params.push(carrier);
        let get = format!("(local.get $p{param})");
        let t = ty.text();
        match kind {
            Kind::Operator => format!("({through} {get})"),
            Kind::Load => {
                // Two addresses that only the call makes equal, so that it stays a load.
                func.params.extend([Ty::I32, Ty::I32]);
                func.say(&format!("({t}.store (local.get $p{}) {get})", param + 1));
                format!("({t}.load (local.get $p{}))", param + 2)
            }
            Kind::Across => {
                let local = func.local(ty);
                func.say(&format!("(local.set {local} {get})\n(call $touch)"));
                format!("(local.get {local})")
            }
            Kind::Call => format!("(call $id_{t} {get})"),
            Kind::Constant | Kind::Parameter | Kind::Same => get,
        }
    }
}

/// A reference that a number decides.
fn reference(func: &mut Func<'_>, operand: Operand, number: usize) -> String {
    // Bytes that choose differently for each number.
    let bytes: Vec<u8> = (0..24).map(|at| (number * 97 + at * 31 + 5) as u8).collect();
    func.reference(
        &mut Choices::new(&bytes),
        operand.ty,
        operand.role == Role::Object && number > 0,
    )
}

/// The edge values of an operand, in view of what it is for.
fn edges_for(operand: Operand) -> Vec<u128> {
    let most: u128 = if operand.ty == Ty::I64 { u64::MAX.into() } else { u32::MAX.into() };
    match operand.role {
        Role::Address(space, width, _) => {
            let end = u128::from(space.size - width);
            let far = if operand.ty == Ty::I64 { 1 << 32 } else { 1 << 31 };
            vec![
                0,
                1,
                2,
                4,
                8,
                15,
                64,
                end - 1,
                end,
                end + 1,
                end + u128::from(width),
                far,
                far + 8,
                1 << 31,
                most,
                most - 7,
            ]
        }
        Role::Index(count) | Role::Length(count) => {
            let count = u128::from(count);
            vec![0, 1, 2, 3, count / 2, count - 1, count, count + 1, 64, 65, 1 << 31, most]
        }
        Role::Condition => {
            vec![0, 1, 2, 3, 5, 0x80, 0x100, 0xff00, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]
        }
        _ => edges(operand.ty),
    }
}

fn edge_count(operand: Operand) -> usize {
    if operand.ty.is_ref() { REFERENCES } else { edges_for(operand).len() }
}

fn edge_of(operand: Operand, edge: usize) -> u128 {
    edges_for(operand).get(edge).copied().unwrap_or(0)
}

/// A value for an operand that is not swept: one with which the operator mostly does something.
fn usual(operand: Operand, number: usize) -> u128 {
    let of = |list: &[u128]| list[number % list.len()];
    match operand.role {
        Role::Address(space, width, _) => of(&[0, 8, 16, u128::from(space.size - width)]),
        Role::Index(_) => of(&[1, 0, 2]),
        Role::Length(count) => of(&[1, 2, 3, u128::from(count / 2)]),
        Role::Divisor => of(&[3, 10, 1, 7, u128::from(u32::MAX)]),
        Role::Condition => of(&[1, 0, 0x100]),
        _ => of(&edges(operand.ty)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::typed::tests::features;
    use etalon_module::Module;

    /// Each operator has each position, kind and edge value that there is for it, and nothing more.
    #[test]
    fn the_sweep_is_complete() {
        let menu = Menu::of(features());
        let mut expected = 0;
        for (number, one) in swept_uses(&menu).into_iter().enumerate() {
            let swept = sweep(features(), number, 0);
            let mut cells = 0;
            for (position, operand) in one.operands.iter().enumerate() {
                let is_ref = operand.ty.is_ref();
                let alike = one.operands.iter().filter(|other| other.ty == operand.ty).count();
                for kind in KINDS {
                    let none = match kind {
                        Kind::Same => is_ref || alike < 2,
                        Kind::Constant | Kind::Across => false,
                        _ => is_ref,
                    };
                    if !none {
                        cells += edge_count(*operand);
                        let edges = swept
                            .cells
                            .iter()
                            .filter(|c| c.position == position && c.kind == *kind);
                        assert_eq!(
                            edges.count(),
                            edge_count(*operand),
                            "{} {position} {kind:?}",
                            one.text
                        );
                    }
                }
            }
            assert_eq!(swept.cells.len(), cells, "{}", one.text);
            expected += cells;
            let wasm = wat::parse_str(&swept.text).unwrap_or_else(|e| panic!("{}: {e}", one.text));
            let module = Module::new(&wasm, features());
            module.unwrap_or_else(|error| panic!("{}: {error}", one.text));
        }
        // What is added to the sweep raises this number; what falls out of it fails here.
        assert!(expected >= LEAST_CELLS, "{expected} cells");
        assert!(count(features()) >= LEAST_MODULES, "{} modules", count(features()));
    }

    const LEAST_CELLS: usize = 100_000;
    const LEAST_MODULES: usize = 600;
}
