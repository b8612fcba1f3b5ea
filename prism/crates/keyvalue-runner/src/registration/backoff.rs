//! How long to wait before the next try.

use std::time::Duration;

/// A proxy that restarts is back within a few of these.
const FIRST: Duration = Duration::from_millis(20);
/// Often enough to be found soon, seldom enough to cost nothing.
const LONGEST: Duration = Duration::from_millis(500);

/// Waits that double.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { next: FIRST }
    }

    /// The wait before the next try; the one after it is longer.
    pub(super) fn step(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(LONGEST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From 20 ms it doubles up to half a second, and stays there.
    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::new();

        let waits: Vec<_> = (0..7).map(|_| backoff.step().as_millis()).collect();

        assert_eq!(waits, [20, 40, 80, 160, 320, 500, 500]);
    }
}
