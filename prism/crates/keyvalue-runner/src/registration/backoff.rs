//! How long to wait before the next try.

use std::time::Duration;

/// A proxy that is started beside the runner listens within a few of these: a longer one would be the start's longest part.
const FIRST: Duration = Duration::from_millis(1);
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

    /// From a millisecond it doubles up to half a second, and stays there.
    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::new();

        let waits: Vec<_> = (0..11).map(|_| backoff.step().as_millis()).collect();

        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 500, 500]);
    }
}
