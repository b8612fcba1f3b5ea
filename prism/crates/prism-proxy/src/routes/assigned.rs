//! Which namespaces are the proxy's to route.

use std::collections::HashMap;
use std::sync::Arc;

use super::occupancy::Occupancy;
use crate::namespace;

/// The namespaces that calls are routed in.
#[derive(Debug)]
pub(super) enum Assigned {
    /// Any: there is no admin that says which.
    Any,
    /// Those that an admin assigned, and the calls in them.
    Only(HashMap<Box<str>, Arc<Occupancy>>),
}

/// A namespace that is not the proxy's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotOurs;

impl Assigned {
    pub(super) fn insert(&mut self, namespace: &str, occupancy: Arc<Occupancy>) {
        if let Self::Only(assigned) = self {
            assigned.insert(namespace.into(), occupancy);
        }
    }

    pub(super) fn remove(&mut self, namespace: &str) -> Option<Arc<Occupancy>> {
        match self {
            Self::Any => None,
            Self::Only(assigned) => assigned.remove(namespace),
        }
    }

    /// Where the calls of a namespace are counted, if they are.
    pub(super) fn occupancy(&self, namespace: &str) -> Result<Option<&Arc<Occupancy>>, NotOurs> {
        match self {
            Self::Any => Ok(None),
            Self::Only(assigned) => assigned.get(namespace).map(Some).ok_or(NotOurs),
        }
    }

    /// Whether calls in a namespace are routed; a route for every namespace belongs to none.
    pub(super) fn has(&self, namespace: &str) -> bool {
        namespace == namespace::ANY || self.occupancy(namespace).is_ok()
    }

    /// The namespaces that were assigned by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Box<str>, &Arc<Occupancy>)> {
        let only = match self {
            Self::Any => None,
            Self::Only(assigned) => Some(assigned),
        };
        only.into_iter().flatten()
    }
}
