//! What the proxy holds for its admin: the assignments, and the routes that follow them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prism_api::prism::NamespaceAssignment;

use super::assignments::{Assignment, Assignments, Contradiction, Taken};
use super::fields;
use super::leaving::Leaving;
use crate::routes::{Namespace, Occupancy, Router, Routes};

/// What the proxy holds; every telling of the admin ends here.
#[derive(Debug)]
pub(crate) struct Holdings {
    router: Arc<Router>,
    /// Held while routes change, so that both always agree.
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    assignments: Assignments,
    /// The calls that are still under way in namespaces that were let go.
    leaving: HashMap<Box<str>, Arc<Occupancy>>,
}

impl Book {
    /// The calls of a namespace that is taken: those that are still under way stay, if it comes back.
    fn occupancy(&mut self, namespace: &str) -> Arc<Occupancy> {
        let left = self.leaving.remove(namespace);
        left.filter(|left| !left.is_evicted()).unwrap_or_default()
    }
}

impl Holdings {
    pub(crate) fn new(router: Arc<Router>) -> Self {
        Self {
            router,
            book: Mutex::default(),
        }
    }

    /// Takes a namespace; its calls are routed when this returns.
    pub(super) fn assign(&self, assignment: Assignment) -> Result<(), Contradiction> {
        let mut book = self.book();
        let namespace = assignment.namespace.clone();
        if book.assignments.take(assignment)? == Taken::Anew {
            tracing::info!(%namespace, "assigned");
            let occupancy = book.occupancy(&namespace);
            self.router
                .change(|routes| routes.assign(&namespace, occupancy));
        }
        Ok(())
    }

    /// Lets go of a namespace: no new calls. None if it is not held, and has no calls left.
    pub(super) fn revoke(self: &Arc<Self>, namespace: &str) -> Option<Leaving> {
        let mut book = self.book();
        let occupancy = if book.assignments.let_go(namespace) {
            tracing::info!(namespace, "revoked");
            let occupancy = self.unroute(namespace);
            book.leaving
                .insert(namespace.into(), Arc::clone(&occupancy));
            occupancy
        } else {
            Arc::clone(book.leaving.get(namespace)?)
        };
        Some(Leaving::new(Arc::clone(self), namespace, occupancy))
    }

    fn unroute(&self, namespace: &str) -> Arc<Occupancy> {
        let mut occupancy = None;
        self.router
            .change(|routes| occupancy = routes.unassign(namespace));
        occupancy.unwrap_or_default()
    }

    /// Ends the calls of a namespace that was let go, unless it has come back; says whether it did.
    pub(super) fn evict(&self, namespace: &str, occupancy: &Arc<Occupancy>) -> bool {
        let is_leaving = is_leaving(&self.book(), namespace, occupancy);
        if is_leaving {
            occupancy.evict();
        }
        is_leaving
    }

    /// Forgets a namespace that was let go, and whose calls have ended.
    pub(super) fn forget(&self, namespace: &str, occupancy: &Arc<Occupancy>) {
        let mut book = self.book();
        if is_leaving(&book, namespace, occupancy) {
            book.leaving.remove(namespace);
        }
    }

    /// Notes that the proxy begins to register.
    pub(super) fn begin_registration(&self) {
        self.book().assignments.begin_registration();
    }

    /// Takes everything that the answer to a registration names, in one change of the routes.
    ///
    /// Returns how many are held now.
    pub(super) fn welcome(&self, told: Vec<NamespaceAssignment>) -> usize {
        let told = told.into_iter().filter_map(understood).collect();
        let mut book = self.book();
        let anew: Vec<_> = book
            .assignments
            .welcome(told)
            .into_iter()
            .map(|namespace| (book.occupancy(&namespace), namespace))
            .collect();
        if !anew.is_empty() {
            self.router.change(|routes| {
                for (occupancy, namespace) in anew {
                    routes.assign(&namespace, occupancy);
                }
            });
        }
        book.assignments.count()
    }

    /// Every namespace that is held, and how it is.
    pub(super) fn namespaces(&self) -> Vec<Namespace> {
        self.router.read(Routes::namespaces)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Nothing panics while it is held.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_leaving(book: &Book, namespace: &str, occupancy: &Arc<Occupancy>) -> bool {
    let leaving = book.leaving.get(namespace);
    leaving.is_some_and(|leaving| Arc::ptr_eq(leaving, occupancy))
}

/// One namespace that makes no sense does not keep the others out.
fn understood(message: NamespaceAssignment) -> Option<Assignment> {
    fields::assignment(message)
        .inspect_err(
            |malformed| tracing::warn!(%malformed, "the admin assigns what makes no sense"),
        )
        .ok()
}

#[cfg(test)]
mod tests;
