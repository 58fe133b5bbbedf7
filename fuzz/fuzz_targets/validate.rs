//! Arbitrary bytes, validated by every tier.
#![no_main]
#![forbid(unsafe_code)]

libfuzzer_sys::fuzz_target!(|data: &[u8]| etalon_harness::fuzz::targets::run("validate", data));
