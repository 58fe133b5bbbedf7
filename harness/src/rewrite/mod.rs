//! Modules taken apart, so that their functions can be changed and what nothing uses can be left out.

mod keep;
mod nans;
mod open;
mod parts;
mod text;

pub(crate) use keep::{Keep, TYPES, clean};
pub(crate) use nans::{CANONICAL, Has, MADE, replaced};
#[doc(hidden)]
pub use nans::{NanBits, with_nans};
pub(crate) use open::{GROWTH, growths};
pub(crate) use parts::{Extra, Failed, Group, Parts, space};
pub(crate) use text::{Func, Op, Text};
