//! The one drain of the runner: who began it, how long it may take, what follows it, how it went.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prism_process::{Reason, Shutdown};
use tokio::sync::watch;

/// A handle on the drain; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Drain {
    shutdown: Shutdown,
    plan: Arc<Mutex<Plan>>,
    outcome: Arc<watch::Sender<Option<Drained>>>,
}

/// What is asked of the drain.
#[derive(Debug)]
struct Plan {
    limit: Duration,
    purge: Purge,
}

/// ## Unasked => Asked => Settled, or Unasked => Settled
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purge {
    Unasked,
    Asked,
    /// It is too late to ask.
    Settled,
}

/// How a drain went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Drained {
    /// Calls that were inside and finished.
    pub(crate) finished: usize,
    /// Calls that ran out of time.
    pub(crate) aborted: usize,
    /// The keys that were removed after it, or why not; nothing where nobody asked.
    pub(crate) purged: Option<Result<usize, String>>,
}

impl Drained {
    /// The finished calls, as the wire has them.
    pub(crate) fn finished_operations(&self) -> i64 {
        i64::try_from(self.finished).unwrap_or(i64::MAX)
    }

    /// The aborted calls, as the wire has them.
    pub(crate) fn aborted_operations(&self) -> i64 {
        i64::try_from(self.aborted).unwrap_or(i64::MAX)
    }
}

/// The drain is over, so that nothing can follow it any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLate;

impl Drain {
    /// A drain that takes at most `limit`.
    pub(crate) fn new(shutdown: Shutdown, limit: Duration) -> Self {
        let plan = Plan {
            limit,
            purge: Purge::Unasked,
        };
        Self {
            shutdown,
            plan: Arc::new(Mutex::new(plan)),
            outcome: Arc::new(watch::Sender::new(None)),
        }
    }

    /// Begins the drain, and gives it less time if less is asked for; one that has begun keeps its time.
    pub(crate) fn begin(&self, order: Order) -> Result<(), TooLate> {
        let mut plan = self.plan();
        if order.purge {
            plan.purge = match plan.purge {
                Purge::Unasked | Purge::Asked => Purge::Asked,
                Purge::Settled => return Err(TooLate),
            };
        }
        if !self.shutdown.is_draining() {
            plan.limit = order
                .limit
                .map_or(plan.limit, |asked| asked.min(plan.limit));
            self.shutdown.begin(Reason::Commanded(order.words));
        }
        Ok(())
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.shutdown.is_draining()
    }

    pub(crate) async fn begun(&self) {
        self.shutdown.draining().await;
    }

    pub(crate) fn reason(&self) -> String {
        self.shutdown
            .reason()
            .map(|reason| reason.to_string())
            .unwrap_or_default()
    }

    pub(crate) fn limit(&self) -> Duration {
        self.plan().limit
    }

    /// Whether the records are to be removed now that nobody uses them; asked once.
    pub(crate) fn settle_purge(&self) -> bool {
        let asked = std::mem::replace(&mut self.plan().purge, Purge::Settled);
        asked == Purge::Asked
    }

    pub(crate) fn finish(&self, drained: Drained) {
        self.outcome.send_replace(Some(drained));
    }

    /// Completes when the drain has ended, with how it went.
    pub(crate) async fn outcome(&self) -> Drained {
        let mut outcome = self.outcome.subscribe();
        let ended = outcome.wait_for(Option::is_some).await;
        let drained = ended.ok().and_then(|drained| drained.clone());
        drained.unwrap_or_default()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An order to drain.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    /// Who asks for it and why.
    pub(crate) words: String,
    /// The most time that it may take, where the order says so.
    pub(crate) limit: Option<Duration>,
    /// Whether the records are to be removed after it.
    pub(crate) purge: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(seconds: u64, purge: bool) -> Order {
        Order {
            limit: Some(Duration::from_secs(seconds)),
            purge,
            ..Order::default()
        }
    }

    fn drain() -> Drain {
        Drain::new(Shutdown::new(), Duration::from_secs(30))
    }

    /// An order may shorten the drain, never lengthen it, and only before it has begun.
    #[test]
    fn the_first_order_sets_the_time() {
        for (asked, limit) in [(5, 5), (60, 30)] {
            let drain = drain();

            drain.begin(order(asked, false)).unwrap();
            drain.begin(order(1, false)).unwrap();

            assert_eq!(drain.limit(), Duration::from_secs(limit));
        }
    }

    /// Records are removed only if somebody asked, be it during the drain.
    #[test]
    fn a_purge_may_be_asked_for_until_the_drain_is_over() {
        let (kept, purged) = (drain(), drain());
        kept.begin(order(1, false)).unwrap();
        purged.begin(order(1, false)).unwrap();
        purged.begin(order(1, true)).unwrap();

        assert!(!kept.settle_purge());
        assert!(purged.settle_purge());
        assert_eq!(kept.begin(order(1, true)), Err(TooLate));
    }
}
