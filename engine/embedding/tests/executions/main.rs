//! Executions in pieces, and stores as bytes: what comes of them is what comes of a straight run.

mod fresh;
mod guest;
mod pausing;
mod processes;
mod snapshots;
mod waits;
