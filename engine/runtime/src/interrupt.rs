//! What any thread may ask of an execution: to stop for good, or to pause.

use crate::stop::{Exhaustion, Stop};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

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
        if crate::fault::interrupts() {
            self.request();
        }
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

/// A flag with which any thread asks an execution that can be paused to do so. Clones are the same flag.
#[derive(Clone, Debug, Default)]
pub struct PauseRequest {
    flag: Arc<AtomicBool>,
    /// Others that count like this one where a pause is looked for.
    others: Vec<Arc<AtomicBool>>,
}

impl PauseRequest {
    /// A flag that is not set.
    pub fn new() -> PauseRequest {
        PauseRequest::default()
    }

    /// Asks for a pause before the next instruction. The pause takes the request back.
    pub fn request(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// For who looks for a pause: this request and another one count, with all that count for them already. To ask for a pause by
    /// what this gives is to ask by this request.
    #[must_use]
    pub fn or(mut self, other: &PauseRequest) -> PauseRequest {
        self.others.extend(other.flags().cloned());
        self
    }

    fn flags(&self) -> impl Iterator<Item = &Arc<AtomicBool>> {
        std::iter::once(&self.flag).chain(&self.others)
    }

    /// Takes the request back, and those that count for it; whether there was one.
    pub fn take(&self) -> bool {
        // Read first: writing at every instruction would be slow. One pause answers all that asked.
        let take =
            |flag: &AtomicBool| flag.load(Ordering::Relaxed) && flag.swap(false, Ordering::Relaxed);
        self.flags().fold(false, |taken, flag| taken | take(flag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_that_was_put_together_counts() {
        let [a, b, c, d] = [(); 4].map(|()| PauseRequest::new());
        let all = a.clone().or(&b).or(&c.clone().or(&d));
        for request in [&a, &b, &c, &d] {
            request.request();
            assert!(all.take() && !all.take());
            assert!(!request.take(), "it was taken back");
        }
        all.request();
        assert!(a.take());
    }
}
