//! Branches, calls and exceptions, each in the smallest text that makes one of them visible.

use super::{Operand, Role, Use, any, op, with};
use crate::generate::typed::stage::Part;
use crate::generate::typed::ty::{PLAIN, Ty};

pub(super) fn uses() -> Vec<Use> {
    let mut uses: Vec<Use> = PLAIN.iter().flat_map(|ty| branches(*ty)).collect();
    uses.extend(calls());
    uses.extend(tail_calls());
    uses.extend(exceptions());
    uses
}

fn condition() -> Operand {
    with(Ty::I32, Role::Condition)
}

fn branches(ty: Ty) -> Vec<Use> {
    let t = ty.text();
    let two = || [any(ty), any(ty), condition()];
    let one = |name: &str, text: String| Use::new(op(name), text).taking(two()).giving([ty]);
    vec![
        one("if", format!("(if (result {t}) @2 (then @0) (else @1))")),
        one("else", format!("(if (result {t}) (i32.eqz @2) (then @1) (else @0))")),
        one("br_if", format!("(block $b (result {t}) (drop (br_if $b @0 @2)) @1)")),
        one("br", format!("(block $b (result {t}) (if @2 (then (br $b @0))) @1)")),
        one("block", format!("(block (result {t}) (select @0 (block (result {t}) @1) @2))")),
        one(
            "br_table",
            format!("(block $b (result {t}) (block $a (br_table $a $a $c @2)) (br $b @0))")
                .replace(
                    "(block $a (br_table $a $a $c @2))",
                    "(block $a (block $c (br_table $a $c $a $a $c @2)) (br $b @1))",
                ),
        ),
        one("nop", format!("(block (result {t}) (nop) @0 (drop @1) (drop @2))")),
        one(
            "unreachable",
            format!(
                "(if (result {t}) (i32.eq @2 (i32.const 0x7fff)) (then (unreachable)) (else (select @0 @1 @2)))"
            ),
        ),
    ]
}

fn calls() -> Vec<Use> {
    let mut uses: Vec<Use> = PLAIN
        .iter()
        .map(|ty| {
            Use::new(op("call"), format!("(call $id_{} @0)", ty.text()))
                .taking([any(*ty)])
                .giving([*ty])
        })
        .collect();
    let bin = || [any(Ty::I64), any(Ty::I64), condition()];
    uses.extend([
        Use::new(op("call_indirect"), "(call_indirect $t (type $number) @0)")
            .taking([with(Ty::I32, Role::Index(14))])
            .giving([Ty::I32])
            .on(Part::Tables),
        Use::new(op("call_indirect"), "(call_indirect $tt (type $open) @0)")
            .taking([with(Ty::I32, Role::Index(5))])
            .giving([Ty::I32])
            .on(Part::Typed),
        Use::new(op("call_indirect"), "(call_indirect $tt (type $closed) @0)")
            .taking([with(Ty::I32, Role::Index(5))])
            .giving([Ty::I32])
            .on(Part::Typed),
        Use::new(
            op("call_ref"),
            "(call_ref $bin @0 @1 (select (result (ref null $bin)) (ref.func $minus) (ref.func $turned) @2))",
        )
        .taking(bin())
        .giving([Ty::I64])
        .on(Part::Typed),
        Use::new(
            op("ref.as_non_null"),
            "(call_ref $bin @0 @1 (ref.as_non_null (select (result (ref null $bin)) (ref.func $minus) (ref.null $bin) @2)))",
        )
        .taking(bin())
        .giving([Ty::I64])
        .on(Part::Typed),
        Use::new(
            op("br_on_null"),
            "(block $b (result i64) (drop (block $n (br $b (call_ref $bin @0 @1 (br_on_null $n \
             (select (result (ref null $bin)) (ref.func $minus) (ref.null $bin) @2)))) unreachable)) (i64.const 5))"
                .replace("(drop (block $n", "(block $n")
                .replace(" unreachable)) (i64", ") (i64"),
        )
        .taking(bin())
        .giving([Ty::I64])
        .on(Part::Typed),
        Use::new(
            op("br_on_non_null"),
            "(block $b (result i64) (call_ref $bin @0 @1 (block $n (result (ref $bin)) (br_on_non_null $n \
             (select (result (ref null $bin)) (ref.func $turned) (ref.null $bin) @2)) (br $b (i64.const 6)))))",
        )
        .taking(bin())
        .giving([Ty::I64])
        .on(Part::Typed),
    ]);
    uses
}

fn tail_calls() -> Vec<Use> {
    let (w, l, d) = (any(Ty::I32), any(Ty::I64), any(Ty::F64));
    let uses = vec![
        Use::new(op("return_call"), "(call $more @0 @1)").taking([l, w]),
        Use::new(op("return_call"), "(call $fewer @0 @1 @2 @3 @4 @5 @6 @7 @8)").taking([
            w,
            l,
            l,
            any(Ty::F32),
            d,
            w,
            w,
            l,
            l,
        ]),
        Use::new(op("return_call"), "(call $count (i32.and @0 (i32.const 15)) @1 @2)")
            .taking([w, l, l]),
    ];
    let mut uses: Vec<Use> =
        uses.into_iter().map(|one| one.giving([Ty::I64]).on(Part::Tails)).collect();
    uses.push(
        Use::new(op("return_call_indirect"), "(call $indirect @0)")
            .taking([with(Ty::I32, Role::Index(14))])
            .giving([Ty::I32])
            .on(Part::Tails),
    );
    uses.push(
        Use::new(op("return_call_ref"), "(call $last_ref @0 @1 @2)")
            .taking([l, l, condition()])
            .giving([Ty::I64])
            .on(Part::Typed)
            .on(Part::Tails),
    );
    uses
}

fn exceptions() -> Vec<Use> {
    let (w, l, d) = (any(Ty::I32), any(Ty::I64), any(Ty::F64));
    let use_of = |name: &str, text: &str| Use::new(op(name), text).on(Part::Exceptions);
    // The value that is thrown comes first where several clauses would take it.
    const CLAUSES: &str = "(block $all (result i64) (block $two (result i64 i64) (block $one (result i32) (block $none \
        (br $all (try_table (result i64) (catch $x0 $none) (catch $x1 $one) (catch $x2 $two) \
        (call $thrower (i32.and @0 (i32.const 3)) @1)))) (br $all (i64.const 3))) (br $all (i64.extend_i32_u)) ) i64.sub)";
    vec![
        use_of(
            "throw",
            "(block $h (result i64 i64) (try_table (catch $x2 $h) (throw $x2 @0 @1)) unreachable)",
        )
        .taking([l, l])
        .giving([Ty::I64, Ty::I64]),
        use_of(
            "throw",
            "(block $h (result i32 i32 f64 f64) (try_table (catch $x4 $h) (throw $x4 @0 @1 @2 @3)) unreachable)",
        )
        .taking([w, w, d, d])
        .giving([Ty::I32, Ty::I32, Ty::F64, Ty::F64]),
        use_of("try_table", CLAUSES).taking([w, l]).giving([Ty::I64]),
        use_of(
            "try_table",
            "(block $out (result i64) (block $h (br $out (try_table (result i64) (catch_all $h) (call $thrower @0 @1)))) (i64.const 8))",
        )
        .taking([w, l])
        .giving([Ty::I64]),
        use_of(
            "try_table",
            "(block $out (result i64) (block $h (result i64 i64) (block $g (br $out (try_table (result i64) \
             (catch $x2 $h) (catch_all $g) (call $thrower @0 @1)))) (br $out (i64.const 9))) i64.xor)",
        )
        .taking([w, l])
        .giving([Ty::I64]),
        use_of(
            "throw_ref",
            "(block $out (result i64 i64) (try_table (catch $x2 $out) (throw_ref (block $h (result exnref) \
             (try_table (catch_all_ref $h) (throw $x2 @0 @1)) unreachable))) unreachable)",
        )
        .taking([l, l])
        .giving([Ty::I64, Ty::I64]),
        use_of(
            "throw_ref",
            "(block $out (result i64) (block $h (result i32 exnref) (br $out (try_table (result i64) \
             (catch_ref $x1 $h) (call $thrower @0 @1)))) throw_ref)",
        )
        .taking([w, l])
        .giving([Ty::I64]),
        use_of(
            "throw_ref",
            "(if (result i64) (i32.eq @0 (i32.const 1)) (then (throw_ref (ref.null exn))) (else @1))",
        )
        .taking([w, l])
        .giving([Ty::I64]),
        use_of("throw", "(call $thrower @0 @1)").taking([w, l]).giving([Ty::I64]),
    ]
}
