//! What guests may take of the host, on every tier: nothing is paid for by the host that was not touched, and a host that
//! has no memory left is an error of the run, never the end of the process.
#![cfg(target_os = "linux")]

mod digests;
mod exhausted;
mod failures;
#[cfg(debug_assertions)]
mod faults;
mod gas;
mod guest;
mod heap;
mod paused;
mod tables;
