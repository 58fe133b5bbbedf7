//! Interrupting execution from outside, from any thread.

use crate::stop::{Exhaustion, Stop};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A flag with which any thread asks what runs in a store to stop. Clones are the same flag.
///
/// The flag stays up until it is cleared: whatever runs in the store meanwhile stops with [`Exhaustion::Interrupted`], so
/// neither a guest nor a host function that drops the error can go on. When it is seen depends on time, so an interrupted
/// run is compared with nothing.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicU32>);

impl Interrupt {
    /// A flag that is down.
    pub fn new() -> Interrupt {
        Interrupt::default()
    }

    /// Asks to stop.
    pub fn request(&self) {
        self.0.store(1, Ordering::Relaxed);
    }

    /// Takes the request back.
    pub fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Whether it is asked to stop.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// For tiers, between two pieces of work.
    ///
    /// # Errors
    /// [`Exhaustion::Interrupted`] if it is asked to stop.
    pub fn check(&self) -> Result<(), Stop> {
        match self.is_requested() {
            true => Err(Exhaustion::Interrupted.into()),
            false => Ok(()),
        }
    }

    /// The address of a `u32` that is not 0 while it is asked to stop, for compiled code. It is good as long as a clone of
    /// this lives.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).expose_provenance()
    }
}
