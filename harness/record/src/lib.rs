//! The record of a run: the data that everything else reads.
