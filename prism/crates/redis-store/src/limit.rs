//! How long a call may wait for Redis.

use std::time::Duration;

/// For a call without a deadline, and the most for one with: far more than a Redis needs that is there.
const LONGEST: Duration = Duration::from_secs(5);
/// The most that is kept back of a caller's time, so that the answer is there before its deadline.
const WAY_BACK: Duration = Duration::from_millis(250);

/// The time for Redis, of the time that the caller gives.
pub(crate) fn of(given: Option<Duration>) -> Duration {
    given.map_or(LONGEST, |given| {
        let way_back = (given / 5).min(WAY_BACK);
        given.saturating_sub(way_back).min(LONGEST)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A part of the caller's time is left for the way back, and nobody waits longer than the longest.
    #[test]
    fn the_answer_comes_before_the_deadline() {
        let millis = |given| of(Some(Duration::from_millis(given))).as_millis();

        assert_eq!(
            [
                millis(0),
                millis(100),
                millis(1000),
                millis(3000),
                millis(60_000)
            ],
            [0, 80, 800, 2750, 5000]
        );
        assert_eq!(of(None), LONGEST);
    }
}
