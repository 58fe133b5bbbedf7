//! A script that is added or taken away is a change of this crate.
#![allow(clippy::print_stdout, reason = "it is how a build script speaks to Cargo")]

fn main() {
    println!("cargo::rerun-if-changed=local");
}
