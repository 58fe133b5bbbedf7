//! Atomic accesses.

use super::access::look;
use super::{Role, SPACES, Space, Use, any, op, with};
use crate::generate::typed::stage::Part;
use crate::generate::typed::ty::Ty;
use etalon_module::{Class, Opcode};

pub(super) fn uses() -> Vec<Use> {
    let mut uses = Vec::new();
    // An access need not be to a shared memory.
    for space in SPACES.iter().filter(|space| matches!(space.name, "$m" | "$m64" | "$ms")) {
        let atomic = |op: &&Opcode| {
            matches!(op.class(), Some(Class::AtomicLoad | Class::AtomicStore | Class::AtomicRmw))
        };
        uses.extend(Opcode::ALL.iter().filter(atomic).map(|op| access(*op, *space)));
        uses.extend(waits(*space));
    }
    uses.push(Use::new(op("atomic.fence"), "(atomic.fence)").then(Ty::I64, "(call $look_m)"));
    uses
}

fn access(op: Opcode, space: Space) -> Use {
    let name = op.name();
    let (ty, rest) = name.split_once('.').unwrap_or((name, ""));
    let ty = Ty::named(ty).unwrap_or(Ty::I32);
    let natural = ty.bytes();
    let width = [(1, "8"), (2, "16"), (4, "32")]
        .into_iter()
        .find(|(_, digits)| {
            ["load", "store", "rmw"].iter().any(|w| rest.contains(&format!("{w}{digits}")))
        })
        .map_or(natural, |(width, _)| width);
    let address = with(space.address, Role::Address(space, width, true));
    let memory = space.name;
    let one = |places: &str| Use::new(op, format!("({name} {memory} @m {places})"));
    let one = if rest.contains("cmpxchg") {
        one("@0 @1 @2").taking([address, any(ty), any(ty)]).giving([ty])
    } else if rest.contains("rmw") {
        one("@0 @1").taking([address, any(ty)]).giving([ty])
    } else if rest.contains("store") {
        one("@0 @1").taking([address, any(ty)])
    } else {
        return one("@0").taking([address]).giving([ty]).on(space.part);
    };
    one.then(Ty::I64, look(space)).on(space.part)
}

/// What waits waits for no time: nobody would notify it.
fn waits(space: Space) -> Vec<Use> {
    let name = space.name;
    let at = |width| with(space.address, Role::Address(space, width, true));
    let wait = |bits: u64, ty: Ty| {
        let text = format!("(memory.atomic.wait{bits} {name} @m @0 @1 (i64.const 0))");
        Use::new(op(&format!("memory.atomic.wait{bits}")), text)
            .taking([at(bits / 8), any(ty)])
            .giving([Ty::I32])
            .on(space.part)
    };
    let notify =
        Use::new(op("memory.atomic.notify"), format!("(memory.atomic.notify {name} @m @0 @1)"))
            .taking([at(4), any(Ty::I32)])
            .giving([Ty::I32])
            .on(space.part);
    let mut uses = vec![notify];
    // In a memory that is not shared it traps.
    if space.part == Part::Shared {
        uses.extend([wait(32, Ty::I32), wait(64, Ty::I64)]);
    }
    uses
}
