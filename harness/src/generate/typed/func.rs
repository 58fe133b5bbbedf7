//! A function that is being generated.

use super::edges::{RELATIONS, constant, edges, lanes, related};
use super::menu::Menu;
use super::stage::{Part, edge_at};
use super::ty::Ty;
use super::uses::{Operand, Role, Space, Use};
use crate::generate::choices::Choices;
use etalon_adapters::REENTRY;

/// Where the value of an operand comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// A constant.
    Constant,
    /// A parameter.
    Parameter,
    /// Memory; for references a table, a field or a global.
    Load,
    /// Another operator.
    Operator,
    /// The local that the operand before it is in.
    Same,
    /// A local that lived through a call.
    Across,
    /// The result of a call.
    Call,
}

/// Every kind.
pub(crate) const KINDS: &[Kind] = &[
    Kind::Constant,
    Kind::Parameter,
    Kind::Load,
    Kind::Operator,
    Kind::Same,
    Kind::Across,
    Kind::Call,
];

impl Kind {
    /// The name in records.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Constant => "constant",
            Kind::Parameter => "parameter",
            Kind::Load => "load",
            Kind::Operator => "operator",
            Kind::Same => "same",
            Kind::Across => "across",
            Kind::Call => "call",
        }
    }
}

/// Parameters that a function has at most.
const PARAMS: usize = 7;

/// Bytes of the widest access.
const WIDEST: u64 = 16;

/// A function that is being generated.
#[derive(Debug)]
pub(crate) struct Func<'m> {
    pub(crate) menu: &'m Menu,
    pub(crate) params: Vec<Ty>,
    pub(crate) locals: Vec<Ty>,
    /// Locals whose values are the results.
    pub(crate) results: Vec<(Ty, String)>,
    pub(crate) body: String,
    pub(crate) parts: Vec<Part>,
    /// Values that live, which may stand for parameters.
    pub(crate) live: Vec<(Ty, String)>,
    /// Functions that it calls.
    pub(crate) extra: String,
    /// Imports that call other functions by way of the host.
    pub(crate) imports: String,
    /// Whether it may have such.
    pub(crate) enters: bool,
    /// What their names begin with.
    pub(crate) name: String,
    helpers: usize,
    /// The constants so far, to which others stand in a relation.
    constants: Vec<(Ty, u128)>,
    /// Which operators it has, with which kinds of operands.
    pub(crate) cells: Vec<(&'static str, Kind)>,
    /// Whether code that traps for some operands is allowed now.
    pub(crate) risky: bool,
    /// Addresses of accesses that cross the end of their memory, with the constant that belongs to each.
    across: Vec<(String, u64)>,
    /// The memories that such accesses are to.
    pub(crate) ends: Vec<&'static str>,
}

impl<'m> Func<'m> {
    pub(crate) fn new(menu: &'m Menu, name: &str) -> Self {
        Func {
            menu,
            params: Vec::new(),
            locals: Vec::new(),
            results: Vec::new(),
            body: String::new(),
            parts: Vec::new(),
            live: Vec::new(),
            extra: String::new(),
            imports: String::new(),
            enters: false,
            name: name.to_owned(),
            helpers: 0,
            constants: Vec::new(),
            cells: Vec::new(),
            risky: false,
            across: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// The text of the function under an exported name. Without many results, all but the last are folded into the checksum.
    pub(crate) fn finish(mut self) -> (String, Vec<Part>) {
        let mut results = std::mem::take(&mut self.results);
        if !self.menu.allows(Part::Several) {
            let last = results.pop();
            for (ty, local) in std::mem::take(&mut results) {
                self.fold(ty, &format!("(local.get {local})"));
            }
            results.extend(last);
        }
        let name = &self.name;
        let mut text = format!("(func ${name} (export \"{name}\")");
        for (at, ty) in self.params.iter().enumerate() {
            text.push_str(&format!(" (param $p{at} {})", ty.text()));
        }
        for (ty, _) in &results {
            text.push_str(&format!(" (result {})", ty.text()));
        }
        for (at, ty) in self.locals.iter().enumerate() {
            text.push_str(&format!(" (local $l{at} {})", ty.text()));
        }
        text.push('\n');
        text.push_str(&self.body);
        for (_, local) in &results {
            text.push_str(&format!("(local.get {local})"));
        }
        text.push_str(")\n");
        text.push_str(&self.extra);
        (text, self.parts)
    }

    pub(crate) fn part(&mut self, part: Part) {
        if !self.parts.contains(&part) {
            self.parts.push(part);
        }
    }

    /// The name of a further function that it calls.
    pub(crate) fn helper_name(&mut self) -> String {
        self.helpers += 1;
        format!("${}_{}", self.name, self.helpers)
    }

    /// An import that calls an exported function by way of the host.
    pub(crate) fn through_host(&mut self, export: &str, params: &[Ty], results: &[Ty]) -> String {
        self.helpers += 1;
        let name = format!("${}_host{}", self.name, self.helpers);
        let list = |word: &str, types: &[Ty]| -> String {
            types.iter().map(|ty| format!(" ({word} {})", ty.text())).collect()
        };
        self.imports.push_str(&format!(
            "(import \"{REENTRY}\" \"{export}\" (func {name}{}{}))\n",
            list("param", params),
            list("result", results)
        ));
        name
    }

    /// A call over which values live.
    pub(crate) fn touch(&mut self, u: &mut Choices<'_>) {
        let callee = match self.enters && u.percent(50) {
            true => self.through_host("entered", &[], &[]),
            false => "$touch".to_owned(),
        };
        self.say(&format!("(call {callee})"));
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.body.push_str(text);
        self.body.push('\n');
    }

    /// A new local.
    pub(crate) fn local(&mut self, ty: Ty) -> String {
        self.locals.push(ty);
        format!("$l{}", self.locals.len() - 1)
    }

    /// A new local with a value that is one of the results.
    pub(crate) fn returns(&mut self, ty: Ty, text: &str) {
        let (ty, text) = self.observed(ty, text);
        let local = self.local(ty);
        self.say(&format!("(local.set {local} {text})"));
        self.results.push((ty, local));
    }

    /// Adds a value to the checksum.
    pub(crate) fn fold(&mut self, ty: Ty, text: &str) {
        let (ty, text) = self.observed(ty, text);
        if ty == Ty::V128 {
            self.part(Part::Vector);
        }
        match ty {
            Ty::Ref(_) => self.say(&format!("(call $fold_i32 (ref.is_null {text}))")),
            ty => self.say(&format!("(call $fold_{} {text})", ty.text())),
        }
    }

    /// What shows the value: itself, or a number that depends on what a reference refers to.
    pub(crate) fn observed(&mut self, ty: Ty, text: &str) -> (Ty, String) {
        let Ty::Ref(name) = ty else { return (ty, text.to_owned()) };
        let look = match name {
            "externref" => return (ty, text.to_owned()),
            "funcref" => "func",
            "anyref" | "eqref" | "i31ref" => "any",
            "(ref null $t)" | "(ref null $s)" => "s",
            array => array.trim_start_matches("(ref null $").trim_end_matches(')'),
        };
        (Ty::I64, format!("(call $look_{look} {text})"))
    }

    /// A parameter.
    pub(crate) fn param(&mut self, u: &mut Choices<'_>, ty: Ty) -> String {
        let known: Vec<usize> =
            (0..self.params.len()).filter(|at| self.params[*at] == ty).collect();
        let live: Vec<&(Ty, String)> = self.live.iter().filter(|(t, _)| *t == ty).collect();
        if !live.is_empty() && u.percent(60) {
            return format!("(local.get {})", u.of(&live).1);
        }
        let full = self.params.len() >= PARAMS;
        if (!known.is_empty()) && (full || known.len() > 2 || u.percent(40)) {
            return format!("(local.get $p{})", u.of(&known));
        }
        if full {
            return self.constant(u, ty);
        }
        self.params.push(ty);
        format!("(local.get $p{})", self.params.len() - 1)
    }

    /// An edge value, or now and then any other.
    pub(crate) fn constant(&mut self, u: &mut Choices<'_>, ty: Ty) -> String {
        if ty.is_ref() {
            return self.reference(u, ty, false);
        }
        let before = self.constants.iter().rev().find(|(other, _)| *other == ty);
        let bits = match (u.below(10), before) {
            (8, _) => u.bits(),
            (5..=7, _) if ty == Ty::V128 => lanes(&mut |n| u.below(n)),
            (9, Some((_, bits))) => related(ty, *bits, u.below(RELATIONS)),
            _ => *u.of(&edges(ty)),
        };
        self.constants.push((ty, bits));
        constant(ty, bits)
    }

    /// An operand of a kind, in view of what it is for.
    pub(crate) fn operand(&mut self, u: &mut Choices<'_>, operand: Operand, kind: Kind) -> String {
        let ty = operand.ty;
        let zero = if ty == Ty::I64 { "i64" } else { "i32" };
        match operand.role {
            Role::Any | Role::Condition => self.value(u, ty, kind),
            Role::Object if !self.risky || u.percent(80) => self.reference(u, ty, true),
            Role::Object => self.reference(u, ty, false),
            Role::Address(space, width, aligned) => self.address(u, space, width, aligned, kind),
            Role::Index(count) | Role::Length(count) => {
                let most = if matches!(operand.role, Role::Index(_)) { count } else { count + 1 };
                match kind {
                    _ if self.risky && u.percent(30) => self.value(u, ty, kind),
                    Kind::Constant => {
                        let low = [0, 1, 2, 3, 5, 7, 8, 16, 63, 64, 65, 100, most - 1];
                        let low: Vec<u64> = low.into_iter().filter(|n| *n < most).collect();
                        let beyond = if self.risky { u.below(2) as u64 } else { 0 };
                        format!("({zero}.const {})", u.of(&low) + beyond)
                    }
                    _ => {
                        let value = self.value(u, ty, kind);
                        let mask = (most + 1).next_power_of_two() / 2 - 1;
                        format!("({zero}.and {value} ({zero}.const {mask}))")
                    }
                }
            }
            Role::Divisor => match kind {
                _ if self.risky && u.percent(50) => self.value(u, ty, kind),
                // The least number divided by -1 is no number.
                Kind::Constant if self.risky && u.percent(30) => format!("({zero}.const -1)"),
                Kind::Constant if u.percent(50) => {
                    format!(
                        "({zero}.const {})",
                        u.of(&[10, 3, 7, 8, 1, 100, 16, 2, 60, 641, 1000, 5])
                    )
                }
                _ => {
                    let value = self.value(u, ty, kind);
                    format!(
                        "({zero}.or ({zero}.and {value} ({zero}.const 0x7fffffff)) ({zero}.const 1))"
                    )
                }
            },
            Role::Truncated => {
                let t = ty.text();
                if self.risky && u.percent(70) {
                    return self.value(u, ty, kind);
                }
                let whole = self.value(u, Ty::I32, kind);
                format!(
                    "({t}.mul ({t}.convert_i32_u (i32.and {whole} (i32.const 0xffff))) ({t}.const 0.75))"
                )
            }
        }
    }

    /// The value of a type and kind.
    pub(crate) fn value(&mut self, u: &mut Choices<'_>, ty: Ty, kind: Kind) -> String {
        if ty == Ty::V128 {
            self.part(Part::Vector);
        }
        match kind {
            Kind::Constant => self.constant(u, ty),
            Kind::Parameter if ty == Ty::Ref("externref") => self.param(u, ty),
            _ if ty.is_ref() => self.held_reference(u, ty, kind),
            Kind::Parameter | Kind::Same => self.param(u, ty),
            Kind::Load => self.load(u, ty),
            Kind::Operator => self.composite(u, ty, 0),
            Kind::Across => {
                let value = if u.percent(50) { self.load(u, ty) } else { self.param(u, ty) };
                let local = self.local(ty);
                self.say(&format!("(local.set {local} {value})"));
                self.touch(u);
                format!("(local.get {local})")
            }
            Kind::Call => {
                let value = self.param(u, ty);
                format!("(call $id_{} {value})", ty.text())
            }
        }
    }

    /// A reference that another instruction gives, or a local that lived through a call.
    fn held_reference(&mut self, u: &mut Choices<'_>, ty: Ty, kind: Kind) -> String {
        let value = self.reference(u, ty, false);
        if !matches!(kind, Kind::Across | Kind::Call | Kind::Parameter) {
            return value;
        }
        let local = self.local(ty);
        self.say(&format!("(local.set {local} {value})"));
        self.touch(u);
        if self.parts.contains(&Part::Objects) && u.percent(50) {
            self.say("(call $churn)");
        }
        format!("(local.get {local})")
    }

    /// An edge value from memory.
    pub(crate) fn load(&mut self, u: &mut Choices<'_>, ty: Ty) -> String {
        let (t, width) = (ty.text(), ty.bytes());
        if u.percent(50) {
            let at = edge_at(ty, u.below(edges(ty).len()));
            return format!("({t}.load (i32.const {at}))");
        }
        let index = self.param(u, Ty::I32);
        let (start, last) = (edge_at(ty, 0), 63 * width);
        let mask = last / width * width;
        format!("({t}.load offset={start} (i32.and {index} (i32.const {mask})))")
    }

    /// An address of so many bytes: mostly within the memory, often at its very end.
    fn address(
        &mut self,
        u: &mut Choices<'_>,
        space: Space,
        width: u64,
        aligned: bool,
        kind: Kind,
    ) -> String {
        let a = space.address.text();
        let step = if aligned { width } else { 1 };
        let near = if space.size > 1000 { 256 } else { 16 };
        if self.risky && u.percent(50) {
            return match u.below(6) {
                0 => self.value(u, space.address, kind),
                1 | 4 | 5 if !aligned && (2..=WIDEST).contains(&width) => {
                    self.across(u, space, width, kind)
                }
                1 => format!(
                    "({a}.const {})",
                    space.size.saturating_sub(width) + 1 + u.below(8) as u64
                ),
                // Often aligned to the half of what it must be.
                2 if aligned && u.percent(50) => format!("({a}.const {})", width / 2),
                2 if aligned => format!("({a}.const {})", 1 + u.below(7)),
                2 | 3 => {
                    let far: &[i64] = match space.address {
                        // Half of them become small where the sum with an offset wraps.
                        Ty::I64 => &[1 << 32, (1 << 32) + 8, 1 << 33, i64::MIN, -1, -8, -16, -24],
                        _ => &[1 << 31, -8, -16, -1, -4, 0x7fff_fff0],
                    };
                    let far = *u.of(far);
                    let far = if a == "i32" { i64::from(far as i32) } else { far };
                    format!("({a}.const {far})")
                }
                _ => self.value(u, space.address, kind),
            };
        }
        match kind {
            Kind::Constant if u.percent(25) => {
                format!("({a}.const {})", (space.size - width) / step * step)
            }
            Kind::Constant => {
                format!("({a}.const {})", u.below(near as usize) as u64 / step * step)
            }
            _ => {
                let value = self.value(u, space.address, kind);
                let mask = (near - 1) / step * step;
                format!("({a}.and {value} ({a}.const {mask}))")
            }
        }
    }

    /// An address from which an access begins in the memory and ends beyond it. A store there traps and writes nothing: what lies
    /// before the end is looked at later, by a function of its own.
    fn across(&mut self, u: &mut Choices<'_>, space: Space, width: u64, kind: Kind) -> String {
        let a = space.address.text();
        let varied = (width / 2).saturating_sub(1);
        let (least, text) = match kind {
            Kind::Constant => (1 + u.below(width as usize - 1) as u64, None),
            // So many more bytes are beyond the end.
            _ => (width - 1, Some(self.value(u, space.address, kind))),
        };
        let offset = *u.of(&[0, 0, 1, 8, space.size - least]);
        let start = space.size - least - offset;
        let mut address = format!("({a}.const {start})");
        if let Some(text) = text {
            address = format!("({a}.add ({a}.and {text} ({a}.const {varied})) {address})");
        }
        self.across.push((address.clone(), offset));
        if !self.ends.contains(&space.name) {
            self.ends.push(space.name);
        }
        address
    }

    /// The immediates of an access.
    pub(crate) fn memarg(&mut self, u: &mut Choices<'_>, one: &Use, address: &str) -> String {
        let Some(Role::Address(space, width, aligned)) = one.operands.first().map(|o| o.role)
        else {
            return String::new();
        };
        if let Some(at) = self.across.iter().position(|(text, _)| text == address) {
            return match self.across.swap_remove(at).1 {
                0 => String::new(),
                offset => format!("offset={offset}"),
            };
        }
        let step = if aligned { width } else { 1 };
        let taken = width + if space.size > 1000 { 256 } else { 16 };
        let room = space.size.saturating_sub(taken);
        let offset = match u.below(10) {
            _ if self.risky && u.percent(15) => match space.address {
                Ty::I64 => *u.of(&[space.size, 1 << 31, 0xffff_ffff, 1 << 32, 1 << 33, u64::MAX]),
                _ => *u.of(&[space.size, 1 << 31, 0xffff_ffff, 0xffff_fff0, space.size - 1]),
            },
            0..5 => 0,
            5..8 => *u.of(&[1, 2, 4, 8, 16, 24]),
            8 => room,
            _ => room / 2,
        } / step
            * step;
        let align = if aligned || u.percent(60) {
            String::new()
        } else {
            format!(" align={}", 1u64 << u.below(width.trailing_zeros() as usize + 1))
        };
        match offset {
            0 => align.trim_start().to_owned(),
            offset => format!("offset={offset}{align}"),
        }
    }
}
