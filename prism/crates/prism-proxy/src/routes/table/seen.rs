//! The table as somebody who looks at the program sees it.

use std::fmt;
use std::sync::Arc;

use super::{Registrations, Routes};
use crate::upstream::Backend;

/// One way that calls may take.
#[derive(Debug, Clone)]
pub(crate) struct SeenRoute {
    service: Box<str>,
    namespace: Box<str>,
    /// The runner's name, or that it is a static route.
    owner: Box<str>,
    is_well: bool,
    pub(crate) backend: Option<Arc<Backend>>,
}

impl Routes {
    /// Every route, by service and namespace.
    pub(crate) fn seen(&self) -> Vec<SeenRoute> {
        let mut seen: Vec<_> = self
            .seen_registered()
            .chain(self.seen_configured())
            .collect();
        seen.sort_by(|one, other| {
            (&one.service, &one.namespace).cmp(&(&other.service, &other.namespace))
        });
        seen
    }

    fn seen_registered(&self) -> impl Iterator<Item = SeenRoute> {
        self.registered.iter().flat_map(|(service, namespaces)| {
            namespaces
                .iter()
                .flat_map(move |(namespace, held)| of_runners(service, namespace, held))
        })
    }

    fn seen_configured(&self) -> impl Iterator<Item = SeenRoute> {
        self.configured.iter().flat_map(|(service, namespaces)| {
            namespaces.iter().map(move |(namespace, route)| SeenRoute {
                service: service.clone(),
                namespace: namespace.clone(),
                owner: "static".into(),
                is_well: route.up,
                backend: Some(Arc::clone(&route.backend)),
            })
        })
    }
}

fn of_runners<'a>(
    service: &'a str,
    namespace: &'a str,
    held: &'a Registrations,
) -> impl Iterator<Item = SeenRoute> + 'a {
    held.held()
        .map(move |(instance, backend, is_well)| SeenRoute {
            service: service.into(),
            namespace: namespace.into(),
            owner: instance.into(),
            is_well,
            backend: backend.map(Arc::clone),
        })
}

impl fmt::Display for SeenRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let well = if self.is_well { "well" } else { "not well" };
        let address = self
            .backend
            .as_deref()
            .map_or("no address yet", Backend::address);
        write!(
            f,
            "{} in {}: {} at {address}, {well}",
            self.service, self.namespace, self.owner
        )
    }
}
