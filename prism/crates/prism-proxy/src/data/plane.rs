//! What every call on the data port shares.

use std::sync::Arc;

use http::request::Parts;
use http::uri::PathAndQuery;
use prism_inspect::{Call, Calls, Page};
use prism_process::dump::{Ticket, Underway};
use tokio::sync::watch;

use super::count::{Count, Counted};
use crate::path;
use crate::routes::{CONTRACT, Router};

/// Parts of the table of calls: one for each thread that serves them, on machines of common size.
const PARTS: usize = 16;

/// How far the data port is on its way down.
///
/// ## Serving => Refusing => Closing => Aborting
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Calls are routed.
    Serving,
    /// New calls are answered UNAVAILABLE, in words that send clients elsewhere.
    Refusing,
    /// The listener is closed, connections are told to go away; calls in flight finish.
    Closing,
    /// Calls in flight are ended.
    Aborting,
}

/// The state of the data port.
#[derive(Debug)]
pub(crate) struct DataPlane {
    pub(crate) router: Arc<Router>,
    phase: watch::Sender<Phase>,
    calls: Count,
    connections: Count,
    underway: Arc<Underway<PathAndQuery>>,
    figures: Calls,
}

impl DataPlane {
    pub(crate) fn new(router: Arc<Router>) -> Self {
        Self {
            router,
            phase: watch::Sender::new(Phase::Serving),
            calls: Count::default(),
            connections: Count::default(),
            underway: Arc::new(Underway::new(PARTS)),
            figures: Calls::of(CONTRACT),
        }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Completes when the data port is at this phase or past it.
    pub(crate) async fn reached(&self, phase: Phase) {
        let mut seen = self.phase.subscribe();
        // The sender lives in self, so the wait can only end by the phase.
        let _ = seen.wait_for(|at| *at >= phase).await;
    }

    /// Calls in flight.
    pub(crate) fn calls(&self) -> usize {
        self.calls.now()
    }

    /// Client connections open.
    pub(crate) fn connections(&self) -> usize {
        self.connections.now()
    }

    /// Writes what went through the data port.
    pub(crate) fn write_figures(&self, page: &mut Page) {
        self.figures.write(page);
        let help = "Client connections that are open.";
        page.gauge("prism_connections", help, self.connections());
    }

    /// Completes when no call is in flight.
    pub(crate) async fn no_calls(&self) {
        self.calls.none().await;
    }

    /// Completes when no client is connected.
    pub(crate) async fn no_connections(&self) {
        self.connections.none().await;
    }

    /// The calls in flight, by their paths.
    pub(crate) fn underway(&self) -> &Underway<PathAndQuery> {
        &self.underway
    }

    pub(crate) fn begin_call(&self, worker: usize, path: PathAndQuery) -> Ticket<PathAndQuery> {
        self.underway.begin_in(worker, path)
    }

    /// Counts a call under its service, which has figures of its own once somebody serves it.
    pub(super) fn figure(&self, head: &Parts, served: bool) -> Call {
        let service = path::service(head.uri.path()).unwrap_or_default();
        let figures = if served {
            self.figures.served(service)
        } else {
            self.figures.service(service)
        };
        figures.begin()
    }

    pub(super) fn count_call(&self) -> Counted<'_> {
        self.calls.count()
    }

    pub(super) fn count_connection(&self) -> Counted<'_> {
        self.connections.count()
    }
}
