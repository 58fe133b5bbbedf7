//! Host functions that declare what they touch.

/// The module name of imports that record their calls as others do, and then declare as many bytes as their first argument says (gas-1,
/// *Host calls*).
pub const TOUCH: &str = "touch";

/// Under this module name they record that they have been charged for the bytes.
pub const TOUCHED: &str = "touched";
