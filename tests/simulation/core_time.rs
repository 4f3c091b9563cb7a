//! The time for which a thread had a core. Other processes that run at the same time do not count.

use std::time::{Duration, Instant};

/// Measures the core time of the present thread.
pub struct CoreTime {
    wall: Instant,
    core: Option<Duration>,
}

impl CoreTime {
    pub fn begin() -> CoreTime {
        CoreTime {
            wall: Instant::now(),
            core: of_this_thread(),
        }
    }

    /// Returns the core time since the begin; the real time where the system does not say.
    pub fn took(&self) -> Duration {
        let now = of_this_thread().zip(self.core);
        now.map_or_else(|| self.wall.elapsed(), |(now, then)| now - then)
    }
}

/// Reads the first number of Linux' scheduler statistics: nanoseconds on a core.
fn of_this_thread() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}
