//! Arbitrary bytes as a module, on all tiers.
#![no_main]
#![forbid(unsafe_code)]

libfuzzer_sys::fuzz_target!(|data: &[u8]| etalon_harness::fuzz::targets::run("bytes", data));
