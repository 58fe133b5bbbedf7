//! Stops that hardware raises, and the stack that guests run on.

mod registers;
#[cfg(target_arch = "s390x")]
mod s390x;
mod signals;
mod stack;
mod trace;
mod unwind;

pub(crate) use signals::{enter, is_outermost, land, set_landing};
pub(crate) use stack::bytes_per_slot;
pub(crate) use stack::bytes_with_calls;
pub use stack::on_guest_stack;
pub(crate) use trace::tell;
pub(crate) use unwind::{find_handler, visit_references};
