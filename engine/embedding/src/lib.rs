//! The embedding: engines, modules, stores and instances, on any tier.
