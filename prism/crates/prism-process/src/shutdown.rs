//! The one drain of a program, whoever begins it.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// What a shell reports for a program that a signal ended: this plus the signal's number.
const SIGNAL_EXIT_BASE: i32 = 128;

/// Why a drain began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// SIGTERM.
    Terminated,
    /// SIGINT.
    Interrupted,
    /// Somebody asked over the wire, in these words.
    Commanded(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminated => f.write_str("SIGTERM"),
            Self::Interrupted => f.write_str("SIGINT"),
            Self::Commanded(words) => write!(f, "asked to: {words}"),
        }
    }
}

/// A handle on the program's drain; clones share it.
///
/// ## Serving => Draining, once
///
/// The first of a signal or a command begins the drain, and its reason is kept. A second *signal* does not
/// wait for the drain: the program exits at once.
#[derive(Debug, Clone)]
pub struct Shutdown {
    reason: Arc<watch::Sender<Option<Reason>>>,
}

impl Shutdown {
    /// A drain that only [`begin`](Self::begin) begins.
    #[must_use]
    pub fn new() -> Self {
        Self {
            reason: Arc::new(watch::Sender::new(None)),
        }
    }

    /// A drain that SIGTERM and SIGINT begin too; from here on they no longer end the program by themselves.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        let signals = Signals::install()?;
        tokio::spawn(signals.obey(shutdown.clone()));
        Ok(shutdown)
    }

    /// Begins the drain; one that has begun stays as it is.
    pub fn begin(&self, reason: Reason) {
        self.reason.send_if_modified(|held| {
            let first = held.is_none();
            held.get_or_insert(reason);
            first
        });
    }

    /// Whether the drain has begun.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.reason.borrow().is_some()
    }

    /// Why the drain began, if it has.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.reason.borrow().clone()
    }

    /// Completes when the drain has begun.
    pub async fn draining(&self) {
        let mut reason = self.reason.subscribe();
        // The sender lives in self, so the wait can only end by a reason.
        let _ = reason.wait_for(Option::is_some).await;
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn obey(mut self, shutdown: Shutdown) {
        let (_, reason) = self.next().await;
        shutdown.begin(reason);
        let (kind, reason) = self.next().await;
        tracing::warn!(%reason, "second signal: exiting at once");
        std::process::exit(SIGNAL_EXIT_BASE + kind.as_raw_value());
    }

    async fn next(&mut self) -> (SignalKind, Reason) {
        tokio::select! {
            _ = self.terminate.recv() => (SignalKind::terminate(), Reason::Terminated),
            _ = self.interrupt.recv() => (SignalKind::interrupt(), Reason::Interrupted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A drain waits for nobody before it has begun.
    #[tokio::test]
    async fn begins_serving() {
        let shutdown = Shutdown::new();

        assert!(!shutdown.is_draining());
        assert_eq!(shutdown.reason(), None);
    }

    /// Every clone sees the drain, also one that asks late.
    #[tokio::test]
    async fn every_clone_drains() {
        let shutdown = Shutdown::new();
        let waiting = tokio::spawn({
            let clone = shutdown.clone();
            async move { clone.draining().await }
        });

        shutdown.clone().begin(Reason::Terminated);

        waiting.await.unwrap();
        shutdown.draining().await;
        assert!(shutdown.is_draining());
    }

    /// A command and then a signal are the same drain: the first reason stands.
    #[tokio::test]
    async fn the_first_reason_is_kept() {
        let shutdown = Shutdown::new();

        shutdown.begin(Reason::Commanded("upgrade".to_owned()));
        shutdown.begin(Reason::Terminated);

        assert_eq!(
            shutdown.reason(),
            Some(Reason::Commanded("upgrade".to_owned()))
        );
    }
}
