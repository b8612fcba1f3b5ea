//! The runners that registered for one route, in the order in which they came.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::upstream::Backend;

/// Where a runner keeps its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    /// By itself: another runner would not see it.
    Own,
    /// Where others that say so keep theirs.
    Shared,
}

/// What a runner asks to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) instance: Arc<str>,
    pub(crate) namespace: Box<str>,
    pub(crate) services: Vec<Box<str>>,
    pub(crate) store: Store,
}

/// A route that another runner holds, and does not share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("already served by {by}")]
pub(crate) struct Taken {
    pub(crate) by: Arc<str>,
}

/// One runner's hold on a route; calls go to it once it has a backend.
#[derive(Debug)]
struct Registration {
    instance: Arc<str>,
    store: Store,
    backend: Option<Arc<Backend>>,
    healthy: bool,
}

/// Every runner's hold on one route.
#[derive(Debug, Default)]
pub(super) struct Registrations {
    held: Vec<Registration>,
    turn: AtomicUsize,
}

impl Registrations {
    /// Whoever keeps this claim from the route.
    pub(super) fn rival(&self, claim: &Claim) -> Option<&Arc<str>> {
        self.held
            .iter()
            .find(|held| held.store == Store::Own || claim.store == Store::Own)
            .map(|held| &held.instance)
    }

    pub(super) fn add(&mut self, claim: &Claim) {
        self.held.push(Registration {
            instance: Arc::clone(&claim.instance),
            store: claim.store,
            backend: None,
            healthy: true,
        });
    }

    pub(super) fn activate(&mut self, instance: &str, backend: &Arc<Backend>) {
        self.of(instance)
            .for_each(|held| held.backend = Some(Arc::clone(backend)));
    }

    pub(super) fn set_healthy(&mut self, instance: &str, healthy: bool) {
        self.of(instance).for_each(|held| held.healthy = healthy);
    }

    pub(super) fn release(&mut self, instance: &str) {
        self.held.retain(|held| *held.instance != *instance);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(super) fn is_serving(&self) -> bool {
        self.held
            .iter()
            .any(|held| held.backend.is_some() && held.healthy)
    }

    /// Each runner by name, with its backend and whether it says that it is well.
    pub(super) fn held(&self) -> impl Iterator<Item = (&str, Option<&Arc<Backend>>, bool)> {
        self.held
            .iter()
            .map(|held| (&*held.instance, held.backend.as_ref(), held.healthy))
    }

    /// The next live runner, in turn; one that says that it is not well only where none does better.
    pub(super) fn next(&self) -> Option<&Arc<Backend>> {
        self.in_turn(|held| held.healthy)
            .or_else(|| self.in_turn(|_| true))
    }

    fn in_turn(&self, fit: impl Fn(&Registration) -> bool) -> Option<&Arc<Backend>> {
        let fit = || {
            let fit = self.held.iter().filter(|held| fit(held));
            fit.filter_map(|held| held.backend.as_ref())
        };
        match fit().count() {
            0 => None,
            1 => fit().next(),
            count => fit().nth(self.turn.fetch_add(1, Ordering::Relaxed) % count),
        }
    }

    fn of<'a>(&'a mut self, instance: &'a str) -> impl Iterator<Item = &'a mut Registration> {
        self.held
            .iter_mut()
            .filter(move |held| *held.instance == *instance)
    }
}
