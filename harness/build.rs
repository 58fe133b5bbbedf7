//! Rebuilds the crate when a kernel is added or removed.
#![allow(clippy::print_stdout, reason = "it is how a build script speaks to Cargo")]

fn main() {
    println!("cargo::rerun-if-changed=../corpus/kernels");
}
