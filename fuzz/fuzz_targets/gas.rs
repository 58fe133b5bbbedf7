//! The laws of gas, for a module generated from the bytes.
#![no_main]
#![forbid(unsafe_code)]

libfuzzer_sys::fuzz_target!(|data: &[u8]| etalon_harness::fuzz::targets::run("gas", data));
