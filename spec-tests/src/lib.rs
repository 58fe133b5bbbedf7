//! Which suites exist, what they need, and what is expected to fail and why.
