//! Host functions that call back into the guest.

/// The module name of imports through which a generated module calls itself by way of the host: the import `reenter` `f` calls the
/// export `f` of the instance that has the call, with its arguments, and gives its results or stops as it did.
pub const REENTRY: &str = "reenter";
