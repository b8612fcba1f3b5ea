//! The calls under way in a namespace that is assigned to the proxy.

use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// The calls under way in one namespace, counted by those who listen for their end.
#[derive(Debug, Default)]
pub(crate) struct Occupancy {
    begun: AtomicU64,
    evicted: watch::Sender<bool>,
}

/// One call's stay in a namespace; it is under way as long as this lives.
#[derive(Debug)]
pub(crate) struct Stay(watch::Receiver<bool>);

impl Occupancy {
    /// Takes a call in.
    pub(super) fn enter(&self) -> Stay {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Stay(self.evicted.subscribe())
    }

    /// Calls under way.
    pub(crate) fn calls(&self) -> usize {
        self.evicted.receiver_count()
    }

    /// Calls that have begun since the last look.
    pub(crate) fn take_begun(&self) -> u64 {
        self.begun.swap(0, Ordering::Relaxed)
    }

    /// Ends the calls under way.
    pub(crate) fn evict(&self) {
        self.evicted.send_replace(true);
    }

    pub(crate) fn is_evicted(&self) -> bool {
        *self.evicted.borrow()
    }

    /// Completes when no call is under way.
    pub(crate) async fn empty(&self) {
        self.evicted.closed().await;
    }
}

impl Stay {
    /// Completes when the call has to end: its namespace was taken away, and its time is over.
    pub(crate) async fn evicted(&mut self) {
        if self.0.wait_for(|evicted| *evicted).await.is_err() {
            // Nobody is left who could ask it to.
            pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    /// A namespace is empty once the last call has gone, and what has begun is told once.
    #[test]
    fn calls_are_counted_while_they_stay() {
        let occupancy = Occupancy::default();
        let (first, second) = (occupancy.enter(), occupancy.enter());
        let mut empty = pin!(occupancy.empty());

        drop(first);
        assert_eq!(occupancy.calls(), 1);
        assert_eq!(empty.as_mut().now_or_never(), None);
        drop(second);

        assert_eq!(empty.now_or_never(), Some(()));
        assert_eq!((occupancy.take_begun(), occupancy.take_begun()), (2, 0));
    }

    /// An eviction reaches the calls that are there, and one that comes too late.
    #[test]
    fn an_eviction_reaches_every_call() {
        let occupancy = Occupancy::default();
        let mut early = occupancy.enter();
        assert_eq!(early.evicted().now_or_never(), None);

        occupancy.evict();
        let mut late = occupancy.enter();

        assert_eq!(early.evicted().now_or_never(), Some(()));
        assert_eq!(late.evicted().now_or_never(), Some(()));
    }

    /// A namespace that is gone without a word ends no call.
    #[test]
    fn calls_outlive_who_counts_them() {
        let mut stay = Occupancy::default().enter();

        assert_eq!(stay.evicted().now_or_never(), None);
    }
}
