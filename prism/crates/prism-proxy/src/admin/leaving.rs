//! A namespace that was taken away, and the calls that are still under way in it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::holdings::Holdings;
use crate::routes::Occupancy;

/// A namespace that gets no new calls.
#[derive(Debug)]
pub(super) struct Leaving {
    holdings: Arc<Holdings>,
    namespace: Box<str>,
    occupancy: Arc<Occupancy>,
}

impl Leaving {
    pub(super) fn new(holdings: Arc<Holdings>, namespace: &str, occupancy: Arc<Occupancy>) -> Self {
        Self {
            holdings,
            namespace: namespace.into(),
            occupancy,
        }
    }

    /// Waits for the calls under way; those that are left after the grace are ended.
    pub(super) async fn end(self, grace: Duration) {
        let Self {
            holdings,
            namespace,
            occupancy,
        } = self;
        if timeout(grace, occupancy.empty()).await.is_err() {
            let unfinished = occupancy.calls();
            if holdings.evict(&namespace, &occupancy) {
                tracing::warn!(%namespace, unfinished, "its time is over: calls are ended UNAVAILABLE");
                occupancy.empty().await;
            }
        }
        holdings.forget(&namespace, &occupancy);
    }
}
