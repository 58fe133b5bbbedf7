//! Loads and stores of every memory of the stage.

use super::{Role, SPACES, Space, Use, any, with};
use crate::generate::typed::ty::Ty;
use etalon_module::{Class, Opcode};

pub(super) fn uses() -> Vec<Use> {
    let accesses: Vec<Opcode> = Opcode::ALL.iter().copied().filter(|op| is_access(*op)).collect();
    let spaces = SPACES.iter();
    spaces.flat_map(|space| accesses.iter().map(|op| access(*op, *space))).collect()
}

fn is_access(op: Opcode) -> bool {
    let name = op.name();
    let vector = name.starts_with("v128.load") || name.starts_with("v128.store");
    vector || matches!(op.class(), Some(Class::Load | Class::Store))
}

fn access(op: Opcode, space: Space) -> Use {
    let name = op.name();
    let (ty, rest) = name.split_once('.').unwrap_or((name, ""));
    let ty = Ty::named(ty).unwrap_or(Ty::I32);
    let bits = bits(rest).unwrap_or(ty.bytes() * 8);
    let address = with(space.address, Role::Address(space, bits / 8, false));
    let memory = space.name;
    let mut one = if rest.ends_with("_lane") {
        let lanes = 128 / bits as usize;
        let text = format!("({name} {memory} @m @l @0 @1)");
        let both = [address, any(Ty::V128)];
        let mut one = Use::new(op, text).taking(both);
        one.lanes = lanes;
        if rest.starts_with("load") { one.giving([Ty::V128]) } else { one }
    } else if rest.starts_with("load") {
        Use::new(op, format!("({name} {memory} @m @0)")).taking([address]).giving([ty])
    } else {
        Use::new(op, format!("({name} {memory} @m @0 @1)")).taking([address, any(ty)])
    };
    if one.results.is_empty() {
        one = one.then(Ty::I64, look(space));
    }
    one.on(space.part)
}

/// What looks at a memory.
pub(super) fn look(space: Space) -> String {
    format!("(call $look_{})", &space.name[1..])
}

/// The bits of an access, if the name tells: `load8x8_s` are eight bytes.
fn bits(rest: &str) -> Option<u64> {
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let number = |text: &str| -> Option<u64> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        text[..end].parse().ok()
    };
    let bits = number(digits)?;
    let lanes = digits.split('x').nth(1).and_then(number).unwrap_or(1);
    Some(bits * lanes)
}
