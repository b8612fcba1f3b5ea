//! The one drain of the runner: who began it, how long it may take, how it went.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prism_process::{Reason, Shutdown};
use tokio::sync::watch;

/// A handle on the drain; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Drain {
    shutdown: Shutdown,
    limit: Arc<Mutex<Duration>>,
    outcome: Arc<watch::Sender<Option<Drained>>>,
}

/// How a drain went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drained {
    /// Calls that were inside and finished.
    pub(crate) finished: usize,
    /// Calls that ran out of time.
    pub(crate) aborted: usize,
}

impl Drain {
    /// A drain that takes at most `limit`.
    pub(crate) fn new(shutdown: Shutdown, limit: Duration) -> Self {
        let outcome = Arc::new(watch::Sender::new(None));
        Self {
            shutdown,
            limit: Arc::new(Mutex::new(limit)),
            outcome,
        }
    }

    /// Begins the drain, and gives it less time if less is asked for; one that has begun keeps its time.
    pub(crate) fn begin(&self, order: Order) {
        let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.shutdown.is_draining() {
            *limit = order.limit.map_or(*limit, |asked| asked.min(*limit));
            self.shutdown.begin(Reason::Commanded(order.words));
        }
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
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn finish(&self, drained: Drained) {
        self.outcome.send_replace(Some(drained));
    }

    /// Completes when the drain has ended, with how it went.
    pub(crate) async fn outcome(&self) -> Drained {
        let mut outcome = self.outcome.subscribe();
        let ended = outcome.wait_for(Option::is_some).await;
        ended.ok().and_then(|drained| *drained).unwrap_or(Drained {
            finished: 0,
            aborted: 0,
        })
    }
}

/// An order over the wire to drain.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Who asks for it and why.
    pub(crate) words: String,
    /// The most time that it may take, where the order says so.
    pub(crate) limit: Option<Duration>,
}
