//! References in generated functions.

use super::func::Func;
use super::stage::{FIELDS, NUMBERED, Part};
use super::ty::Ty;
use crate::generate::choices::Choices;

impl Func<'_> {
    /// A reference; of those that may be null, some are, unless it must not be.
    pub(crate) fn reference(&mut self, u: &mut Choices<'_>, ty: Ty, certain: bool) -> String {
        let Ty::Ref(name) = ty else { return self.constant(u, ty) };
        let null = !certain && u.percent(15);
        match name {
            "funcref" => {
                self.part(Part::Tables);
                match u.below(4) {
                    _ if null => "(ref.null func)".to_owned(),
                    0 if !certain => format!("(table.get $t (i32.const {}))", u.below(8)),
                    _ => format!("(ref.func $n{})", u.below(NUMBERED)),
                }
            }
            "externref" if null || !self.menu.allows(Part::Objects) => {
                "(ref.null extern)".to_owned()
            }
            "externref" => {
                let inner = self.reference(u, Ty::Ref("anyref"), certain);
                format!("(extern.convert_any {inner})")
            }
            _ => {
                self.part(Part::Objects);
                self.object(u, name, certain, null)
            }
        }
    }

    fn object(&mut self, u: &mut Choices<'_>, name: &str, certain: bool, null: bool) -> String {
        match name {
            "i31ref" if null => "(ref.null i31)".to_owned(),
            "anyref" | "eqref" if null => "(ref.null none)".to_owned(),
            "anyref" | "eqref" => match u.below(7) {
                0 | 1 => self.object(u, "i31ref", certain, false),
                2 => self.object(u, "(ref null $s)", certain, false),
                3 => self.object(u, "(ref null $t)", certain, false),
                4 => "(struct.new_default $u)".to_owned(),
                5 => self.object(u, "(ref null $aany)", certain, false),
                _ => self.object(u, "(ref null $a8)", certain, false),
            },
            "i31ref" => match u.below(4) {
                0 if !certain => format!("(table.get $ti (i32.const {}))", u.below(8)),
                1 => {
                    let value = self.param(u, Ty::I32);
                    format!("(ref.i31 {value})")
                }
                _ => {
                    let value = self.constant(u, Ty::I32);
                    format!("(ref.i31 {value})")
                }
            },
            _ if null => format!("(ref.null {})", heap(name)),
            "(ref null $s)" if u.percent(30) => {
                let other = self.object(u, "(ref null $t)", certain, false);
                if u.percent(40) { format!("(call $id_s {other})") } else { other }
            }
            "(ref null $s)" if !certain && u.percent(15) => "(global.get $g_s)".to_owned(),
            "(ref null $s)" => {
                let fields = self.fields(u);
                format!("(struct.new $s{fields})")
            }
            "(ref null $t)" if u.percent(20) => "(struct.new_default $u)".to_owned(),
            "(ref null $t)" => {
                let fields = self.fields(u);
                let more = [self.constant(u, Ty::I64), self.constant(u, Ty::I32)].join(" ");
                format!("(struct.new $t{fields} {more})")
            }
            array => self.array(u, heap(array)),
        }
    }

    fn array(&mut self, u: &mut Choices<'_>, heap: &str) -> String {
        let element = match heap {
            "$a64" => Ty::I64,
            "$af32" => Ty::F32,
            "$af64" => Ty::F64,
            "$av128" => Ty::V128,
            "$aany" => Ty::Ref("i31ref"),
            "$afunc" => Ty::Ref("funcref"),
            _ => Ty::I32,
        };
        let count = *u.of(&[3, 1, 2, 5]);
        if u.percent(40) {
            let values: String =
                (0..count).map(|_| format!(" {}", self.constant(u, element))).collect();
            format!("(array.new_fixed {heap} {count}{values})")
        } else {
            let value = self.constant(u, element);
            format!("(array.new {heap} {value} (i32.const {}))", count * 3)
        }
    }

    /// Constants for the fields of a structure.
    fn fields(&mut self, u: &mut Choices<'_>) -> String {
        let mut text = String::new();
        for field in FIELDS {
            let value = match *field {
                "i8" | "i16" => self.constant(u, Ty::I32),
                "anyref" => format!("(ref.i31 (i32.const {}))", u.below(100)),
                "funcref" => format!("(ref.func $n{})", u.below(NUMBERED)),
                plain => self.constant(u, Ty::named(plain).unwrap_or(Ty::I32)),
            };
            text.push(' ');
            text.push_str(&value);
        }
        text
    }
}

fn heap(name: &str) -> &str {
    name.trim_start_matches("(ref null ").trim_end_matches(')')
}
