//! Structures, arrays, small integers and casts.

use super::{Operand, Role, Use, any, op, with};
use crate::generate::typed::stage::{ARRAYS, FIELDS, Part};
use crate::generate::typed::ty::Ty;

const ANY: Ty = Ty::Ref("anyref");
const EXTERN: Ty = Ty::Ref("externref");
const FUNC: Ty = Ty::Ref("funcref");
const I31: Ty = Ty::Ref("i31ref");
const EQ: Ty = Ty::Ref("eqref");
const S: Ty = Ty::Ref("(ref null $s)");
const T: Ty = Ty::Ref("(ref null $t)");

/// Elements that arrays have at most where an index or a length is to be within them.
const ELEMENTS: u64 = 12;

pub(super) fn uses() -> Vec<Use> {
    let mut uses = structures();
    for (name, element, _) in ARRAYS {
        uses.extend(array(name, element));
    }
    uses.extend(segments());
    uses.extend(small_integers());
    uses.extend(casts());
    uses.into_iter().map(|one| one.on(Part::Objects)).collect()
}

/// The type of a value that is read from, or written to, a field or element.
fn unpacked(storage: &'static str) -> Ty {
    match storage {
        "i8" | "i16" => Ty::I32,
        "anyref" => ANY,
        "funcref" => FUNC,
        plain => Ty::named(plain).unwrap_or(Ty::I32),
    }
}

/// The instructions that read a field or an element.
fn readers(kind: &str, storage: &str) -> Vec<String> {
    match storage {
        "i8" | "i16" => vec![format!("{kind}.get_s"), format!("{kind}.get_u")],
        _ => vec![format!("{kind}.get")],
    }
}

fn object(ty: Ty) -> Operand {
    with(ty, Role::Object)
}

fn structures() -> Vec<Use> {
    let fields: Vec<Operand> = FIELDS.iter().map(|field| any(unpacked(field))).collect();
    let places: String = (0..fields.len()).map(|at| format!(" @{at}")).collect();
    let more = [any(Ty::I64), any(Ty::I32)];
    let mut uses = vec![
        Use::new(op("struct.new"), format!("(struct.new $s{places})"))
            .taking(fields.clone())
            .giving([S]),
        Use::new(op("struct.new"), format!("(struct.new $t{places} @10 @11)"))
            .taking(fields.into_iter().chain(more))
            .giving([T]),
        Use::new(op("struct.new_default"), "(struct.new_default $s)").giving([S]),
        Use::new(op("struct.new_default"), "(struct.new_default $u)").giving([T]),
        Use::new(op("struct.get"), "(struct.get $t 10 @0)").taking([object(T)]).giving([Ty::I64]),
        Use::new(op("struct.get_s"), "(struct.get_s $t 11 @0)")
            .taking([object(T)])
            .giving([Ty::I32]),
        Use::new(op("struct.get"), "(struct.get $fixed 0 (struct.new $fixed @0 @1))")
            .taking([any(Ty::I32), any(S)])
            .giving([Ty::I32]),
        Use::new(op("struct.get"), "(struct.get $fixed 1 (struct.new $fixed @0 @1))")
            .taking([any(Ty::I32), any(S)])
            .giving([S]),
    ];
    for (at, field) in FIELDS.iter().enumerate() {
        let ty = unpacked(field);
        for reader in readers("struct", field) {
            uses.push(
                Use::new(op(&reader), format!("({reader} $s {at} @0)"))
                    .taking([object(S)])
                    .giving([ty]),
            );
        }
        uses.push(
            Use::new(op("struct.set"), format!("(struct.set $s {at} (global.get $g_s) @0)"))
                .taking([any(ty)])
                .then(Ty::I64, "(call $look_s (global.get $g_s))"),
        );
    }
    uses
}

fn array(name: &'static str, element: &'static str) -> Vec<Use> {
    let ty = Ty::Ref(array_type(name));
    let value = unpacked(element);
    let fixed = |n: usize| {
        let places: String = (0..n).map(|at| format!(" @{at}")).collect();
        Use::new(op("array.new_fixed"), format!("(array.new_fixed ${name} {n}{places})"))
            .taking((0..n).map(|_| any(value)))
            .giving([ty])
    };
    let mut uses = vec![fixed(2), fixed(5)];
    for reader in readers("array", element) {
        let text = format!("({reader} ${name} (array.new_fixed ${name} 4 @0 @1 @2 @3) @4)");
        let last = with(Ty::I32, Role::Index(4));
        let operands = (0..4).map(|_| any(value)).chain([last]);
        uses.push(Use::new(op(&reader), text).taking(operands).giving([value]));
    }
    uses.extend(made_and_changed(name, element));
    uses
}

/// What makes arrays of a type, and what writes into one.
fn made_and_changed(name: &'static str, element: &'static str) -> Vec<Use> {
    let ty = Ty::Ref(array_type(name));
    let value = unpacked(element);
    let at = || with(Ty::I32, Role::Index(ELEMENTS));
    let short = || with(Ty::I32, Role::Length(ELEMENTS / 2));
    let low = || with(Ty::I32, Role::Index(ELEMENTS / 2));
    let see = |text: String| {
        format!(
            "(block (result i64) (global.set $o_{name} (array.new ${name} @0 (i32.const 13))) \
             {text} (call $look_{name} (global.get $o_{name})))"
        )
    };
    // An array that each element of tells where it came from.
    let varied = format!(
        "(array.set ${name} (global.get $o_{name}) (i32.const 1) @1) \
         (array.set ${name} (global.get $o_{name}) (i32.const 4) @2) \
         (array.set ${name} (global.get $o_{name}) (i32.const 12) @1)"
    );
    let get = format!("(global.get $o_{name})");
    vec![
        Use::new(op("array.new"), format!("(array.new ${name} @0 @1)"))
            .taking([any(value), with(Ty::I32, Role::Length(20))])
            .giving([ty]),
        Use::new(op("array.new_default"), format!("(array.new_default ${name} @0)"))
            .taking([with(Ty::I32, Role::Length(20))])
            .giving([ty]),
        Use::new(op("array.len"), "(array.len @0)").taking([object(ty)]).giving([Ty::I32]),
        Use::new(op("array.set"), see(format!("(array.set ${name} {get} @1 @2)")))
            .taking([any(value), at(), any(value)])
            .giving([Ty::I64]),
        Use::new(op("array.fill"), see(format!("{varied} (array.fill ${name} {get} @3 @4 @5)")))
            .taking([any(value), any(value), any(value), low(), any(value), short()])
            .giving([Ty::I64]),
        Use::new(
            op("array.copy"),
            see(format!("{varied} (array.copy ${name} ${name} {get} @3 {get} @4 @5)")),
        )
        .taking([any(value), any(value), any(value), low(), low(), short()])
        .giving([Ty::I64]),
        Use::new(
            op("array.copy"),
            see(format!("{varied} (array.copy ${name} ${name} {get} @3 @6 @4 @5)")),
        )
        .taking([
            any(value),
            any(value),
            any(value),
            low(),
            low(),
            with(Ty::I32, Role::Length(2)),
            object(ty),
        ])
        .giving([Ty::I64]),
    ]
}

/// The reference to an array of the stage.
fn array_type(name: &'static str) -> &'static str {
    match name {
        "a8" => "(ref null $a8)",
        "a16" => "(ref null $a16)",
        "a32" => "(ref null $a32)",
        "a64" => "(ref null $a64)",
        "af32" => "(ref null $af32)",
        "af64" => "(ref null $af64)",
        "av128" => "(ref null $av128)",
        "aany" => "(ref null $aany)",
        _ => "(ref null $afunc)",
    }
}

fn segments() -> Vec<Use> {
    let from = || with(Ty::I32, Role::Index(16));
    let few = |n| with(Ty::I32, Role::Length(n));
    let mut uses = Vec::new();
    for (name, _, _) in ARRAYS.iter().take(7) {
        let ty = Ty::Ref(array_type(name));
        uses.push(
            Use::new(op("array.new_data"), format!("(array.new_data ${name} $d @0 @1)"))
                .taking([from(), few(3)])
                .giving([ty])
                .on(Part::Bulk),
        );
        uses.push(
            Use::new(
                op("array.init_data"),
                format!(
                    "(block (result i64) (global.set $o_{name} (array.new_default ${name} (i32.const 9))) \
                     (array.init_data ${name} $d (global.get $o_{name}) @0 @1 @2) (call $look_{name} (global.get $o_{name})))"
                ),
            )
            .taking([with(Ty::I32, Role::Index(6)), from(), few(3)])
            .giving([Ty::I64])
            .on(Part::Bulk),
        );
    }
    for (name, segment) in [("aany", "$ea"), ("afunc", "$e"), ("aany", "$ei")] {
        let ty = Ty::Ref(array_type(name));
        uses.push(
            Use::new(op("array.new_elem"), format!("(array.new_elem ${name} {segment} @0 @1)"))
                .taking([with(Ty::I32, Role::Index(2)), few(2)])
                .giving([ty]),
        );
        uses.push(
            Use::new(
                op("array.init_elem"),
                format!(
                    "(block (result i64) (global.set $o_{name} (array.new_default ${name} (i32.const 9))) \
                     (array.init_elem ${name} {segment} (global.get $o_{name}) @0 @1 @2) (call $look_{name} (global.get $o_{name})))"
                ),
            )
            .taking([with(Ty::I32, Role::Index(6)), with(Ty::I32, Role::Index(2)), few(2)])
            .giving([Ty::I64]),
        );
    }
    uses
}

fn small_integers() -> Vec<Use> {
    let table = |name: &str, text: &str| {
        Use::new(op(name), text).then(Ty::I32, "(i31.get_s (table.get $ti (i32.const 3)))")
    };
    vec![
        Use::new(op("ref.i31"), "(ref.i31 @0)").taking([any(Ty::I32)]).giving([I31]),
        Use::new(op("i31.get_s"), "(i31.get_s (ref.i31 @0))")
            .taking([any(Ty::I32)])
            .giving([Ty::I32]),
        Use::new(op("i31.get_u"), "(i31.get_u (ref.i31 @0))")
            .taking([any(Ty::I32)])
            .giving([Ty::I32]),
        Use::new(op("i31.get_s"), "(i31.get_s @0)").taking([object(I31)]).giving([Ty::I32]),
        Use::new(op("i31.get_u"), "(i31.get_u @0)").taking([object(I31)]).giving([Ty::I32]),
        table("table.fill", "(table.fill $ti @0 (ref.i31 @1) @2)").taking([
            with(Ty::I32, Role::Index(4)),
            any(Ty::I32),
            with(Ty::I32, Role::Length(4)),
        ]),
        table("table.set", "(table.set $ti (i32.const 3) (ref.i31 @0))").taking([any(Ty::I32)]),
        Use::new(op("ref.eq"), "(ref.eq @0 @1)").taking([any(EQ), any(EQ)]).giving([Ty::I32]),
        Use::new(op("ref.eq"), "(ref.eq @0 @1)").taking([any(S), any(S)]).giving([Ty::I32]),
        Use::new(op("any.convert_extern"), "(any.convert_extern @0)")
            .taking([any(EXTERN)])
            .giving([ANY]),
        Use::new(op("extern.convert_any"), "(extern.convert_any @0)")
            .taking([any(ANY)])
            .giving([EXTERN]),
        Use::new(op("ref.is_null"), "(ref.is_null (extern.convert_any @0))")
            .taking([any(ANY)])
            .giving([Ty::I32]),
        Use::new(op("ref.is_null"), "(ref.is_null @0)").taking([any(ANY)]).giving([Ty::I32]),
        Use::new(op("ref.as_non_null"), "(ref.as_non_null @0)").taking([object(S)]).giving([S]),
        Use::new(op("ref.null"), "(ref.null any)").giving([ANY]),
        Use::new(op("global.set"), "(global.set $g_any @0)")
            .taking([any(ANY)])
            .then(ANY, "(global.get $g_any)"),
    ]
}

/// What references are tested for.
const TESTED: &[&str] =
    &["eq", "i31", "struct", "array", "$s", "$t", "$u", "$a8", "$aany", "none", "any"];

fn casts() -> Vec<Use> {
    let mut uses = Vec::new();
    for to in TESTED {
        for null in ["", "null "] {
            let suffix = if null.is_empty() { "" } else { "_null" };
            let ty = format!("(ref {null}{to})");
            uses.push(
                Use::new(op(&format!("ref.test{suffix}")), format!("(ref.test {ty} @0)"))
                    .taking([any(ANY)])
                    .giving([Ty::I32]),
            );
            uses.push(
                Use::new(op(&format!("ref.cast{suffix}")), format!("(ref.cast {ty} @0)"))
                    .taking([object(ANY)])
                    .giving([ANY]),
            );
            for (name, or) in [("br_on_cast", "result"), ("br_on_cast_fail", "fails")] {
                let (here, there) = match or {
                    "result" => (format!("(result {ty})"), "anyref"),
                    _ => ("(result anyref)".to_owned(), "anyref"),
                };
                let text = format!(
                    "(block $out (result i32) (drop (block $b {here} (drop ({name} $b {there} {ty} @0)) (br $out (i32.const 3)))) (i32.const 4))"
                );
                uses.push(Use::new(op(name), text).taking([any(ANY)]).giving([Ty::I32]));
            }
        }
    }
    uses
}
