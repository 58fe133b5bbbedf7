//! The store: the state that every tier shares.
