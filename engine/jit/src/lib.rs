//! The Cranelift tier: just in time and ahead of time.
