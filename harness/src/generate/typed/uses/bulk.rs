//! Memories and tables as a whole.

use super::access::look;
use super::{Role, SPACES, Space, Use, any, op, with};
use crate::generate::typed::stage::Part;
use crate::generate::typed::ty::Ty;

/// Bytes and elements that bulk operators are asked to move.
const MOST: u64 = 160;

const FUNC: Ty = Ty::Ref("funcref");
const EXTERN: Ty = Ty::Ref("externref");

pub(super) fn uses() -> Vec<Use> {
    let mut uses: Vec<Use> = SPACES.iter().flat_map(|space| memory(*space)).collect();
    uses.extend(between());
    uses.extend(table("$t", "$look_t", Ty::I32, 12, Part::Tables));
    uses.extend(table("$t64", "$look_t64", Ty::I64, 12, Part::WideTable));
    uses.extend(tables());
    uses
}

fn memory(space: Space) -> Vec<Use> {
    let (name, a) = (space.name, space.address);
    let at = || with(a, Role::Address(space, 1, false));
    let far = || with(a, Role::Address(space, MOST, false));
    let short = |ty| with(ty, Role::Length(MOST));
    let mut uses = vec![
        Use::new(op("memory.size"), format!("(memory.size {name})")).giving([a]),
        Use::new(op("memory.grow"), format!("(memory.grow {name} @0)"))
            .taking([with(a, Role::Length(2))])
            .giving([a])
            .then(a, format!("(memory.size {name})")),
        Use::new(op("memory.fill"), format!("(memory.fill {name} @0 @1 @2)"))
            .taking([far(), any(Ty::I32), short(a)])
            .then(Ty::I64, look(space)),
        Use::new(op("memory.copy"), format!("(memory.copy {name} {name} @0 @1 @2)"))
            .taking([far(), far(), short(a)])
            .then(Ty::I64, look(space)),
        Use::new(op("memory.init"), format!("(memory.init {name} $d @0 @1 @2)"))
            .taking([far(), with(Ty::I32, Role::Index(20)), with(Ty::I32, Role::Length(40))])
            .then(Ty::I64, look(space))
            .on(Part::Bulk),
    ];
    if space.part == Part::Base {
        uses.push(
            Use::new(op("data.drop"), "(data.drop $none)")
                .then(Ty::I64, look(space))
                .on(Part::Bulk),
        );
        uses.push(
            Use::new(
                op("memory.discard"),
                "(memory.discard $m (i32.const 0) (i32.mul @0 (i32.const 0)))",
            )
            .taking([at()])
            .then(Ty::I64, look(space)),
        );
    }
    uses.into_iter().map(|one| one.on(space.part)).collect()
}

/// From one memory to another, also with other addresses.
fn between() -> Vec<Use> {
    let (m, m2, m64) = (SPACES[0], SPACES[1], SPACES[2]);
    let copy = |to: Space, from: Space| {
        let length = if to.address == from.address { to.address } else { Ty::I32 };
        Use::new(op("memory.copy"), format!("(memory.copy {} {} @0 @1 @2)", to.name, from.name))
            .taking([
                with(to.address, Role::Address(to, MOST, false)),
                with(from.address, Role::Address(from, MOST, false)),
                with(length, Role::Length(MOST)),
            ])
            .then(Ty::I64, look(to))
            .on(to.part)
            .on(from.part)
    };
    vec![copy(m2, m), copy(m, m2), copy(m64, m), copy(m, m64)]
}

fn table(name: &str, look: &str, index: Ty, size: u64, part: Part) -> Vec<Use> {
    let at = || with(index, Role::Index(size));
    let low = || with(index, Role::Index(size / 2));
    let few = |ty| with(ty, Role::Length(size / 2));
    let see = |one: Use| one.then(Ty::I64, format!("(call {look})"));
    let uses = vec![
        Use::new(op("table.get"), format!("(table.get {name} @0)")).taking([at()]).giving([FUNC]),
        see(Use::new(op("table.set"), format!("(table.set {name} @0 @1)"))
            .taking([at(), any(FUNC)])),
        Use::new(op("table.size"), format!("(table.size {name})")).giving([index]),
        see(Use::new(op("table.grow"), format!("(table.grow {name} @0 @1)"))
            .taking([any(FUNC), with(index, Role::Length(2))])
            .giving([index])),
        see(Use::new(op("table.fill"), format!("(table.fill {name} @0 @1 @2)")).taking([
            low(),
            any(FUNC),
            few(index),
        ])),
        see(Use::new(op("table.copy"), format!("(table.copy {name} {name} @0 @1 @2)")).taking([
            low(),
            low(),
            few(index),
        ])),
        see(Use::new(op("table.init"), format!("(table.init {name} $e @0 @1 @2)")).taking([
            low(),
            with(Ty::I32, Role::Index(4)),
            with(Ty::I32, Role::Length(3)),
        ])),
        Use::new(op("call_indirect"), format!("(call_indirect {name} (type $number) @0)"))
            .taking([at()])
            .giving([Ty::I32]),
    ];
    uses.into_iter().map(|one| one.on(part)).collect()
}

fn tables() -> Vec<Use> {
    let at = || with(Ty::I32, Role::Index(10));
    let uses = vec![
        Use::new(op("table.copy"), "(table.copy $t $t2 @0 @1 @2)")
            .taking([
                with(Ty::I32, Role::Index(6)),
                with(Ty::I32, Role::Index(6)),
                with(Ty::I32, Role::Length(6)),
            ])
            .then(Ty::I64, "(call $look_t)"),
        Use::new(op("table.get"), "(table.get $tx @0)").taking([at()]).giving([EXTERN]),
        Use::new(op("table.set"), "(table.set $tx @0 @1)")
            .taking([at(), any(EXTERN)])
            .then(Ty::I64, "(call $look_tx)"),
        Use::new(op("table.fill"), "(table.fill $tx @0 @1 @2)")
            .taking([at(), any(EXTERN), with(Ty::I32, Role::Length(5))])
            .then(Ty::I64, "(call $look_tx)"),
        Use::new(op("table.grow"), "(table.grow $tx @0 @1)")
            .taking([any(EXTERN), with(Ty::I32, Role::Length(2))])
            .giving([Ty::I32])
            .then(Ty::I64, "(call $look_tx)"),
        Use::new(op("table.size"), "(table.size $tx)").giving([Ty::I32]),
        Use::new(op("elem.drop"), "(elem.drop $e2)").then(Ty::I64, "(call $look_t)"),
        Use::new(op("table.init"), "(table.init $t $e2 @0 @1 @2)")
            .taking([
                with(Ty::I32, Role::Index(8)),
                with(Ty::I32, Role::Index(2)),
                with(Ty::I32, Role::Length(1)),
            ])
            .then(FUNC, "(table.get $t (i32.const 2))"),
        Use::new(op("ref.func"), "(ref.func $n4)").giving([FUNC]),
        Use::new(op("ref.null"), "(ref.null func)").giving([FUNC]),
        Use::new(op("ref.null"), "(ref.null extern)").giving([EXTERN]),
        Use::new(op("ref.is_null"), "(ref.is_null @0)").taking([any(FUNC)]).giving([Ty::I32]),
        Use::new(op("ref.is_null"), "(ref.is_null @0)").taking([any(EXTERN)]).giving([Ty::I32]),
        Use::new(op("select_t"), "(select (result funcref) @0 @1 @2)")
            .taking([any(FUNC), any(FUNC), with(Ty::I32, Role::Condition)])
            .giving([FUNC]),
    ];
    uses.into_iter().map(|one| one.on(Part::Tables)).collect()
}
