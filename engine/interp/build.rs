//! Decides how operations go on to the next one: by calls that the compiler turns into jumps, or by returning to a loop.

#![allow(clippy::print_stdout, reason = "this is how Cargo is told")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(jumps)");
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    // A call becomes a jump where it is optimised, and where all six arguments are passed in registers. An architecture may
    // be added when the test `native_stack` has passed on it, in a release build.
    let optimised = matches!(&*var("OPT_LEVEL"), "2" | "3");
    let registers =
        var("CARGO_CFG_TARGET_ARCH") == "x86_64" && var("CARGO_CFG_TARGET_OS") != "windows";
    // What a sanitizer keeps of a call on the stack must be there after it.
    let flags = var("CARGO_ENCODED_RUSTFLAGS");
    let instrumented = flags.contains("sanitizer") || flags.contains("instrument");
    if optimised && registers && !instrumented {
        println!("cargo::rustc-cfg=jumps");
    }
}
