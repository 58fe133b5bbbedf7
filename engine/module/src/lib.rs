//! Bytes to a validated module: decoding, types, matching, features.

pub mod operator;
