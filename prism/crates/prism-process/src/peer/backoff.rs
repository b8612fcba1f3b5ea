//! The pauses between tries to reach a peer that is away.

use std::time::Duration;

/// The longest: a peer that comes back is found this soon.
const LONGEST: Duration = Duration::from_millis(500);

/// Pauses that double.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    next: Duration,
}

impl Backoff {
    /// Pauses of which this is the first.
    #[must_use]
    pub fn new(first: Duration) -> Self {
        Self { first, next: first }
    }

    /// The pause before the next try.
    pub fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST);
        pause
    }

    /// Begins anew: the peer was there.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses double up to a limit, and begin anew once the peer was there.
    #[test]
    fn pauses_double_until_the_peer_was_there() {
        let mut backoff = Backoff::new(Duration::from_millis(20));

        let pauses: Vec<_> = (0..7).map(|_| backoff.pause().as_millis()).collect();
        backoff.reset();

        assert_eq!(pauses, [20, 40, 80, 160, 320, 500, 500]);
        assert_eq!(backoff.pause(), Duration::from_millis(20));
    }
}
