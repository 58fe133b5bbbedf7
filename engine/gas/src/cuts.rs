//! After which operators a gas segment ends (§2). Each tier finds the gas segments of a body itself. The properties of
//! operators come from the table of instructions (`engine/module/src/instruction/table.rs`); SPEC.md has them as lists.

use etalon_module::operator::Opcode;
use serde::Deserialize;

/// How finely a body is cut into gas segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cuts {
    /// After operators that transfer control and after dynamic operators. A trap may leave the rest of its segment charged.
    Coarse,
    /// Also after every operator that may trap, so that no operator is charged that did not begin.
    Fine,
}

impl Cuts {
    /// Whether a gas segment ends with `op`: whether it is in T (§2).
    pub fn after(self, op: Opcode) -> bool {
        op.transfers_control() || op.is_dynamic() || (self == Cuts::Fine && op.may_trap())
    }

    /// The word for it in a schedule file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Cuts::Coarse => "coarse",
            Cuts::Fine => "fine",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(select: impl Fn(Opcode) -> bool) -> BTreeSet<&'static str> {
        Opcode::ALL.iter().filter(|&&op| select(op)).map(|op| op.name()).collect()
    }

    #[test]
    fn coarse_cuts_are_those_of_the_specification() {
        // SPEC.md lists T in full, so the two must be changed together.
        let spec = include_str!("../SPEC.md");
        let listed = |heading: &str| -> BTreeSet<&str> {
            let (_, rest) = spec.split_once(heading).expect("the heading is there");
            let (_, rest) = rest.split_once("```text\n").expect("a list follows");
            let (list, _) = rest.split_once("```").expect("the list ends");
            list.split_whitespace().collect()
        };
        let control = listed("### 2.2");
        let dynamic = listed("### 2.3");
        let fixed = |op: Opcode| op.priced_as().is_none();
        assert_eq!(names(|op| fixed(op) && op.transfers_control()), control);
        assert_eq!(names(|op| fixed(op) && op.is_dynamic()), dynamic);
        assert_eq!(names(|op| fixed(op) && Cuts::Coarse.after(op)), &control | &dynamic);
    }

    #[test]
    fn what_came_after_gas_1_was_fixed_is_as_its_older_operator() {
        for (newer, older) in Opcode::ALL.iter().filter_map(|op| Some((op, op.priced_as()?))) {
            assert_eq!(older.priced_as(), None, "{newer}: {older} is of gas-1 as it was fixed");
            assert!(older.has_meaning(), "{newer}: {older} has no price");
            assert_eq!(newer.transfers_control(), older.transfers_control(), "{newer}, {older}");
            assert_eq!(newer.is_dynamic(), older.is_dynamic(), "{newer}, {older}");
        }
    }

    #[test]
    fn fine_cuts_are_the_coarse_ones_and_what_may_trap() {
        let coarse = names(|op| Cuts::Coarse.after(op));
        let fine = names(|op| Cuts::Fine.after(op));
        assert!(fine.is_superset(&coarse));
        let added: BTreeSet<&str> = fine.difference(&coarse).copied().collect();
        assert_eq!(added, names(|op| op.may_trap() && !Cuts::Coarse.after(op)));
        for added_by_fine in ["i32.load", "i32.div_u", "table.get", "ref.cast", "struct.get"] {
            assert!(added.contains(added_by_fine), "{added_by_fine}");
        }
        for never in
            ["i32.add", "local.get", "f64.div", "i32.trunc_sat_f32_s", "ref.test", "table.size"]
        {
            assert!(!fine.contains(never), "{never}");
        }
    }
}
