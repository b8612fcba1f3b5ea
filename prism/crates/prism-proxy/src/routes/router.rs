//! The table of routes as everybody shares it.

use std::sync::{PoisonError, RwLock};

use tokio::sync::watch;

use super::table::{Found, Routes};

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

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Routes) -> T) -> T {
        let outcome = change(&mut self.routes.write().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_replace(());
        outcome
    }

    /// Sees every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}
