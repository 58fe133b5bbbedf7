//! A difference that is planted in one engine is reported under its own name, and nothing else is.

mod campaigns;
mod fake;
mod findings;
mod foreign;
mod outcomes;
mod planted;
mod programs;
mod versions;

use etalon_adapters::{Adapter, Features, GasConfig, MemorySum, Outcome, Rejection, Val};
use etalon_harness::diff::{Call, Case, DiffOptions, Differ, Judged, Policy, RunOptions, Verdict};
use etalon_module::Module;
use etalon_record::{Aspect, OutcomeKind, Tool};
use fake::Fake;
use std::collections::BTreeSet;
use std::sync::Arc;

fn options(policies: &[Policy]) -> DiffOptions {
    let schedule = etalon_harness::settings::default_schedule();
    DiffOptions {
        run: RunOptions {
            features: Features::wasm2(),
            gas: Some(GasConfig { schedule, limit: Some(1000) }),
            state: true,
            time: None,
        },
        policies: policies.iter().copied().collect(),
        trap_prefix: !policies.is_empty(),
        laws: false,
    }
}

fn case() -> Case {
    let wasm =
        wat::parse_str(r#"(module (func (export "f") (param i32) (result i32) i32.const 7))"#)
            .expect("the text is a module");
    let call = |n| Call { export: "f".to_owned(), args: vec![Val::I32(n)] };
    Case::new("planted", wasm, vec![call(1), call(2)])
}

fn judge(a: Fake, b: Fake, policies: &[Policy]) -> (Differ, Judged) {
    let differ = Differ::new(vec![Arc::new(a), Arc::new(b)], options(policies));
    let judged = differ.judge(&case()).expect("fake engines can be set up");
    (differ, judged)
}

fn trap(text: &str) -> Outcome {
    Outcome::Trapped { text: text.to_owned(), site: None }
}

#[test]
fn equal_engines_agree() {
    let (_, judged) = judge(Fake::new("a"), Fake::new("b"), &[]);
    assert_eq!(judged.verdict, Verdict::Agree);
    assert_eq!(judged.traces[0].steps.len(), 3, "loading and two calls");
}

/// The engines before and after the change, and what the change is called.
fn planted() -> Vec<(Fake, Fake, Aspect, usize)> {
    let base = |outcome: Outcome| Fake { outcome, ..Fake::new("a") };
    let seven = || Outcome::Returned(vec![Val::I32(7)]);
    let change = |a: Fake, edit: fn(&mut Fake)| {
        let mut b = Fake { name: "b", ..a.clone() };
        edit(&mut b);
        (a, b)
    };
    let with = |(a, b): (Fake, Fake), aspect, step| (a, b, aspect, step);
    vec![
        with(change(base(seven()), |b| b.panics = true), Aspect::Crash, 1),
        with(
            change(base(seven()), |b| {
                b.load = Err(Outcome::Rejected(Rejection::Invalid("x".into())));
            }),
            Aspect::Loading,
            0,
        ),
        with(
            change(
                Fake {
                    load: Err(Outcome::Rejected(Rejection::Malformed("x".into()))),
                    ..base(seven())
                },
                |b| b.load = Err(Outcome::Rejected(Rejection::Invalid("x".into()))),
            ),
            Aspect::Loading,
            0,
        ),
        with(change(base(seven()), |b| b.load = Err(trap("unreachable"))), Aspect::Outcome, 0),
        with(change(base(seven()), |b| b.outcome = trap("unreachable")), Aspect::Outcome, 1),
        with(change(base(trap("cast failure")), |b| b.outcome = trap("cast")), Aspect::Trap, 1),
        with(
            change(base(Outcome::Threw(vec![Val::I32(1)])), |b| b.outcome = Outcome::Threw(vec![])),
            Aspect::Exception,
            1,
        ),
        with(
            change(base(Outcome::Exhausted("out of gas".to_owned())), |b| {
                b.outcome = Outcome::Exhausted("call stack exhausted".to_owned());
            }),
            Aspect::Outcome,
            1,
        ),
        with(
            change(base(Outcome::Returned(vec![Val::F64(0)])), |b| {
                b.outcome = Outcome::Returned(vec![Val::F64(1 << 63)]);
            }),
            Aspect::Results,
            1,
        ),
        with(change(base(seven()), |b| b.host_calls.clear()), Aspect::HostCalls, 0),
        with(change(base(seven()), |b| b.host_calls[0].args.clear()), Aspect::HostCalls, 0),
        with(change(base(seven()), |b| b.host_calls[0].gas_left = Some(899)), Aspect::HostCalls, 0),
        with(change(base(seven()), |b| digest(b).memories.push('x')), Aspect::Memory, 0),
        with(change(base(seven()), |b| digest(b).globals.push('x')), Aspect::Globals, 0),
        with(change(base(seven()), |b| digest(b).tables.push('x')), Aspect::Tables, 0),
        with(
            change(Fake { memory: Some(sum(0)), digest: None, ..base(seven()) }, |b| {
                b.memory = Some(sum(1));
            }),
            Aspect::Memory,
            2,
        ),
        with(change(base(seven()), |b| b.global = Val::F32(0x7fc0_0001)), Aspect::Globals, 0),
        with(change(base(seven()), |b| b.gas = Some(101)), Aspect::Gas, 0),
    ]
}

fn sum(crc32: u32) -> MemorySum {
    MemorySum { bytes: 65_536, crc32 }
}

fn digest(fake: &mut Fake) -> &mut etalon_adapters::StateDigest {
    fake.digest.as_mut().expect("it has one")
}

#[test]
fn each_planted_difference_has_its_name() {
    for (a, b, aspect, step) in planted() {
        for (first, second) in [(a.clone(), b.clone()), (b.clone(), a.clone())] {
            let (differ, judged) = judge(first, second, &[]);
            let Verdict::Diverged { engine: 1, difference } = &judged.verdict else {
                panic!("{aspect} was not noticed: {b:?}");
            };
            assert_eq!((difference.aspect, difference.step), (aspect, step), "{b:?}");
            let mut record = differ.record(Tool::new("test", "0"), "any");
            differ.note(&mut record, &case(), &judged);
            assert_eq!(record.divergences[0].what, aspect);
            assert_eq!(record.divergences[0].invoke.as_deref(), (step > 0).then_some("f"));
            assert_eq!(record.divergences[0].by_engine.len(), 2);
        }
    }
}

/// A fake that times out in a step: 0 is loading.
fn late(name: &'static str, step: usize) -> Fake {
    match step {
        0 => Fake { load: Err(Outcome::TimedOut), ..Fake::new(name) },
        _ => Fake { outcome: Outcome::TimedOut, ..Fake::new(name) },
    }
}

#[test]
fn what_times_out_on_one_engine_is_no_divergence_and_is_seen() {
    for step in [0, 1] {
        let judged = [
            judge(Fake::new("a"), late("b", step), &[]),
            judge(late("a", step), Fake::new("b"), &[]),
            judge(late("a", step), Fake::new("b"), Policy::ALL),
        ];
        for (differ, judged) in judged {
            assert_eq!(judged.verdict, Verdict::TimedOut { step, partly: true });
            let mut record = differ.record(Tool::new("test", "0"), "any");
            differ.note(&mut record, &case(), &judged);
            assert!(record.divergences.is_empty());
            let [timeout] = &record.timed_out[..] else { panic!("{:?}", record.timed_out) };
            assert_eq!(timeout.what, Aspect::Time);
            assert_eq!(timeout.invoke.as_deref(), (step > 0).then_some("f"));
            let kinds: BTreeSet<_> = timeout.by_engine.values().map(|seen| seen.outcome).collect();
            assert_eq!(kinds, [OutcomeKind::Returned, OutcomeKind::TimedOut].into());
        }
    }
    let (_, both) = judge(late("a", 1), late("b", 1), &[]);
    assert_eq!(both.verdict, Verdict::TimedOut { step: 1, partly: false });
    let (_, first) = judge(late("a", 0), late("b", 1), &[]);
    assert_eq!(first.verdict, Verdict::TimedOut { step: 0, partly: true });
}

/// What differs before the time is over, between engines that end, or is a crash, is a divergence all the same.
#[test]
fn a_divergence_wins_over_a_timeout() {
    let engines = |fakes: [Fake; 3]| -> Verdict {
        let engines = fakes.into_iter().map(|fake| Arc::new(fake) as Arc<dyn Adapter>).collect();
        Differ::new(engines, options(&[])).judge(&case()).expect("they can be set up").verdict
    };
    let wrong = || Fake { outcome: trap("unreachable"), ..Fake::new("c") };
    for order in [[Fake::new("a"), late("b", 1), wrong()], [Fake::new("a"), wrong(), late("b", 1)]]
    {
        assert!(matches!(engines(order), Verdict::Diverged { .. }));
    }
    let earlier = Fake { host_calls: Vec::new(), ..late("b", 1) };
    let (_, judged) = judge(Fake::new("a"), earlier, &[]);
    let Verdict::Diverged { difference, .. } = &judged.verdict else { panic!("{judged:?}") };
    assert_eq!((difference.aspect, difference.step), (Aspect::HostCalls, 0));
    let (_, judged) = judge(late("a", 1), Fake { panics: true, ..Fake::new("b") }, &[]);
    assert!(matches!(judged.verdict, Verdict::Diverged { .. }), "a crash is one in any company");
}

/// Sides that are not asked the same question have not diverged, whatever they say: nothing is run.
#[test]
fn a_comparison_of_different_questions_is_refused_before_it_starts() {
    let misfit = || Fake { misfit: true, ..Fake::new("b") };
    let crashes = || Fake { panics: true, ..Fake::new("a") };
    for order in [[crashes(), misfit()], [misfit(), crashes()]] {
        let engines = order.into_iter().map(|fake| Arc::new(fake) as Arc<dyn Adapter>).collect();
        let differ = Differ::new(engines, options(&[]));
        let error = differ.judge(&case()).expect_err("one cannot be asked");
        assert_eq!(error.to_string(), "b: it was made for something else");
        assert_eq!(differ.misfit(&case()), Some(error));
    }
    assert_eq!(Differ::new(vec![Arc::new(Fake::new("a"))], options(&[])).misfit(&case()), None);
}

/// What is not made is counted: calls after one that ran out of something say nothing.
#[test]
fn calls_that_are_not_made_are_counted() {
    for (outcome, made) in [
        (Outcome::Exhausted("out of gas".to_owned()), 1),
        (Outcome::TimedOut, 1),
        (trap("unreachable"), 2),
        (Outcome::Returned(vec![Val::I32(7)]), 2),
    ] {
        let [a, b] = ["a", "b"].map(|name| Fake { outcome: outcome.clone(), ..Fake::new(name) });
        let (differ, judged) = judge(a, b, &[]);
        let mut record = differ.record(Tool::new("test", "0"), "any");
        differ.note(&mut record, &case(), &judged);
        assert_eq!((record.calls, record.not_made), (made, 2 - made), "{outcome:?}");
    }
}

#[test]
fn gas_is_compared_between_engines_that_meter_only() {
    let mut b = Fake::new("b");
    b.gas = None;
    b.host_calls[0].gas_left = None;
    let (_, judged) = judge(Fake::new("a"), b, &[]);
    assert_eq!(judged.verdict, Verdict::Agree);
}

#[test]
fn a_policy_poisons_what_it_covers_and_nothing_else() {
    let nan = |bits| Fake { outcome: Outcome::Returned(vec![Val::F32(bits)]), ..Fake::new("a") };
    let verdict = |a, b, policies| judge(a, b, policies).1.verdict;
    let diverged = |v| matches!(v, Verdict::Diverged { .. });
    let (none, other) = (nan(0x7fc0_0000), nan(0xffc0_0001));
    assert!(diverged(verdict(none, other, Policy::ALL)), "no instruction of it gives a NaN");
    assert!(diverged(verdict(nan(0x7fc0_0000), nan(0xffc0_0001), &[])), "not between own tiers");
    assert!(diverged(verdict(nan(0x7fc0_0000), nan(0), Policy::ALL)), "one is no NaN");
    assert!(diverged(verdict(nan(0), Fake { panics: true, ..nan(0) }, Policy::ALL)));

    let ended = |outcome| Fake { outcome, ..Fake::new("a") };
    let exhausted = || ended(Outcome::Exhausted("call stack exhausted".to_owned()));
    let (differ, judged) = judge(exhausted(), ended(trap("unreachable")), Policy::ALL);
    let mut record = differ.record(Tool::new("test", "0"), "any");
    differ.note(&mut record, &case(), &judged);
    assert_eq!(record.poisoned["exhaustion"], 1);
    assert!(record.divergences.is_empty());
    assert_eq!(
        verdict(exhausted(), ended(trap("unreachable")), Policy::ALL),
        Verdict::Poisoned(Policy::Exhaustion)
    );
    let feature = Rejection::Unsupported { feature: "gc".to_owned(), message: "no".to_owned() };
    let unsupported = Fake { load: Err(Outcome::Rejected(feature)), ..nan(0) };
    assert_eq!(verdict(nan(0), unsupported, Policy::ALL), Verdict::Poisoned(Policy::Unsupported));
    // An engine of another maker may add to the text.
    let (a, b) = (ended(trap("undefined element")), ended(trap("undefined element: 7")));
    assert_eq!(verdict(a.clone(), b.clone(), Policy::ALL), Verdict::Agree);
    assert!(diverged(verdict(a, b, &[])));
    let silent = ended(trap(""));
    assert!(
        diverged(verdict(silent, ended(trap("undefined element")), Policy::ALL)),
        "no text is none"
    );
}

#[test]
fn a_case_of_exports_is_determined_by_its_stream() {
    let wasm = case().wasm;
    let make = |seed| {
        let mut stream = etalon_harness::generate::Stream::new("test", seed, 0);
        Case::of_exports("x", wasm.clone(), Features::wasm2(), &mut stream, 40).expect("it loads")
    };
    assert_eq!(make(1), make(1));
    assert_ne!(make(1).calls, make(2).calls);
    assert_eq!(make(1).calls[0].args, [Val::I32(0)], "zeros come first");
    let distinct: BTreeSet<i32> = make(1)
        .calls
        .iter()
        .map(|call| match call.args[..] {
            [Val::I32(n)] => n,
            ref other => panic!("{other:?}"),
        })
        .collect();
    assert!(distinct.len() > 10, "{distinct:?}");
    assert!(Module::new(&wasm, Features::wasm2()).is_ok());
}

#[test]
fn exports_that_cannot_be_called_are_in_the_record() {
    let case = |text: &str| {
        let wasm = wat::parse_str(text).unwrap();
        let mut stream = etalon_harness::generate::Stream::new("test", 1, 0);
        Case::of_exports("x", wasm, Features::wasm3(), &mut stream, 3).expect("it loads")
    };
    let record = |case: &Case| {
        let engines: [Arc<dyn Adapter>; 2] = [Arc::new(Fake::new("a")), Arc::new(Fake::new("b"))];
        let differ = Differ::new(engines.to_vec(), options(&[]));
        let mut record = differ.record(Tool::new("test", "1"), "any");
        differ.note(&mut record, case, &differ.judge(case).expect("it can be set up"));
        record
    };
    let bad = r#"(type $s (struct)) (func (export "bad") (param i32 (ref $s)) (result i64) unreachable)
        (func (export "worse") (param (ref null exn) (ref func)) unreachable)"#;
    let partly = record(&case(&format!(r#"(module {bad} (func (export "ok") (param exnref)))"#)));
    let named: Vec<_> =
        partly.not_callable.iter().map(|f| (&*f.file, &*f.export, &*f.ty)).collect();
    let expected =
        [("x", "bad", "[i32 (ref 0)] -> [i64]"), ("x", "worse", "[exnref (ref func)] -> []")];
    assert_eq!(named, expected, "once each, whatever the rounds");
    assert_eq!((partly.calls, partly.idle.len()), (3, 0));
    let none = record(&case(&format!("(module {bad})")));
    assert_eq!((none.calls, none.not_callable.len()), (0, 2));
    assert_eq!(none.idle[0].reason, "there is nothing that can be called");
    let empty = record(&case("(module)"));
    assert_eq!(empty.idle[0].reason, "there is nothing to call");
}

#[test]
fn one_engine_alone_is_judged_for_crashes() {
    let alone = |fake: Fake| {
        let engine: Arc<dyn Adapter> = Arc::new(fake);
        Differ::new(vec![engine], options(&[])).judge(&case()).expect("it can be set up").verdict
    };
    assert_eq!(alone(Fake::new("a")), Verdict::Agree);
    assert_eq!(alone(late("a", 1)), Verdict::TimedOut { step: 1, partly: false });
    let crashed = alone(Fake { panics: true, ..Fake::new("a") });
    assert!(matches!(crashed, Verdict::Diverged { engine: 0, .. }));
}

/// What a guest wrote before its gas ran out is nobody's business (gas-1, *Charging*); after any other end it is.
#[test]
fn out_of_gas_hides_the_state() {
    for (outcome, verdict) in
        [(Outcome::Exhausted("out of gas".to_owned()), true), (trap("unreachable"), false)]
    {
        let fake = |name| Fake { load: Err(outcome.clone()), ..Fake::new(name) };
        let (a, mut b) = (fake("a"), fake("b"));
        digest(&mut b).memories.push('x');
        let (_, judged) = judge(a, b, &[]);
        assert_eq!(judged.verdict == Verdict::Agree, verdict, "{outcome:?}");
    }
}
