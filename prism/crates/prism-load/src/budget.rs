//! How many calls are to be made.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Calls that may still begin, shared by all that make them.
#[derive(Debug)]
pub(crate) struct Budget {
    left: AtomicU64,
    until: Option<Instant>,
}

impl Budget {
    /// So many calls.
    pub(crate) fn calls(count: u64) -> Self {
        Self {
            left: AtomicU64::new(count),
            until: None,
        }
    }

    /// As many calls as begin within a time from now.
    pub(crate) fn time(duration: Duration) -> Self {
        Self {
            left: AtomicU64::new(u64::MAX),
            until: Some(Instant::now() + duration),
        }
    }

    /// Takes one call; false when none is left.
    pub(crate) fn take(&self) -> bool {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return false;
        }
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number of calls is given out once, and then no more.
    #[test]
    fn a_number_is_given_out_once() {
        let budget = Budget::calls(2);

        assert_eq!(
            [budget.take(), budget.take(), budget.take()],
            [true, true, false]
        );
    }

    /// No call begins once the time is up.
    #[test]
    fn a_time_ends() {
        assert!(!Budget::time(Duration::ZERO).take());
        assert!(Budget::time(Duration::from_secs(60)).take());
    }
}
