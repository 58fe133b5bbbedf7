//! The race, with engines that are made up. How fast anything is, no test asks.

use etalon_adapters::{AdapterError, Loaded, Racer, Val, racer};
use etalon_harness::bench::{BenchError, BenchOptions, Kernel, bench, kernels};
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
}

struct Plus(i32);

impl Loaded for Plus {
    fn run(&mut self, n: i32) -> Result<Val, AdapterError> {
        Ok(Val::I32(n.wrapping_add(self.0)))
    }
}

fn race(engines: Vec<Box<dyn Racer>>, kernels: Vec<Kernel>) -> Result<BenchRecord, BenchError> {
    let options = BenchOptions { engines, against: 0, kernels, rounds: 3, time: Duration::ZERO };
    bench(&options, Tool::new("etalon", "0"), |_| {})
}

fn one_kernel() -> Vec<Kernel> {
    vec![Kernel { name: "k".to_owned(), wasm: Vec::new() }]
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
