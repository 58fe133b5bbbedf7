//! Chains of operators generated from the bytes, on the interpreter and the compiler.
#![no_main]
#![forbid(unsafe_code)]

use etalon_harness::fuzz::targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    match targets::profile("chains", data) {
        Ok(None) => {}
        Ok(Some(found)) => panic!("{found}"),
        Err(error) => panic!("{error}"),
    }
});
