//! The thread of an engine that compiles in the background.

use super::promoter::Promoter;
use etalon_jit::Level;
use std::fmt;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{OnceLock, Weak};
use std::thread;

/// How many functions wait at most. Beyond it they go on being interpreted, and ask again.
const MOST: usize = 256;

/// A function that is to be compiled, if its module is still there when it is its turn.
struct Job {
    promoter: Weak<Promoter>,
    func: u32,
    level: Level,
}

/// The thread, from the first function on. It ends after the function that it is at when the engine is gone: nobody waits for it.
#[derive(Default)]
pub(crate) struct Worker(OnceLock<Option<SyncSender<Job>>>);

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

impl Worker {
    /// Has a function compiled; gives false if it cannot now: too many wait, or the system has no thread for it.
    pub(super) fn compile(&self, promoter: Weak<Promoter>, func: u32, level: Level) -> bool {
        let sender = self.0.get_or_init(|| {
            etalon_runtime::fault::may_fail().ok()?;
            let (sender, jobs) = sync_channel::<Job>(MOST);
            let work = move || {
                for Job { promoter, func, level } in jobs {
                    if let Some(promoter) = promoter.upgrade() {
                        promoter.compile(func, level);
                    }
                }
            };
            let named = thread::Builder::new().name("etalon-tier-up".to_owned());
            named.spawn(work).ok().map(|_| sender)
        });
        let job = Job { promoter, func, level };
        sender.as_ref().is_some_and(|sender| sender.try_send(job).is_ok())
    }
}
