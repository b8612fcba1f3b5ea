//! The pauses between tries to reach a Redis that is away.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(20);

/// The longest: a Redis that comes back is found this soon.
const LONGEST: Duration = Duration::from_millis(500);

/// Pauses that double.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: FIRST }
    }

    /// The pause before the next try.
    pub(crate) fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST);
        pause
    }

    /// Begins anew: Redis was there.
    pub(crate) fn reset(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses double up to a limit, and begin anew once Redis was there.
    #[test]
    fn pauses_double_until_redis_was_there() {
        let mut backoff = Backoff::new();

        let pauses: Vec<_> = (0..7).map(|_| backoff.pause().as_millis()).collect();
        backoff.reset();

        assert_eq!(pauses, [20, 40, 80, 160, 320, 500, 500]);
        assert_eq!(backoff.pause(), FIRST);
    }
}
