//! The rules that an observer is told, in their order.

mod common;

use common::Guest;
use etalon_interp::{Interp, Observer, Rule};
use etalon_runtime::StoreConfig;
use std::sync::{Arc, Mutex};

/// Keeps every rule that it is told.
#[derive(Debug, Default)]
struct Noted(Vec<&'static str>);

impl Observer for Noted {
    fn rule(&mut self, rule: Rule) {
        self.0.push(rule.name());
    }
}

/// Calls `f`, however that ends; gives what was told.
fn told(module: &str) -> Vec<&'static str> {
    let noted = Arc::new(Mutex::new(Noted::default()));
    let interp = Interp::with_observer(Box::new(Arc::clone(&noted)));
    let mut guest = Guest::with(module, StoreConfig::unmetered(), interp);
    _ = guest.call("f", &[]);
    std::mem::take(&mut noted.lock().unwrap().0)
}

/// Modules, and the reduction rules of a call of `f` without those that say where a step is made.
const SEQUENCES: &[(&str, &str)] = &[
    (
        "(func (export \"f\") (if (i32.const 0) (then (nop))))",
        "call_ref-func if-false block label-vals frame-vals",
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
        "call_ref-func block try_table return-label return-handler return-frame",
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
         trap-label trap-handler trap-frame trap-instrs trap-label trap-frame",
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
            .filter(|rule| !rule.starts_with("ctxt-") && !["pure", "read"].contains(rule))
            .collect();
        let expected: Vec<&str> = expected.split(' ').chain(["trans", "refl"]).collect();
        assert_eq!(told, expected, "{module}");
    }
}

#[test]
fn a_step_is_made_where_its_instruction_is() {
    let contexts = |body: &str| -> Vec<&str> {
        let told = told(&format!("(module (func (export \"f\") {body}))"));
        let after = told.iter().skip_while(|name| **name != "Step_pure/nop");
        after.take_while(|name| **name != "Step_pure/label-vals").copied().collect()
    };
    let last = ["Step_pure/nop", "Step/pure", "Step/ctxt-label", "Step/ctxt-frame"];
    assert_eq!(contexts("(nop)"), last);
    let followed = contexts("(nop) (i32.const 1) (unreachable)");
    assert!(followed.contains(&"Step/ctxt-instrs"));
    assert!(contexts("(block (try_table (catch_all 0) (nop)))").contains(&"Step/ctxt-handler"));
}

#[test]
fn functions_are_applied_where_an_operator_completes() {
    let divide = |by: i32| {
        let body = format!("(drop (i32.div_u (i32.const 7) (i32.const {by})))");
        let told = told(&format!("(module (func (export \"f\") {body}))"));
        told.into_iter().filter(|name| name.starts_with('$')).collect::<Vec<_>>()
    };
    assert_eq!(divide(2), ["$binop_", "$idiv_", "$truncz"]);
    assert_eq!(divide(0), [""; 0]);
}
