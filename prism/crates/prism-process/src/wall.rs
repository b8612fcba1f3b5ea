//! The time of day, which is told to others and decides nothing.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the epoch, as the wire has them.
#[must_use]
pub fn wall_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
