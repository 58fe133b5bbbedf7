//! The clock.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// The processor time that this process has used, with all its threads: a compiler gains nothing by using several. It
/// stands still while another process has the processor, so other load disturbs it less than it disturbs the wall clock.
pub fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    // The system reports no negative times; if it did, the difference of two would be zero.
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}
