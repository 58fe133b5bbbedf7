//! Work on several threads.

use std::thread::{Builder, scope};

/// Most threads that are started, whoever asks for more: each has a stack, and none has a core then.
const MOST: usize = 1024;

/// Runs the same work on so many threads, at least on one, and waits until all are done. Where the system has no further
/// threads, those that it had do the work.
pub(crate) fn on_threads(count: usize, stack: usize, work: &(impl Fn() + Sync)) {
    scope(|scope| {
        let mut started = 0;
        for _ in 0..count.clamp(1, MOST) {
            if Builder::new().stack_size(stack).spawn_scoped(scope, work).is_err() {
                break;
            }
            started += 1;
        }
        if started == 0 {
            work();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn the_number_of_threads_has_an_end() {
        for (asked, started) in [(0, 1), (1, 1), (3, 3), (usize::MAX, MOST)] {
            let count = AtomicUsize::new(0);
            on_threads(asked, 1 << 16, &|| _ = count.fetch_add(1, Ordering::Relaxed));
            assert_eq!(count.into_inner(), started, "{asked}");
        }
    }
}
