//! The rules that an observer is told, in their order, and those that are counted.

mod common;

use common::Guest;
use etalon_module::Opcode;
use etalon_oracle::{Observer, Oracle, Rule, Usage};
use etalon_runtime::StoreConfig;
use std::sync::{Arc, Mutex};

/// Keeps every rule that it is told. Clones have one list.
#[derive(Clone, Debug, Default)]
struct Noted(Arc<Mutex<Vec<&'static str>>>);

impl Observer for Noted {
    fn rule(&mut self, rule: Rule) {
        self.0.lock().unwrap().push(rule.name());
    }
}

/// Calls `f`, however that ends; gives what was told.
fn told(module: &str) -> Vec<&'static str> {
    let noted = Noted::default();
    let oracle = Oracle::with_observer(Box::new(noted.clone()));
    let mut guest = Guest::with(module, StoreConfig::unmetered(), oracle);
    _ = guest.call("f", &[]);
    std::mem::take(&mut noted.0.lock().unwrap())
}

/// Modules, and the reduction rules of a call of `f` without those that say where a step is made.
const SEQUENCES: &[(&str, &str)] = &[
    (
        "(func (export \"f\") (if (i32.const 0) (then (nop))))",
        "call_ref-func if-false block label-vals label-vals frame-vals",
    ),
    (
        "(func (export \"f\") (br_if 0 (i32.const 1)) (nop))",
        "call_ref-func br_if-true br-label-zero frame-vals",
    ),
    (
        "(func (export \"f\") (br_if 0 (i32.const 0)) (nop))",
        "call_ref-func br_if-false nop label-vals frame-vals",
    ),
    (
        "(func (export \"f\")
           (block $h (block $out (try_table (catch_all $h) (br $out)))))",
        "call_ref-func block block try_table br-label-succ br-handler br-label-zero \
         label-vals label-vals frame-vals",
    ),
    (
        "(func (export \"f\") (block $h (try_table (catch_all $h) (return))))",
        "call_ref-func block try_table return-label return-handler return-label return-label \
         return-frame",
    ),
    (
        "(func $g) (func (export \"f\") (return_call $g))",
        "call_ref-func return_call return_call_ref-label return_call_ref-frame-addr \
         call_ref-func label-vals frame-vals",
    ),
    (
        "(table 1 funcref) (func (export \"f\") (call_indirect (i32.const 0)))",
        "call_ref-func call_indirect table.get-val ref.cast-succeed call_ref-null trap-label \
         trap-frame",
    ),
    (
        "(func $g (block $h (try_table (catch_all $h) (unreachable))))
         (func (export \"f\") (call $g) (nop))",
        "call_ref-func call call_ref-func block try_table unreachable \
         trap-label trap-handler trap-label trap-label trap-frame \
         trap-instrs trap-label trap-frame",
    ),
    (
        "(tag $a) (tag $b)
         (func (export \"f\")
           (block $h
             (try_table (catch $b $h) (catch $a $h) (try_table (throw $a) (nop)))))",
        "call_ref-func block try_table try_table throw throw_ref-instrs \
         throw_ref-label throw_ref-handler-empty \
         throw_ref-label throw_ref-handler-next throw_ref-handler-catch br-label-zero \
         label-vals frame-vals",
    ),
    // What comes out of a block is among what is around the block, and not among what was in it.
    (
        "(func (export \"f\") (block (unreachable) (nop)))",
        "call_ref-func block unreachable trap-instrs trap-label trap-label trap-frame",
    ),
    (
        "(func (export \"f\") (block (unreachable)) (nop))",
        "call_ref-func block unreachable trap-label trap-instrs trap-label trap-frame",
    ),
    (
        "(func (export \"f\") (loop (unreachable)) (nop))",
        "call_ref-func loop unreachable trap-label trap-instrs trap-label trap-frame",
    ),
    // Values before an instruction are around it too.
    (
        "(func (export \"f\") (result i32) (i32.const 1) (unreachable))",
        "call_ref-func unreachable trap-instrs trap-label trap-frame",
    ),
    (
        "(func (export \"f\") (result i32) (i32.const 1) (block (unreachable)))",
        "call_ref-func block unreachable trap-label trap-instrs trap-label trap-frame",
    ),
    (
        "(tag $a) (func $g (loop (throw $a)) (nop))
         (func (export \"f\")
           (block $h (try_table (catch_all $h) (block (call $g) (nop)))))",
        "call_ref-func block try_table block call call_ref-func loop throw \
         throw_ref-label throw_ref-instrs throw_ref-label throw_ref-frame throw_ref-instrs \
         throw_ref-label throw_ref-label throw_ref-handler-catch_all br-label-zero \
         label-vals frame-vals",
    ),
    (
        "(tag $a) (func $g (throw $a)) (func (export \"f\") (call $g))",
        "call_ref-func call call_ref-func throw throw_ref-label throw_ref-frame \
         throw_ref-label throw_ref-frame",
    ),
];

#[test]
fn rules_are_told_in_the_order_of_their_steps() {
    for (module, expected) in SEQUENCES {
        let told: Vec<&str> = told(&format!("(module {module})"))
            .iter()
            .filter_map(|name| name.split_once('/'))
            .map(|(_, rule)| rule)
            .filter(|rule| !rule.starts_with("ctxt-"))
            .collect();
        let expected: Vec<&str> = expected.split(' ').chain(["trans", "refl"]).collect();
        assert_eq!(told, expected, "{module}");
    }
}

/// Bodies of `f`, and all rules that are told from its entry on, with those that say where steps are made: in a frame, a label and a
/// handler, told when that is entered, and among other instructions, told with each instruction that makes a step there.
const CONTEXTS: &[(&str, &str)] = &[
    ("(nop)", "call_ref-func ctxt-frame ctxt-label nop label-vals frame-vals"),
    (
        "(nop) (i32.const 1) (drop)",
        "call_ref-func ctxt-frame ctxt-label ctxt-instrs nop drop label-vals frame-vals",
    ),
    // A value makes no step.
    ("(i32.const 1) (drop)", "call_ref-func ctxt-frame ctxt-label drop label-vals frame-vals"),
    (
        "(block (nop)) (nop)",
        "call_ref-func ctxt-frame ctxt-label ctxt-instrs block ctxt-label nop \
         ctxt-instrs label-vals nop label-vals frame-vals",
    ),
    (
        "(if (i32.const 1) (then (nop)) (else (nop))) (nop)",
        "call_ref-func ctxt-frame ctxt-label ctxt-instrs if-true block ctxt-label nop \
         ctxt-instrs label-vals nop label-vals frame-vals",
    ),
    (
        "(block (try_table (catch_all 0) (nop)))",
        "call_ref-func ctxt-frame ctxt-label block ctxt-label try_table ctxt-handler ctxt-label \
         nop label-vals handler-vals label-vals label-vals frame-vals",
    ),
];

#[test]
fn a_step_is_made_where_its_instruction_is() {
    for (body, expected) in CONTEXTS {
        let told = told(&format!("(module (func (export \"f\") {body}))"));
        let told: Vec<&str> =
            told.iter().filter_map(|name| Some(name.split_once('/')?.1)).collect();
        let expected: Vec<&str> = expected.split(' ').chain(["trans", "refl"]).collect();
        assert_eq!(told, expected, "{body}");
    }
}

/// What a call of `f` uses.
fn usage(body: &str) -> Usage {
    let mut guest = Guest::new(&format!("(module (func (export \"f\") {body}))"));
    _ = guest.call("f", &[]);
    guest.oracle.usage()
}

fn used(usage: &Usage) -> Vec<&'static str> {
    sorted(
        usage.names().into_iter().filter(|(_, is_used)| *is_used).map(|(name, _)| name).collect(),
    )
}

/// Names in their order.
fn sorted(mut names: Vec<&'static str>) -> Vec<&'static str> {
    names.sort_unstable();
    names
}

#[test]
fn rules_that_lift_others_are_used_where_those_are() {
    let lifting = |body: &str| -> Vec<&str> {
        let used = used(&usage(body)).into_iter();
        used.filter(|name| ["Step/pure", "Step/read"].contains(name)).collect()
    };
    assert_eq!(lifting("(nop)"), ["Step/pure", "Step/read"]);
    // Even a body of nothing reads its function and leaves a label.
    assert_eq!(lifting(""), ["Step/pure", "Step/read"]);
    assert_eq!(used(&Oracle::new().usage()), [""; 0]);
    let told = told("(module (func (export \"f\") (nop)))");
    assert!(!told.contains(&"Step/pure") && !told.contains(&"Step/read"), "{told:?}");
}

#[test]
fn functions_are_applied_where_an_operator_completes() {
    let divide = |by: i32| {
        let usage = usage(&format!("(drop (i32.div_u (i32.const 7) (i32.const {by})))"));
        let functions = used(&usage).into_iter().filter(|name| name.starts_with('$'));
        (functions.collect(), sorted(usage.of_operator(Opcode::I32DivU)))
    };
    let functions = vec!["$binop_", "$idiv_", "$truncz"];
    let (used, of_operator): (Vec<_>, Vec<_>) = divide(2);
    assert_eq!(used, functions);
    let rules = ["Step_pure/binop-val"];
    assert_eq!(of_operator, [&functions[..], &rules].concat());
    let (used, of_operator): (Vec<_>, Vec<_>) = divide(0);
    assert_eq!(used, [""; 0]);
    assert!(of_operator.contains(&"Step_pure/binop-trap"), "{of_operator:?}");
    assert!(!of_operator.contains(&"Step_pure/binop-val"), "{of_operator:?}");
}

#[test]
fn what_is_used_is_kept_when_the_threads_are_gone() {
    let mut guest =
        Guest::new("(module (func (export \"f\") (param i32) (if (local.get 0) (then))))");
    let of_if = |guest: &Guest| sorted(guest.oracle.usage().of_operator(Opcode::If));
    assert_eq!(of_if(&guest), [""; 0]);
    guest.call("f", &[common::i32(1)]).unwrap();
    assert_eq!(of_if(&guest), ["Step/ctxt-label", "Step_pure/if-true", "Step_read/block"]);
    guest.call("f", &[common::i32(0)]).unwrap();
    let both = of_if(&guest);
    assert!(
        both.contains(&"Step_pure/if-true") && both.contains(&"Step_pure/if-false"),
        "{both:?}"
    );
}
