//! Control and registers: many values that live across calls, loops, handlers and branch tables.

use super::func::{Func, Kind};
use super::single::as_number;
use super::stage::Part;
use super::ty::Ty;
use crate::generate::choices::Choices;

/// Generates a function.
pub(crate) fn control(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let types = func.menu.types();
    let count = if u.percent(20) { 60 + u.below(60) } else { 8 + u.below(30) };
    for _ in 0..count {
        let ty = *u.of(types);
        let value = match u.below(3) {
            0 => func.param(u, ty),
            1 => func.load(u, ty),
            _ => func.constant(u, ty),
        };
        let local = func.local(ty);
        func.say(&format!("(local.set {local} {value})"));
        func.live.push((ty, local));
    }
    for _ in 0..3 + u.below(6) {
        statement(u, func);
    }
    func.risky = u.percent(10);
    statement(u, func);
    // It takes as long as thousands of others.
    if u.below(500) == 499 {
        plunge(u, func);
    }
    // Everything that lived until here.
    let sum = func.local(Ty::I64);
    for (ty, local) in std::mem::take(&mut func.live) {
        if ty == Ty::V128 {
            func.part(Part::Vector);
        }
        let number = as_number(ty, &local);
        func.say(&format!(
            "(local.set {sum} (i64.xor (i64.rotl (local.get {sum}) (i64.const 7)) {number}))"
        ));
    }
    func.results.push((Ty::I64, sum));
}

fn statement(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let several = func.menu.allows(Part::Several);
    match u.below(10) {
        0 | 1 if several => rotation(u, func),
        2 if several => many(u, func),
        3 if func.menu.allows(Part::Tails) => tail(u, func),
        4 if func.menu.allows(Part::Exceptions) => handler(u, func),
        5 => func.touch(u),
        6 => table(u, func),
        7 => conditional(u, func),
        8 if u.percent(50) => accessor(u, func),
        _ => {
            let (ty, local) = live(u, func);
            let text = func.composite(u, ty, 1);
            func.say(&format!("(local.set {local} {text})"));
        }
    }
}

/// One of the values that live.
fn live(u: &mut Choices<'_>, func: &Func<'_>) -> (Ty, String) {
    u.of(&func.live).clone()
}

/// Locals of one type, not necessarily different ones.
fn alike(u: &mut Choices<'_>, func: &Func<'_>, count: usize) -> (Ty, Vec<String>) {
    let (ty, _) = live(u, func);
    let all: Vec<String> = func
        .live
        .iter()
        .filter(|(other, _)| *other == ty)
        .map(|(_, local)| local.clone())
        .collect();
    (ty, (0..count).map(|_| u.of(&all).clone()).collect())
}

fn get(locals: &[String]) -> String {
    locals.iter().map(|local| format!("(local.get {local})")).collect()
}

/// Pops values into locals, the last first.
fn set(locals: &[String]) -> String {
    locals.iter().rev().map(|local| format!("(local.set {local})")).collect()
}

/// A loop that passes its values to itself in another order.
fn rotation(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let count = 2 + u.below(4);
    let (ty, outer) = alike(u, func, count);
    let inner: Vec<String> = (0..count).map(|_| func.local(ty)).collect();
    let mut order: Vec<String> = inner.clone();
    match u.below(4) {
        0 => order.swap(0, 1),
        1 => order.rotate_left(1),
        2 => order.reverse(),
        _ => order = (0..count).map(|_| u.of(&inner).clone()).collect(),
    }
    let types: String = (0..count).map(|_| format!(" {}", ty.text())).collect();
    let mut passed: Vec<String> =
        order.iter().map(|local| format!("(local.get {local})")).collect();
    if u.percent(50) {
        let at = u.below(count);
        passed[at] = func.composite(u, ty, 0);
    }
    let counter = func.local(Ty::I32);
    let rounds = 1 + u.below(6);
    let next = format!("(local.tee {counter} (i32.sub (local.get {counter}) (i32.const 1)))");
    let branch = match u.below(3) {
        0 => format!("(if (param{types}) (result{types}) {next} (then (br $next)))"),
        1 => format!(
            "(block $out (param{types}) (result{types}) (br_table $out $next (i32.ne {next} (i32.const 0))))"
        ),
        _ => format!("(br_if $next {next})"),
    };
    func.say(&format!(
        "(local.set {counter} (i32.const {rounds}))\n{}\n(loop $next (param{types}) (result{types})\n{}\n{}\n{branch})\n{}",
        get(&outer),
        set(&inner),
        passed.join(""),
        set(&outer)
    ));
}

/// A call with many parameters and many results, some of them by way of the host.
fn many(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let mut params: Vec<(Ty, String)> = (0..1 + u.below(18)).map(|_| live(u, func)).collect();
    let enters = func.enters && u.percent(50);
    if enters {
        // What a host in another language hands over as it is.
        params.retain(|(ty, _)| matches!(ty, Ty::I32 | Ty::I64));
        params.push((Ty::I64, func.local(Ty::I64)));
    }
    let results: Vec<usize> = (0..1 + u.below(7)).map(|_| u.below(params.len())).collect();
    let name = func.helper_name();
    let mut text = format!("(func {name}");
    if enters {
        text.push_str(&format!(" (export \"{}\")", &name[1..]));
    }
    for (at, (ty, _)) in params.iter().enumerate() {
        text.push_str(&format!(" (param $p{at} {})", ty.text()));
    }
    results.iter().for_each(|at| text.push_str(&format!(" (result {})", params[*at].0.text())));
    if u.percent(50) {
        text.push_str("\n(call $touch)");
    }
    results.iter().for_each(|at| text.push_str(&format!("\n(local.get $p{at})")));
    func.extra.push_str(&(text + ")\n"));
    let arguments: Vec<String> = params.iter().map(|(_, local)| local.clone()).collect();
    // Each result goes to a value of its type.
    let targets: Vec<String> = results
        .iter()
        .map(|at| {
            let ty = params[*at].0;
            let fit: Vec<&(Ty, String)> =
                func.live.iter().chain(&params).filter(|(t, _)| *t == ty).collect();
            u.of(&fit).1.clone()
        })
        .collect();
    let types = |of: &mut dyn Iterator<Item = usize>| of.map(|at| params[at].0).collect::<Vec<_>>();
    let callee = match enters {
        true => {
            let (given, got) = (types(&mut (0..params.len())), types(&mut results.iter().copied()));
            func.through_host(&name[1..], &given, &got)
        }
        false => name,
    };
    func.say(&format!("{}(call {callee})\n{}", get(&arguments), set(&targets)));
}

/// A call of a function so small that it may be inlined: it reads and writes near an address, and near the end of the memory it traps
/// when something of it may have been seen.
fn accessor(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let name = func.helper_name();
    let ty = *u.of(&[Ty::I32, Ty::I64, Ty::F32, Ty::F64]);
    let t = ty.text();
    let mut offset = || *u.of(&[0, 1, 4, 8, 63]);
    let (first, second) = (offset(), offset());
    let load = format!("({t}.load offset={first} (local.get 0))");
    let text = match u.below(5) {
        0 => load,
        1 => format!("{load} ({t}.store offset={second} (local.get 0) (local.get 1))"),
        2 => format!("({t}.store offset={second} (local.get 0) {load}) (local.get 1)"),
        3 => format!("{load} (global.set $g_{t} (local.get 1))"),
        _ => format!("({t}.add {load} ({t}.load offset={second} (local.get 0)))"),
    };
    func.extra.push_str(&format!("(func {name} (param i32 {t}) (result {t}) {text})\n"));
    let address = match u.percent(if func.risky { 60 } else { 10 }) {
        true => format!("(i32.const {})", 65536 - u.below(80)),
        false => format!("(i32.and {} (i32.const 255))", func.param(u, Ty::I32)),
    };
    let (value, result) = (func.param(u, ty), func.local(ty));
    func.say(&format!("(local.set {result} (call {name} {address} {value}))"));
    func.live.push((ty, result));
}

/// A call of a function that calls another one last, with more or fewer arguments.
fn tail(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let first: Vec<(Ty, String)> = (0..1 + u.below(10)).map(|_| live(u, func)).collect();
    let second: Vec<usize> = (0..1 + u.below(14)).map(|_| u.below(first.len())).collect();
    let (outer, inner) = (func.helper_name(), func.helper_name());
    let mut text = format!("(func {inner}");
    for (at, of) in second.iter().enumerate() {
        text.push_str(&format!(" (param $p{at} {})", first[*of].0.text()));
    }
    text.push_str(" (result i64) (local $h i64)\n");
    for (at, of) in second.iter().enumerate() {
        let number = as_number(first[*of].0, &format!("$p{at}"));
        text.push_str(&format!(
            "(local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 5)) {number}))\n"
        ));
    }
    text.push_str(&format!("(local.get $h))\n(func {outer}"));
    for (at, (ty, _)) in first.iter().enumerate() {
        text.push_str(&format!(" (param $p{at} {})", ty.text()));
    }
    let passed: String = second.iter().map(|at| format!(" (local.get $p{at})")).collect();
    text.push_str(&format!(" (result i64) (return_call {inner}{passed}))\n"));
    func.extra.push_str(&text);
    func.part(Part::Tails);
    let arguments: Vec<String> = first.iter().map(|(_, local)| local.clone()).collect();
    let result = func.local(Ty::I64);
    func.say(&format!("{}(call {outer})(local.set {result})", get(&arguments)));
    func.live.push((Ty::I64, result));
}

/// A recursion that ends where the stack does. How many calls that took is in the checksum.
fn plunge(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let (down, hop) = (func.helper_name(), func.helper_name());
    let types = func.menu.types();
    let locals: String = match u.below(3) {
        0 => String::new(),
        1 => " i64".repeat(40 + u.below(60)),
        _ => (0..20 + u.below(40)).map(|_| format!(" {}", u.of(types).text())).collect(),
    };
    let hops = if func.menu.allows(Part::Tails) { *u.of(&[0, 1, 3, 6]) } else { 0 };
    let next = match u.below(3) {
        _ if hops > 0 => format!("(call {hop} (i32.const {hops}))"),
        0 if func.menu.allows(Part::Exceptions) => {
            func.part(Part::Exceptions);
            format!("(block $out (try_table (catch_all $out) (call {down} (i32.const 0))))")
        }
        _ => format!("(call {down} (i32.const 0))"),
    };
    // It may be inlined, and may be the first that there is no room for.
    let (small, wide) = (func.helper_name(), u.below(2) * (1 + u.below(7)));
    let call = format!("(call {small} {})", "(i64.const 1)".repeat(wide));
    let mut text = format!(
        "(func {small} (param{}) (global.set $sum (i64.rotl (global.get $sum) (i64.const 1))))\n\
         (func {down} (param i32) (local{locals})\n\
         (global.set $sum (i64.add (global.get $sum) (i64.const 1)))\n{call}\n{next})\n",
        " i64".repeat(wide)
    );
    if hops > 0 {
        func.part(Part::Tails);
        text.push_str(&format!(
            "(func {hop} (param $n i32)\n\
             (if (local.get $n) (then (return_call {hop} (i32.sub (local.get $n) (i32.const 1)))))\n\
             (return_call {down} (local.get $n)))\n"
        ));
    }
    func.extra.push_str(&text);
    func.say(&format!("(call {down} (i32.const 0))"));
}

/// A handler around a call that may throw, and changes of values before and after it.
fn handler(u: &mut Choices<'_>, func: &mut Func<'_>) {
    func.part(Part::Exceptions);
    let (ty, changed) = live(u, func);
    let (which, value) = (func.param(u, Ty::I32), func.value(u, Ty::I64, Kind::Parameter));
    let before = func.composite(u, ty, 0);
    let [low, high, result] = [(); 3].map(|()| func.local(Ty::I64));
    let clauses = *u.of(&[
        "(catch $x2 $two) (catch_all $done)",
        "(catch $x0 $done) (catch $x2 $two) (catch_all $done)",
        "(catch_all $done)",
        "(catch $x2 $two) (catch_all $done) (catch $x0 $done)",
    ]);
    func.say(&format!(
        "(block $done (block $two (result i64 i64) (try_table {clauses}\n\
         (local.set {changed} {before})\n\
         (local.set {result} (call $thrower (i32.and {which} (i32.const 3)) {value})))\n\
         (br $done)) (local.set {high}) (local.set {low}))"
    ));
    for local in [low, high, result] {
        func.live.push((Ty::I64, local));
    }
}

/// A branch table whose targets change different values.
fn table(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let index = func.condition(u);
    let targets: Vec<(Ty, String)> = (0..3).map(|_| live(u, func)).collect();
    let values: Vec<String> = targets.iter().map(|(ty, _)| func.composite(u, *ty, 0)).collect();
    let labels: String =
        (0..1 + u.below(12)).map(|_| *u.of(&["$a ", "$b ", "$c ", "$d "])).collect();
    func.say(&format!(
        "(block $d (block $c (block $b (block $a (br_table {labels} $d {index}))\n\
         (local.set {} {}) (br $d))\n(local.set {} {}))\n(local.set {} {}))",
        targets[0].1, values[0], targets[1].1, values[1], targets[2].1, values[2]
    ));
}

/// A conditional that gives one or several values.
fn conditional(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let count = if func.menu.allows(Part::Several) { 1 + u.below(4) } else { 1 };
    let (ty, locals) = alike(u, func, count);
    let condition = func.condition(u);
    let types: String = (0..count).map(|_| format!(" {}", ty.text())).collect();
    let mut other = locals.clone();
    other.rotate_left(1);
    let last = func.composite(u, ty, 0);
    let then = get(&locals);
    let other = get(&other[..count - 1]) + &last;
    func.say(&format!(
        "(if (result{types}) {condition} (then {then}) (else {other}))\n{}",
        set(&locals)
    ));
}
