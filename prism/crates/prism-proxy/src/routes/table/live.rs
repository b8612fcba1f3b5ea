//! Who is served now: for health, and for the admin.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{ByService, CONTRACT, Occupancy, Registrations, Routes};
use crate::namespace;
use crate::path;

/// A namespace that is assigned to the proxy.
#[derive(Debug, Clone)]
pub(crate) struct Namespace {
    pub(crate) name: Box<str>,
    pub(crate) occupancy: Arc<Occupancy>,
    /// Whether somebody serves it.
    pub(crate) live: bool,
}

impl Routes {
    /// Every namespace that is assigned to the proxy.
    pub(crate) fn namespaces(&self) -> Vec<Namespace> {
        let live = self.live();
        let everything_is = live.contains(namespace::ANY);
        self.assigned
            .iter()
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
        self.assigned.has(namespace) && self.is_live(namespace, service)
    }

    fn is_live(&self, namespace: &str, service: &str) -> bool {
        [namespace, namespace::ANY].into_iter().any(|key| {
            self.registrations(key, service)
                .is_some_and(Registrations::is_serving)
                || self.configured(key, service).is_some_and(|route| route.up)
        })
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
