//! The table of routes: namespace and full service name to runner.
//!
//! A namespace's own routes come before those for every namespace, so that no call meets another
//! namespace's store by accident; among these a live registered route comes before a static one. Where an
//! admin says which namespaces are the proxy's, the others have no routes, whoever has registered for them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::occupancy::{Occupancy, Stay};
use super::registration::{Claim, Registrations, Taken};
use crate::namespace;
use crate::path;
use crate::upstream::Backend;

/// The services that every proxy knows, whether or not somebody serves them.
const CONTRACT: [&str; 3] = [
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

/// A namespace that is assigned to the proxy.
#[derive(Debug, Clone)]
pub(crate) struct Namespace {
    pub(crate) name: Box<str>,
    pub(crate) occupancy: Arc<Occupancy>,
    /// Whether somebody serves it.
    pub(crate) live: bool,
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
    /// With an admin: the namespaces that are the proxy's. Without one, any is.
    assigned: Option<HashMap<Box<str>, Arc<Occupancy>>>,
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self {
            registered: HashMap::new(),
            configured: HashMap::new(),
            known: CONTRACT.map(Box::from).into(),
            assigned: None,
        }
    }

    /// Routes of a proxy whose namespaces an admin assigns; it has none yet.
    pub(crate) fn of_assigned() -> Self {
        Self {
            assigned: Some(HashMap::new()),
            ..Self::new()
        }
    }

    /// Routes the calls of a namespace from now on.
    pub(crate) fn assign(&mut self, namespace: &str, occupancy: Arc<Occupancy>) {
        if let Some(assigned) = &mut self.assigned {
            assigned.insert(namespace.into(), occupancy);
        }
    }

    /// Routes calls of a namespace no more; those under way are left to the caller.
    pub(crate) fn unassign(&mut self, namespace: &str) -> Option<Arc<Occupancy>> {
        self.assigned.as_mut()?.remove(namespace)
    }

    /// Every namespace that is assigned to the proxy.
    pub(crate) fn namespaces(&self) -> Vec<Namespace> {
        let live = self.live();
        let everything_is = live.contains(namespace::ANY);
        let assigned = self.assigned.iter().flatten();
        assigned
            .map(|(name, occupancy)| Namespace {
                name: name.clone(),
                occupancy: Arc::clone(occupancy),
                live: everything_is || live.contains(&**name),
            })
            .collect()
    }

    /// The namespaces that somebody serves, assigned or not.
    fn live(&self) -> HashSet<&str> {
        let registered = self.registered.values().flatten();
        let registered = registered.filter(|(_, held)| held.is_serving());
        let configured = self.configured.values().flatten();
        let configured = configured.filter(|(_, route)| route.up);
        registered
            .map(|(name, _)| &**name)
            .chain(configured.map(|(name, _)| &**name))
            .collect()
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
        let assigned = self.assigned.as_ref();
        let occupancy = match assigned.map(|assigned| assigned.get(namespace)) {
            Some(None) if self.is_known(service) => return Found::Unassigned,
            Some(None) => return Found::Unknown,
            Some(occupancy) => occupancy,
            None => None,
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
            None if self.is_known(service) => Found::NotConnected,
            None => Found::Unknown,
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

    /// Every route that health speaks of, and whether somebody serves it.
    pub(crate) fn serving(&self) -> BTreeMap<(Box<str>, Box<str>), bool> {
        let everywhere = self
            .known
            .iter()
            .map(|service| (namespace::DEFAULT.into(), service.clone()));
        let registered = keys(&self.registered);
        let configured = keys(&self.configured).flat_map(|(namespace, name)| {
            expand(&name)
                .map(move |service| (namespace.clone(), Box::from(service)))
                .collect::<Vec<_>>()
        });
        everywhere
            .chain(registered)
            .chain(configured)
            .map(|(namespace, service)| {
                let serving = self.is_serving(&namespace, &service);
                ((namespace, service), serving)
            })
            .collect()
    }

    fn is_serving(&self, namespace: &str, service: &str) -> bool {
        self.is_routed(namespace) && self.is_live(namespace, service)
    }

    /// Whether calls in a namespace are the proxy's to route; a route for every namespace belongs to none.
    fn is_routed(&self, namespace: &str) -> bool {
        let assigned = self.assigned.as_ref();
        assigned
            .is_none_or(|assigned| namespace == namespace::ANY || assigned.contains_key(namespace))
    }

    fn is_live(&self, namespace: &str, service: &str) -> bool {
        [namespace, namespace::ANY].into_iter().any(|key| {
            self.registrations(key, service)
                .is_some_and(Registrations::is_serving)
                || self.configured(key, service).is_some_and(|route| route.up)
        })
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

fn keys<T>(routes: &ByService<T>) -> impl Iterator<Item = (Box<str>, Box<str>)> {
    routes.iter().flat_map(|(service, namespaces)| {
        namespaces
            .keys()
            .map(move |namespace| (namespace.clone(), service.clone()))
    })
}

/// The names that a configured one stands for: itself, and the contract's services of that package.
fn expand(name: &str) -> impl Iterator<Item = &str> {
    let of_package = CONTRACT
        .into_iter()
        .filter(move |service| path::package(service) == Some(name));
    std::iter::once(name).chain(of_package)
}

#[cfg(test)]
mod tests;
