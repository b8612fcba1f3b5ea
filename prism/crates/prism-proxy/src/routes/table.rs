//! The table of routes: namespace and full service name to runner.
//!
//! A namespace's own routes come before those for every namespace, so that no call meets another
//! namespace's store by accident; among these a live registered route comes before a static one. Where an
//! admin says which namespaces are the proxy's, the others have no routes, whoever has registered for them.

mod live;
mod seen;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub(crate) use self::live::Namespace;
pub(crate) use self::seen::SeenRoute;
use super::assigned::Assigned;
use super::occupancy::{Occupancy, Stay};
use super::registration::{Claim, Registrations, Taken};
use crate::namespace;
use crate::path;
use crate::upstream::Backend;

/// The services that every proxy knows, whether or not somebody serves them.
pub(crate) const CONTRACT: [&str; 3] = [
    prism_api::keyvalue::key_value_basic_interface_server::SERVICE_NAME,
    prism_api::keyvalue::key_value_ttl_interface_server::SERVICE_NAME,
    prism_api::keyvalue::key_value_batch_interface_server::SERVICE_NAME,
];

/// The runners' own interface, which nobody reaches through the proxy.
pub(crate) const NEVER_ROUTED: &str =
    prism_api::interfaces::lifecycle_interface_server::SERVICE_NAME;

/// Who serves a call.
#[derive(Debug)]
pub(crate) enum Found {
    /// This runner; with an admin the call is counted in its namespace.
    Backend(Arc<Backend>, Option<Stay>),
    /// Nobody now, but the service is known.
    NotConnected,
    /// Nobody here: the namespace is not this proxy's.
    Unassigned,
    /// Nobody ever.
    Unknown,
}

/// A route from the configuration.
#[derive(Debug)]
struct Static {
    backend: Arc<Backend>,
    up: bool,
}

/// Maps of service (or package) to namespace to whoever serves it.
type ByService<T> = HashMap<Box<str>, HashMap<Box<str>, T>>;

/// The table of routes.
#[derive(Debug)]
pub(crate) struct Routes {
    registered: ByService<Registrations>,
    configured: ByService<Static>,
    /// Full service names, and packages whose services are all known.
    known: HashSet<Box<str>>,
    assigned: Assigned,
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self {
            registered: HashMap::new(),
            configured: HashMap::new(),
            known: CONTRACT.map(Box::from).into(),
            assigned: Assigned::Any,
        }
    }

    /// Routes of a proxy whose namespaces an admin assigns; it has none yet.
    pub(crate) fn of_assigned() -> Self {
        Self {
            assigned: Assigned::Only(HashMap::new()),
            ..Self::new()
        }
    }

    /// Routes the calls of a namespace from now on.
    pub(crate) fn assign(&mut self, namespace: &str, occupancy: Arc<Occupancy>) {
        self.assigned.insert(namespace, occupancy);
    }

    /// Routes calls of a namespace no more; those under way are left to the caller.
    pub(crate) fn unassign(&mut self, namespace: &str) -> Option<Arc<Occupancy>> {
        self.assigned.remove(namespace)
    }

    /// Adds a static route: `name` is a full service name, or a package and then all its services.
    pub(crate) fn configure(&mut self, name: &str, namespace: &str, backend: Arc<Backend>) {
        self.known.insert(name.into());
        let routes = self.configured.entry(name.into()).or_default();
        routes.insert(namespace.into(), Static { backend, up: false });
    }

    /// Notes whether the backend of a static route answers.
    pub(crate) fn set_up(&mut self, name: &str, namespace: &str, up: bool) {
        let routes = self.configured.get_mut(name);
        if let Some(route) = routes.and_then(|routes| routes.get_mut(namespace)) {
            route.up = up;
        }
    }

    /// Who serves a call.
    pub(crate) fn find(&self, namespace: &str, service: &str) -> Found {
        if service == NEVER_ROUTED {
            return Found::Unknown;
        }
        let Ok(occupancy) = self.assigned.occupancy(namespace) else {
            return self.nobody(service, Found::Unassigned);
        };
        let backend = [namespace, namespace::ANY].into_iter().find_map(|key| {
            let registered = self.registrations(key, service);
            registered
                .and_then(Registrations::next)
                .or_else(|| self.configured(key, service).map(|route| &route.backend))
        });
        match backend {
            // Counted while the table is read, so that a namespace taken away is seen with all of its calls.
            Some(backend) => Found::Backend(
                Arc::clone(backend),
                occupancy.map(|occupancy| occupancy.enter()),
            ),
            None => self.nobody(service, Found::NotConnected),
        }
    }

    /// Why nobody serves a call: a service that is not known is unknown everywhere.
    fn nobody(&self, service: &str, otherwise: Found) -> Found {
        if self.is_known(service) {
            otherwise
        } else {
            Found::Unknown
        }
    }

    /// Takes routes for a runner: all that it asks for, or none.
    pub(crate) fn claim(&mut self, claim: &Claim) -> Result<(), Taken> {
        let rival = claim.services.iter().find_map(|service| {
            self.registrations(&claim.namespace, service)
                .and_then(|held| held.rival(claim))
        });
        if let Some(by) = rival {
            return Err(Taken { by: Arc::clone(by) });
        }
        for service in &claim.services {
            self.known.insert(service.clone());
            let routes = self.registered.entry(service.clone()).or_default();
            routes
                .entry(claim.namespace.clone())
                .or_default()
                .add(claim);
        }
        Ok(())
    }

    /// Sends calls to a runner that has its routes.
    pub(crate) fn activate(&mut self, instance: &str, backend: &Arc<Backend>) {
        self.each(|held| held.activate(instance, backend));
    }

    /// Notes whether a runner says that it is well.
    pub(crate) fn set_healthy(&mut self, instance: &str, healthy: bool) {
        self.each(|held| held.set_healthy(instance, healthy));
    }

    /// Takes a runner's routes out; calls on the way are not touched.
    pub(crate) fn release(&mut self, instance: &str) {
        self.each(|held| held.release(instance));
        for routes in self.registered.values_mut() {
            routes.retain(|_, held| !held.is_empty());
        }
    }

    fn registrations(&self, namespace: &str, service: &str) -> Option<&Registrations> {
        self.registered.get(service)?.get(namespace)
    }

    fn configured(&self, namespace: &str, service: &str) -> Option<&Static> {
        let by_name = |name| self.configured.get(name)?.get(namespace);
        by_name(service).or_else(|| path::package(service).and_then(by_name))
    }

    fn is_known(&self, service: &str) -> bool {
        self.known.contains(service)
            || path::package(service).is_some_and(|package| self.known.contains(package))
    }

    fn each(&mut self, change: impl FnMut(&mut Registrations)) {
        self.registered
            .values_mut()
            .flat_map(HashMap::values_mut)
            .for_each(change);
    }
}

#[cfg(test)]
mod tests;
