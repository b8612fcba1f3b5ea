//! What a registered runner holds: its routes, and its place in the list.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::runners::Runners;
use super::session::Sessions;
use super::state::Farewell;
use crate::routes::Router;
use crate::upstream::Backend;

/// The routes of a runner; they go when this does, however its session ends.
pub(super) struct Held {
    instance: String,
    router: Arc<Router>,
    runners: Runners,
    dismissed: mpsc::UnboundedReceiver<Farewell>,
}

impl Held {
    /// Holds the routes that were claimed under this name.
    pub(super) fn new(sessions: &Sessions, instance: String) -> Self {
        Self {
            router: Arc::clone(&sessions.router),
            dismissed: sessions.runners.add(&instance),
            runners: sessions.runners.clone(),
            instance,
        }
    }

    pub(super) fn instance(&self) -> &str {
        &self.instance
    }

    pub(super) fn activate(&self, backend: &Arc<Backend>) {
        self.router
            .change(|routes| routes.activate(&self.instance, backend));
    }

    pub(super) fn set_healthy(&self, healthy: bool) {
        self.router
            .change(|routes| routes.set_healthy(&self.instance, healthy));
    }

    /// Sends no new calls to the runner; those it has go on.
    pub(super) fn unroute(&self) {
        self.router.change(|routes| routes.release(&self.instance));
    }

    /// Completes when the proxy is done with the runner.
    pub(super) async fn dismissed(&mut self) -> Farewell {
        match self.dismissed.recv().await {
            Some(farewell) => farewell,
            // Nobody is left who could ask.
            None => pending().await,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.runners.remove(&self.instance);
        self.unroute();
        tracing::info!(runner = self.instance, "its routes are out");
    }
}
