//! Chains of two and three operators: the shapes that instruction selection looks for, and any others.

use super::edges::{constant, edges};
use super::func::{Func, Kind};
use super::shapes::{CONDITIONS, SHAPES, Shape};
use super::stage::Part;
use super::ty::Ty;
use super::uses::{Operand, Role, SPACES};
use crate::generate::choices::Choices;
use std::collections::BTreeMap;

/// Generates a function.
pub(crate) fn chains(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let shots = 2 + u.below(4);
    let drawn = *u.of(SHAPES);
    for shot in 0..shots {
        func.risky = shot + 1 == shots && u.percent(8);
        if u.percent(35) {
            let ty = *u.of(func.menu.types());
            let depth = 1 + u.below(2);
            let text = func.composite(u, ty, depth);
            func.returns(ty, &text);
        } else {
            // Now and then once more with other operands.
            let shape = if u.percent(30) { drawn } else { *u.of(SHAPES) };
            let (ty, text) = func.shaped(u, shape, 1);
            func.returns(ty, &text);
        }
    }
}

impl Func<'_> {
    /// An expression of a shape. Where the engine lacks what the shape needs, a plain one.
    pub(crate) fn shaped(
        &mut self,
        u: &mut Choices<'_>,
        shape: Shape,
        depth: usize,
    ) -> (Ty, String) {
        let name = *u.of(shape.types);
        let ty =
            Ty::named(if shape.result == "%" { name } else { shape.result }).unwrap_or(Ty::I32);
        let text = shape.text.replace('%', name);
        for (needed, part) in [
            ("v128", Part::Vector),
            ("x", Part::Vector),
            ("$a", Part::Objects),
            ("i31", Part::Objects),
        ] {
            let vector =
                needed != "x" || ["8x16", "16x8", "32x4", "64x2"].iter().any(|l| text.contains(l));
            if vector
                && text.contains(needed)
                && !(needed == "$a" && !text.contains("$a16") && !text.contains("$a8"))
            {
                if !self.menu.allows(part) {
                    return (Ty::I32, self.value(u, Ty::I32, Kind::Parameter));
                }
                self.part(part);
            }
        }
        if text.contains("relaxed") && !self.menu.has("f32x4.relaxed_madd") {
            return (Ty::V128, self.value(u, Ty::V128, Kind::Parameter));
        }
        if text.contains("trunc_sat") && !self.menu.has("i32.trunc_sat_f32_s")
            || text.contains("extend8_s") && !self.menu.has("i32.extend8_s")
            || (text.contains("extend32_s") || text.contains("extend16_s"))
                && !self.menu.has("i64.extend32_s")
        {
            return (Ty::I32, self.value(u, Ty::I32, Kind::Parameter));
        }
        (ty, self.filled_shape(u, &text, depth))
    }

    fn filled_shape(&mut self, u: &mut Choices<'_>, text: &str, depth: usize) -> String {
        let mut same = BTreeMap::<String, String>::new();
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (place, after) = behind.split_once('}').unwrap_or((behind, ""));
            out.push_str(before);
            rest = after;
            if place.ends_with('&') {
                if let Some(local) = same.get(place) {
                    out.push_str(&format!("(local.get {local})"));
                    continue;
                }
                let inner = place.trim_end_matches('&');
                let text = self.place(u, inner, depth);
                let local = self.local(Ty::named(inner).unwrap_or(Ty::I32));
                self.say(&format!("(local.set {local} {text})"));
                out.push_str(&format!("(local.get {local})"));
                same.insert(place.to_owned(), local);
                continue;
            }
            let text = self.place(u, place, depth);
            out.push_str(&text);
        }
        out.push_str(rest);
        out
    }

    fn place(&mut self, u: &mut Choices<'_>, place: &str, depth: usize) -> String {
        match place {
            "?" => self.condition(u),
            "m" => {
                let kind = *u.of(&[Kind::Constant, Kind::Parameter, Kind::Load]);
                let role = Role::Address(SPACES[0], 24, false);
                self.operand(u, Operand { ty: Ty::I32, role }, kind)
            }
            "k32" => format!("(i32.const {})", *u.of(&[1, 2, 3, 4, 7, 8, 12, 16, 31])),
            "s" => super::express::shuffle(u),
            _ => {
                let name = place.trim_end_matches(['!', '*', '1']);
                let ty = Ty::named(name).unwrap_or(Ty::I32);
                if place.ends_with("!1") {
                    return format!(
                        "({name}.const {})",
                        u.of(&[
                            3,
                            1,
                            2,
                            5,
                            7,
                            9,
                            10,
                            12,
                            25,
                            100,
                            125,
                            255,
                            256,
                            1000,
                            4096,
                            0x7fff_ffff
                        ])
                    );
                }
                if place.ends_with('!') {
                    let bits = *u.of(&edges(ty));
                    return constant(ty, bits);
                }
                let kinds = [
                    Kind::Parameter,
                    Kind::Load,
                    Kind::Parameter,
                    Kind::Across,
                    Kind::Call,
                    Kind::Constant,
                ];
                let kind = *u.of(&kinds);
                match place.ends_with('*') {
                    true => self.load(u, ty),
                    false if depth > 0 && u.percent(15) => self.composite(u, ty, depth - 1),
                    false => self.value(u, ty, kind),
                }
            }
        }
    }

    /// A condition of a branch or a selection.
    pub(crate) fn condition(&mut self, u: &mut Choices<'_>) -> String {
        let shape = *u.of(CONDITIONS);
        self.shaped(u, shape, 0).1
    }
}
