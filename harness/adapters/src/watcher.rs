//! Observers of the oracle, one for each session.

use etalon::unstable::Observer;
use std::fmt;
use std::sync::Arc;

/// Makes an observer for each session.
#[derive(Clone)]
pub struct Watcher(Arc<dyn Fn() -> Box<dyn Observer + Send> + Send + Sync>);

impl Watcher {
    /// Of what makes one.
    pub fn new(observer: impl Fn() -> Box<dyn Observer + Send> + Send + Sync + 'static) -> Watcher {
        Watcher(Arc::new(observer))
    }

    pub(crate) fn observer(&self) -> Box<dyn Observer + Send> {
        (self.0)()
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}
