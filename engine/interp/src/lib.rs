//! The oracle: an interpreter in the words of the specification.
