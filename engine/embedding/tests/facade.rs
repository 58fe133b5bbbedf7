//! What is told to the crates `metrics` and `tracing`, where the features of these names are on.
#![cfg(any(feature = "metrics", feature = "tracing"))]

use etalon::{
    Config, Engine, Instance, Linker, Module, PauseLimits, Progress, Result, Store, Tier, Val,
};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

const GUEST: &str = r#"(module
  (import "host" "fail" (func $fail))
  (import "host" "panic" (func $panic))
  (tag $e)
  (func (export "ok"))
  (func (export "trap") unreachable)
  (func (export "throw") (throw $e))
  (func $deep (export "deep") (call $deep))
  (func (export "spin") (loop (br 0)))
  (func (export "fail") (call $fail))
  (func (export "panic") (call $panic)))"#;

/// One test at a time: `tracing` remembers for all threads whether anybody wants a span, and asks again while it is entered elsewhere.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does a piece of work of each kind that ends in each way.
fn work(tier: Tier) {
    let config = Config::new().tier(tier).consume_fuel(true).interruptible(true).clone();
    let engine = Engine::new(config.clone().refuse_after_failure(true)).unwrap();
    let module = Module::new(&engine, GUEST).unwrap();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "fail", || -> Result<()> { Err(etalon::Error::msg("no")) }).unwrap();
    let panic = || -> () { resume_unwind(Box::new("panic")) };
    linker.func_wrap("host", "panic", panic).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    for name in ["ok", "trap", "ok", "throw", "deep", "fail", "panic"] {
        let func = instance.get_typed_func::<(), ()>(&store, name).unwrap();
        let _ = catch_unwind(AssertUnwindSafe(|| func.call(&mut store, ())));
        // The second `ok` is refused, because the instance has failed.
        if name != "trap" {
            instance.reset(&mut store).unwrap();
        }
    }
    let handle = store.interrupt_handle().unwrap();
    handle.interrupt();
    let spin = instance.get_typed_func::<(), ()>(&store, "spin").unwrap();
    spin.call(&mut store, ()).unwrap_err();
    handle.clear();
    let traps = Module::new(&engine, "(module (func $f unreachable) (start $f))").unwrap();
    Instance::new(&mut store, &traps, &[]).unwrap_err();
    if tier == Tier::Oracle {
        instance.reset(&mut store).unwrap();
        let ok = instance.get_func(&store, "ok").unwrap();
        let execution = store.start(ok, &[] as &[Val]).unwrap();
        let progress = store.resume(execution, &PauseLimits::new()).unwrap();
        assert!(matches!(progress, Progress::Done(_)));
    }
}

#[cfg(feature = "metrics")]
mod metrics_crate {
    use super::*;
    use metrics::{
        Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    };
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    /// Keeps counters by their names and labels.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<BTreeMap<String, u64>>>);

    struct One(Kept, String);

    impl CounterFn for One {
        fn increment(&self, value: u64) {
            *self.0.0.lock().unwrap().entry(self.1.clone()).or_default() += value;
        }

        fn absolute(&self, _: u64) {
            panic!("a counter of ours only grows");
        }
    }

    impl Recorder for Kept {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            let labels = key.labels().map(|label| format!(" {}={}", label.key(), label.value()));
            let name = key.name().to_owned() + &labels.collect::<String>();
            Counter::from_arc(Arc::new(One(self.clone(), name)))
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            panic!("there is no gauge")
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            panic!("there is no histogram")
        }
    }

    #[test]
    fn counters_tell_how_calls_and_instantiations_ended() {
        let _alone = alone();
        for tier in [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot] {
            let kept = Kept::default();
            metrics::with_local_recorder(&kept, || work(tier));
            // The oracle has an execution more, in two pieces, and the reset before it.
            let more = if tier == Tier::Oracle { 1 } else { 0 };
            let expected = [
                ("etalon_calls_total ending=exhausted", 1),
                ("etalon_calls_total ending=host-error", 1),
                ("etalon_calls_total ending=interrupted", 1),
                ("etalon_calls_total ending=panicked", 1),
                ("etalon_calls_total ending=refused", 1),
                ("etalon_calls_total ending=returned", 1 + 2 * more),
                ("etalon_calls_total ending=threw", 1),
                ("etalon_calls_total ending=trapped", 1),
                ("etalon_instantiations_total ending=returned", 7 + more),
                ("etalon_instantiations_total ending=trapped", 1),
            ];
            let expected = expected.map(|(name, count)| (name.to_owned(), count)).into();
            assert_eq!(*kept.0.lock().unwrap(), expected, "{tier}");
        }
    }
}

#[cfg(feature = "tracing")]
mod tracing_crate {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    /// Notes each span of ours as it is entered and left, by the kind of its work.
    #[derive(Clone, Default)]
    struct Notes(Arc<Mutex<(Vec<String>, Vec<String>)>>);

    struct Work(String);

    impl Visit for Work {
        fn record_str(&mut self, field: &Field, value: &str) {
            assert_eq!(field.name(), "work");
            self.0 = value.to_owned();
        }

        fn record_debug(&mut self, field: &Field, _: &dyn std::fmt::Debug) {
            panic!("no field {field}");
        }
    }

    impl Subscriber for Notes {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "etalon"
        }

        fn new_span(&self, span: &Attributes<'_>) -> Id {
            assert_eq!(span.metadata().name(), "etalon");
            let mut work = Work(String::new());
            span.record(&mut work);
            let names = &mut self.0.lock().unwrap().0;
            names.push(work.0);
            Id::from_u64(names.len() as u64)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {}

        fn enter(&self, span: &Id) {
            let (names, told) = &mut *self.0.lock().unwrap();
            told.push(names[span.into_u64() as usize - 1].clone());
        }

        fn exit(&self, span: &Id) {
            let (names, told) = &mut *self.0.lock().unwrap();
            told.push(format!("/{}", names[span.into_u64() as usize - 1]));
        }
    }

    #[test]
    fn spans_are_around_each_piece_of_work() {
        let _alone = alone();
        for tier in [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot] {
            let notes = Notes::default();
            tracing::subscriber::with_default(notes.clone(), || work(tier));
            let mut expected = "module instantiate call reset call".split(' ').collect::<Vec<_>>();
            // The refused call is no work.
            expected.extend(["reset"; 1]);
            expected.extend(["call", "reset"].repeat(4));
            expected.extend(["call", "module", "instantiate"]);
            if tier == Tier::Oracle {
                expected.extend(["reset", "call", "resume"]);
            }
            let expected: Vec<String> =
                expected.iter().flat_map(|work| [(*work).to_owned(), format!("/{work}")]).collect();
            assert_eq!(notes.0.lock().unwrap().1, expected, "{tier}");
        }
    }
}
