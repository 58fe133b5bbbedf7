//! Stops that hardware raises, and the stack that guests run on.

mod registers;
mod signals;
mod stack;
mod unwind;

pub(crate) use signals::{enter, is_outermost, set_landing};
pub use stack::on_guest_stack;
pub(crate) use stack::{FRAME_BYTES_PER_SLOT, suffices};
pub(crate) use unwind::{find_handler, visit_references};
