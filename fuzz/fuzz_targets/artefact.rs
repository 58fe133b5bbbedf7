//! Artefacts: arbitrary bytes as one, and generated modules compiled ahead of time against just in time.
#![no_main]
#![forbid(unsafe_code)]

libfuzzer_sys::fuzz_target!(|data: &[u8]| etalon_harness::fuzz::targets::run("artefact", data));
