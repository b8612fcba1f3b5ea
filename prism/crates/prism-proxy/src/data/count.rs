//! Counting what is alive, and waiting until nothing is.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// How many of something are alive.
#[derive(Debug, Default)]
pub(super) struct Count {
    alive: AtomicUsize,
    none: Notify,
}

/// Something that is counted as long as it lives.
pub(super) struct Counted<'a>(&'a Count);

impl Count {
    pub(super) fn count(&self) -> Counted<'_> {
        self.alive.fetch_add(1, Ordering::Relaxed);
        Counted(self)
    }

    pub(super) fn now(&self) -> usize {
        self.alive.load(Ordering::Acquire)
    }

    /// Completes when none is alive.
    pub(super) async fn none(&self) {
        loop {
            let mut none = pin!(self.none.notified());
            // Listening before looking: the last one may go in between.
            none.as_mut().enable();
            if self.now() == 0 {
                return;
            }
            none.await;
        }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if self.0.alive.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.none.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// Waiting for none ends when the last one goes, and not before.
    #[test]
    fn none_waits_for_the_last() {
        let count = Count::default();
        let (first, second) = (count.count(), count.count());
        let mut none = pin!(count.none());

        drop(first);
        assert_eq!(none.as_mut().now_or_never(), None);
        drop(second);

        assert_eq!(none.now_or_never(), Some(()));
    }
}
