//! Expressions of generated functions.

use super::func::{Func, Kind};
use super::stage::Part;
use super::ty::Ty;
use super::uses::Use;
use crate::generate::choices::Choices;

/// Kinds of operands as often as they are drawn.
const DRAWN: &[Kind] = &[
    Kind::Parameter,
    Kind::Constant,
    Kind::Constant,
    Kind::Load,
    Kind::Operator,
    Kind::Parameter,
    Kind::Across,
    Kind::Call,
];

impl Func<'_> {
    /// An expression of a type whose operands are expressions as deep as told.
    pub(crate) fn composite(&mut self, u: &mut Choices<'_>, ty: Ty, depth: usize) -> String {
        let menu = self.menu;
        if u.is_over() {
            return self.value(u, ty, Kind::Parameter);
        }
        let Some(one) = menu.giving(u, ty, !self.risky) else {
            return self.value(u, ty, Kind::Constant);
        };
        let operands = self.operands(u, one, depth);
        self.expression(u, one, &operands)
    }

    /// Operands for a use: expressions where they may be, and otherwise of a kind that is drawn.
    pub(crate) fn operands(&mut self, u: &mut Choices<'_>, one: &Use, depth: usize) -> Vec<String> {
        let same = one.operands.len() > 1 && u.percent(18);
        let mut first: Option<(Ty, String)> = None;
        let mut texts = Vec::new();
        for operand in &one.operands {
            if let Some((ty, local)) = &first
                && *ty == operand.ty
            {
                self.cells.push((one.op.name(), Kind::Same));
                texts.push(format!("(local.get {local})"));
                continue;
            }
            let plain =
                matches!(operand.role, super::uses::Role::Any | super::uses::Role::Condition);
            let kind = *u.of(DRAWN);
            let kind = if kind == Kind::Operator && depth == 0 { Kind::Constant } else { kind };
            let mut text = if depth > 0 && plain && !operand.ty.is_ref() && u.percent(70) {
                self.cells.push((one.op.name(), Kind::Operator));
                self.composite(u, operand.ty, depth - 1)
            } else {
                self.cells.push((one.op.name(), kind));
                let kind = if kind == Kind::Operator { Kind::Load } else { kind };
                self.operand(u, *operand, kind)
            };
            let again = |other: &&super::uses::Operand| other.ty == operand.ty;
            if same && first.is_none() && plain && one.operands.iter().filter(again).count() > 1 {
                let local = self.local(operand.ty);
                // Where the text does not come first, the other operand is a zero.
                text = if u.percent(50) {
                    self.say(&format!("(local.set {local} {text})"));
                    format!("(local.get {local})")
                } else {
                    format!("(local.tee {local} {text})")
                };
                first = Some((operand.ty, local));
            }
            texts.push(text);
        }
        texts
    }

    /// The text of a use with its operands and immediates.
    pub(crate) fn expression(
        &mut self,
        u: &mut Choices<'_>,
        one: &Use,
        operands: &[String],
    ) -> String {
        for part in &one.parts {
            self.part(*part);
        }
        if one
            .operands
            .iter()
            .map(|o| o.ty)
            .chain(one.results.iter().copied())
            .any(|ty| ty == Ty::V128)
        {
            self.part(Part::Vector);
        }
        let memarg = self.memarg(u, one, operands.first().map_or("", String::as_str));
        let lane = format!("{}", u.below(one.lanes.max(1)));
        let shuffle = if one.lanes == 32 { shuffle(u) } else { String::new() };
        filled(&one.text, operands, &memarg, &lane, &shuffle)
    }

    /// Computes a use and has the function return all that it gives and writes.
    pub(crate) fn shot(&mut self, u: &mut Choices<'_>, one: &Use, operands: &[String]) {
        let text = self.expression(u, one, operands);
        match &one.results[..] {
            [] => self.say(&text),
            [ty] => self.returns(*ty, &text),
            many => {
                let locals: Vec<String> = many.iter().map(|ty| self.local(*ty)).collect();
                self.say(&text);
                for local in locals.iter().rev() {
                    self.say(&format!("(local.set {local})"));
                }
                self.results.extend(many.iter().copied().zip(locals));
            }
        }
        for (ty, text) in &one.after {
            self.returns(*ty, text);
        }
    }
}

/// A text with its places filled.
fn filled(text: &str, operands: &[String], memarg: &str, lane: &str, shuffle: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if digits > 0 {
            let number: usize = rest[..digits].parse().unwrap_or(0);
            out.push_str(operands.get(number).map_or("", String::as_str));
            rest = &rest[digits..];
        } else {
            out.push_str(match rest.as_bytes().first() {
                Some(b'm') => memarg,
                Some(b'l') => lane,
                _ => shuffle,
            });
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

/// The lanes of a shuffle: often in an order that a machine has an instruction for.
pub(crate) fn shuffle(u: &mut Choices<'_>) -> String {
    let lanes: Vec<usize> = match u.below(6) {
        0 => (0..16).collect(),
        1 => {
            let by = u.below(16);
            (0..16).map(|at| at + by).collect()
        }
        2 => {
            let (size, lane) = (1 << u.below(4), u.below(16));
            (0..16).map(|at| (lane / size * size) + at % size).collect()
        }
        3 => {
            let high = u.below(2) * 8;
            (0..16).map(|at| at / 2 + high + at % 2 * 16).collect()
        }
        4 => {
            let size = 2 << u.below(3);
            (0..16).map(|at| at / size * size + (size - 1 - at % size)).collect()
        }
        _ => (0..16).map(|_| u.below(32)).collect(),
    };
    lanes.iter().map(usize::to_string).collect::<Vec<_>>().join(" ")
}
