//! The table of routes as everybody shares it.

use std::sync::{PoisonError, RwLock, TryLockError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::registration::{Claim, Taken};
use super::table::{Found, Routes};

/// How long a claim waits for the runner that it would replace: longer than the end of a killed process'
/// connection takes to be seen, short enough for a refusal to be prompt.
const TAKEOVER_GRACE: Duration = Duration::from_millis(100);

/// Looks routes up for calls, and tells who waits when they change.
#[derive(Debug)]
pub(crate) struct Router {
    routes: RwLock<Routes>,
    changed: watch::Sender<()>,
}

impl Router {
    pub(crate) fn new(routes: Routes) -> Self {
        Self {
            routes: RwLock::new(routes),
            changed: watch::Sender::new(()),
        }
    }

    pub(crate) fn find(&self, namespace: &str, service: &str) -> Found {
        self.read(|routes| routes.find(namespace, service))
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Routes) -> T) -> T {
        look(&self.routes.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks, unless somebody changes the table at this moment.
    pub(crate) fn try_read<T>(&self, look: impl FnOnce(&Routes) -> T) -> Option<T> {
        match self.routes.try_read() {
            Ok(routes) => Some(look(&routes)),
            Err(TryLockError::Poisoned(routes)) => Some(look(&routes.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Routes)) {
        change(&mut self.routes.write().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_replace(());
    }

    /// Takes routes for a runner; while another one holds them, waits for it to go, but not for long.
    ///
    /// A runner that was killed and started again may be here before its old connection is seen to end.
    pub(crate) async fn claim(&self, claim: &Claim) -> Result<(), Taken> {
        let mut changes = self.changes();
        let deadline = Instant::now() + TAKEOVER_GRACE;
        loop {
            let taken = match self.try_claim(claim) {
                Ok(()) => return Ok(()),
                Err(taken) => taken,
            };
            if timeout_at(deadline, changes.changed()).await.is_err() {
                return Err(taken);
            }
        }
    }

    fn try_claim(&self, claim: &Claim) -> Result<(), Taken> {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        routes.claim(claim)?;
        drop(routes);
        self.changed.send_replace(());
        Ok(())
    }

    /// Sees every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}
