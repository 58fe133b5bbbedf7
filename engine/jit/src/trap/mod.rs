//! Stops that hardware raises, and the stack that guests run on.

mod registers;
mod signals;
mod stack;

pub(crate) use signals::enter;
pub(crate) use stack::on_guest_stack;
