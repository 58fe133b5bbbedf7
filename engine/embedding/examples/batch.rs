//! A batch of calls over all cores: how much faster than on one thread, and that nothing else differs.

use etalon::{BatchOptions, Config, Engine, Job, JobOutcome, Linker, Module, Result, Val};
use std::io::{Write, stdout};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// Jobs that the test of the examples runs.
const FEW: i32 = 20;

pub(crate) fn main() -> Result<()> {
    // As a test it only shows that it works: `cargo run --release --example batch -- 400` measures.
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(FEW);
    let engine = Engine::new(Config::new().consume_fuel(true))?;
    // How many steps it takes to come to 1 (Collatz), for all numbers up to one.
    let module = Module::new(
        &engine,
        r#"(module (func (export "steps") (param $to i32) (result i64)
            (local $n i64) (local $steps i64)
            (loop $numbers
              (local.set $n (i64.extend_i32_u (local.get $to)))
              (loop $again
                (if (i64.gt_u (local.get $n) (i64.const 1)) (then
                  (local.set $steps (i64.add (local.get $steps) (i64.const 1)))
                  (local.set $n (select
                    (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1))
                    (i64.shr_u (local.get $n) (i64.const 1))
                    (i32.wrap_i64 (i64.and (local.get $n) (i64.const 1)))))
                  (br $again))))
              (local.set $to (i32.sub (local.get $to) (i32.const 1)))
              (br_if $numbers (local.get $to)))
            (local.get $steps)))"#,
    )?;
    let size = if count > FEW { 10_000 } else { 10 };
    let job = |n| {
        // One that might have as much as the whole batch would run alone.
        Job::new(&module, "steps").args([Val::I32(size + n)]).gas(1 << 40).memory(1 << 20)
    };
    let mut jobs: Vec<Job> = (0..count).map(job).collect();
    // One of them has too little gas, and fails alone.
    jobs.push(job(0).gas(100));

    let (one, slow) = run(&engine, &jobs, 1);
    let (all, fast) = run(&engine, &jobs, 0);
    for (a, b) in one.iter().zip(&all) {
        assert_eq!(a.metrics, b.metrics);
        assert_eq!(steps(a), steps(b));
    }
    assert!(all.iter().filter(|outcome| outcome.result.is_err()).count() == 1);

    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    let ratio = slow.as_secs_f64() / fast.as_secs_f64();
    let jobs = jobs.len();
    writeln!(
        stdout(),
        "{jobs} jobs: {slow:.2?} on one thread, {fast:.2?} on {cores}: {ratio:.2}x"
    )?;
    Ok(())
}

fn run(engine: &Engine, jobs: &[Job], threads: usize) -> (Vec<JobOutcome<()>>, Duration) {
    let begun = Instant::now();
    let options = BatchOptions::new().threads(threads).memory(1 << 30);
    let outcomes = engine.run_batch(&Linker::new(engine), jobs, &options, |_| ());
    (outcomes, begun.elapsed())
}

fn steps(outcome: &JobOutcome<()>) -> Option<i64> {
    outcome.result.as_ref().ok()?[0].i64()
}
