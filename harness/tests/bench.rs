//! The race, with engines that are made up. How fast anything is, no test asks.

use etalon_adapters::{AdapterError, Loaded, Racer, Task, Val, Work, racer};
use etalon_harness::bench::{
    BenchError, BenchOptions, Figure, Kernel, Part, bench, figures, kernels,
};
use etalon_record::{BenchRecord, EngineInfo, Tool};
use std::time::Duration;

/// Returns its argument plus a number, or refuses every module.
struct Fake(&'static str, Option<i32>);

impl Racer for Fake {
    fn info(&self) -> EngineInfo {
        EngineInfo::new(self.0, "1")
    }

    fn load(&self, _: &[u8]) -> Result<Box<dyn Loaded>, AdapterError> {
        match self.1 {
            Some(plus) => Ok(Box::new(Plus(plus))),
            None => Err(AdapterError { engine: self.0.to_owned(), reason: "lacks it".to_owned() }),
        }
    }

    fn task(&self, _: Work, wasm: &[u8]) -> Result<Box<dyn Task>, AdapterError> {
        self.load(wasm).map(|_| Box::new(Nothing) as Box<dyn Task>)
    }
}

struct Nothing;

impl Task for Nothing {
    fn run(&mut self, _: u32) -> Result<(), AdapterError> {
        Ok(())
    }
}

struct Plus(i32);

impl Loaded for Plus {
    fn run(&mut self, n: i32) -> Result<Val, AdapterError> {
        Ok(Val::I32(n.wrapping_add(self.0)))
    }

    fn renew(&mut self) -> Result<(), AdapterError> {
        Ok(())
    }
}

fn race(engines: Vec<Box<dyn Racer>>, kernels: Vec<Kernel>) -> Result<BenchRecord, BenchError> {
    run(engines, kernels, Vec::new())
}

/// Kernels and figures, on all engines. Memory weighs as much as the name of the engine is long.
fn run(
    engines: Vec<Box<dyn Racer>>,
    kernels: Vec<Kernel>,
    figures: Vec<Figure>,
) -> Result<BenchRecord, BenchError> {
    let all: Vec<usize> = (0..engines.len()).collect();
    let options = BenchOptions {
        engines,
        against: 0,
        kernels,
        kernels_on: all.clone(),
        figures: figures.into_iter().map(|figure| (figure, all.clone())).collect(),
        weigh: &|name, _| match name {
            "lacks" => Err("lacks it".to_owned()),
            _ => Ok(name.len() as f64),
        },
        rounds: 3,
        time: Duration::ZERO,
    };
    bench(&options, Tool::new("etalon", "0"), |_| {})
}

fn one_kernel() -> Vec<Kernel> {
    vec![Kernel { name: "k".to_owned(), group: None, wasm: Vec::new() }]
}

#[test]
fn a_wrong_checksum_ends_the_race() {
    let engines: Vec<Box<dyn Racer>> =
        vec![Box::new(Fake("right", Some(0))), Box::new(Fake("wrong", Some(1)))];
    let error = race(engines, one_kernel()).err().map(|e| e.to_string());
    assert_eq!(error.as_deref(), Some("k, n = 1: right returns i32:1, wrong returns i32:2"));
}

#[test]
fn who_refuses_a_kernel_has_a_reason_and_no_numbers() -> Result<(), BenchError> {
    let engines: Vec<Box<dyn Racer>> =
        vec![Box::new(Fake("runs", Some(0))), Box::new(Fake("lacks", None))];
    let record = race(engines, one_kernel())?;
    let rows = &record.kernels[0].rows;
    assert_eq!((rows[0].refused.as_deref(), rows[1].refused.as_deref()), (None, Some("lacks it")));
    assert!(rows[0].ratio.is_some() && rows[1].ratio.is_none() && rows[1].nanoseconds.is_none());
    assert_eq!(record.means.iter().map(|mean| mean.kernels).collect::<Vec<_>>(), [1, 0]);
    Ok(())
}

#[test]
fn nothing_is_held_against_who_refuses() -> Result<(), BenchError> {
    let engines: Vec<Box<dyn Racer>> =
        vec![Box::new(Fake("lacks", None)), Box::new(Fake("runs", Some(0)))];
    let record = race(engines, one_kernel())?;
    let row = &record.kernels[0].rows[1];
    assert!(row.nanoseconds.is_some() && row.ratio.is_none());
    Ok(())
}

#[test]
fn our_tiers_race_with_and_without_gas() -> Result<(), BenchError> {
    let names = ["interp", "interp-metered", "jit", "jit-metered"];
    let engines = names.map(|name| racer(name).expect("a tier of ours"));
    let mut kernels = kernels().expect("the corpus is in the text format");
    kernels.retain(|kernel| kernel.name == "indirect");
    let record = race(engines.into(), kernels)?;
    assert_eq!(record.kernels.len(), 1);
    for row in &record.kernels[0].rows {
        assert!(row.refused.is_none(), "{}: {:?}", row.engine, row.refused);
    }
    Ok(())
}

/// An engine whose objects are counted, not freed: it is full after so many calls, and fresh when it is made anew.
struct Fills(&'static str);

/// How many calls there were.
struct Filling(u32);

/// After so many calls there is room for no other.
const FULL: u32 = 40;
/// There is room for the first call of a fresh instance and for one more, which is less than the rounds need.
const NEARLY_FULL: u32 = FULL - 2;

impl Racer for Fills {
    fn info(&self) -> EngineInfo {
        EngineInfo::new(self.0, "1")
    }

    fn load(&self, _: &[u8]) -> Result<Box<dyn Loaded>, AdapterError> {
        Ok(Box::new(Filling(NEARLY_FULL)))
    }

    fn task(&self, _: Work, wasm: &[u8]) -> Result<Box<dyn Task>, AdapterError> {
        Fake(self.0, None).task(Work::Compile, wasm)
    }
}

impl Loaded for Filling {
    fn run(&mut self, n: i32) -> Result<Val, AdapterError> {
        self.0 += 1;
        match self.0 {
            0..=FULL => Ok(Val::I32(n)),
            _ => Err(AdapterError { engine: String::new(), reason: "the heap is full".to_owned() }),
        }
    }

    fn renew(&mut self) -> Result<(), AdapterError> {
        self.0 = NEARLY_FULL;
        Ok(())
    }
}

/// A sample begins with a fresh instance, so that no number of rounds fills a heap.
#[test]
fn a_heap_that_fills_is_made_anew() -> Result<(), BenchError> {
    let engines: Vec<Box<dyn Racer>> =
        vec![Box::new(Fake("runs", Some(0))), Box::new(Fills("fills"))];
    let record = race(engines, one_kernel())?;
    let row = &record.kernels[0].rows[1];
    assert!(row.refused.is_none() && row.ratio.is_some(), "{:?}", row.refused);
    Ok(())
}

/// One that stops in a call has a reason and no numbers, unless all are compared with it.
#[test]
fn who_stops_does_not_end_the_race() -> Result<(), BenchError> {
    struct Stops;
    impl Racer for Stops {
        fn info(&self) -> EngineInfo {
            EngineInfo::new("stops", "1")
        }
        fn load(&self, _: &[u8]) -> Result<Box<dyn Loaded>, AdapterError> {
            Ok(Box::new(Filling(1000)))
        }
        fn task(&self, _: Work, wasm: &[u8]) -> Result<Box<dyn Task>, AdapterError> {
            Fake("stops", None).task(Work::Compile, wasm)
        }
    }
    let record = race(vec![Box::new(Fake("runs", Some(0))), Box::new(Stops)], one_kernel())?;
    assert_eq!(record.kernels[0].rows[1].refused.as_deref(), Some("the heap is full"));
    let error = race(vec![Box::new(Stops), Box::new(Fake("runs", Some(0)))], one_kernel()).err();
    assert_eq!(error.map(|e| e.to_string()).as_deref(), Some("k: : the heap is full"));
    Ok(())
}

/// Every figure has a row for each engine: a number, or the reason why there is none.
#[test]
fn every_figure_has_a_number_or_a_reason() -> Result<(), BenchError> {
    let all = figures(&Part::ALL, &[]).expect("the modules are made here");
    let engines: Vec<Box<dyn Racer>> =
        vec![Box::new(Fake("runs", Some(0))), Box::new(Fake("lacks", None))];
    let record = run(engines, Vec::new(), all)?;
    for part in Part::ALL.iter().skip(1) {
        assert!(record.figures.iter().any(|figure| figure.part == part.name()), "{}", part.name());
    }
    for figure in &record.figures {
        let told: Vec<_> =
            figure.rows.iter().map(|row| (row.value.is_some(), row.refused.as_deref())).collect();
        assert_eq!(told, [(true, None), (false, Some("lacks it"))], "{}", figure.name);
    }
    let weighed =
        record.figures.iter().find(|figure| figure.part == "memory").expect("it is there");
    assert_eq!(weighed.rows[0].value, Some(4.0));
    Ok(())
}

/// The work of every figure can be done by our tiers, and with gas; what keeps no code says so.
#[test]
fn our_tiers_do_the_work_of_every_figure() {
    let all = figures(&Part::ALL, &[]).expect("the modules are made here");
    for name in ["interp", "jit", "jit-metered", "jit?nans=any", "wasmi", "wasmi-metered"] {
        let racer = racer(name).expect("this build has it");
        for figure in all.iter().filter(|figure| figure.wasm.len() < 30_000) {
            let done = racer.task(figure.work, &figure.wasm).and_then(|mut task| task.run(2));
            let keeps_code =
                name.starts_with("jit") || !matches!(figure.work, Work::Load | Work::LoadFile);
            assert_eq!(done.is_ok(), keeps_code, "{name}, {}: {done:?}", figure.name);
        }
    }
}
