//! What the control port says about health.
//!
//! The empty name is the proxy itself. A full service name is a live route for it in the namespace
//! `default`, `<namespace>/<service>` is one in another namespace, `*/<service>` one for any. Every service that the proxy knows has
//! a status from the start; all are `NOT_SERVING` from the moment that a drain begins.

use std::collections::BTreeMap;
use std::convert::Infallible;

use prism_process::Shutdown;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::namespace;
use crate::routes::{Router, Routes};

/// The name of the proxy itself.
const PROXY: &str = "";

/// Statuses by the names that clients ask for.
type Statuses = BTreeMap<String, bool>;

/// Keeps the statuses true, for as long as it is driven.
pub(crate) async fn publish(
    router: &Router,
    reporter: &HealthReporter,
    shutdown: &Shutdown,
) -> Infallible {
    let mut changes = router.changes();
    let mut published = Statuses::new();
    loop {
        let statuses = statuses(&router.read(Routes::serving), shutdown.is_draining());
        let gone = published
            .keys()
            .filter(|name| !statuses.contains_key(*name));
        for name in gone {
            report(reporter, name, false).await;
        }
        for (name, serving) in &statuses {
            if published.get(name) != Some(serving) {
                report(reporter, name, *serving).await;
            }
        }
        published = statuses;
        tokio::select! {
            _ = changes.changed() => {}
            () = shutdown.draining(), if !shutdown.is_draining() => {}
        }
    }
}

fn statuses(routes: &BTreeMap<(Box<str>, Box<str>), bool>, draining: bool) -> Statuses {
    let of_routes = routes
        .iter()
        .map(|((namespace, service), serving)| (name(namespace, service), *serving && !draining));
    of_routes.chain([(PROXY.to_owned(), !draining)]).collect()
}

fn name(namespace: &str, service: &str) -> String {
    if namespace == namespace::DEFAULT {
        service.to_owned()
    } else {
        format!("{namespace}/{service}")
    }
}

async fn report(reporter: &HealthReporter, name: &str, serving: bool) {
    let status = if serving {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    };
    reporter.set_service_status(name, status).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> BTreeMap<(Box<str>, Box<str>), bool> {
        BTreeMap::from([
            (("default".into(), "a.B".into()), true),
            (("team".into(), "a.B".into()), false),
        ])
    }

    /// Services of `default` go by their own name, others by their namespace too.
    #[test]
    fn names_carry_the_namespace_outside_default() {
        let statuses = statuses(&routes(), false);

        let expected = [("", true), ("a.B", true), ("team/a.B", false)];
        assert_eq!(
            statuses,
            expected
                .map(|(name, serving)| (name.to_owned(), serving))
                .into()
        );
    }

    /// Nothing serves while the proxy drains.
    #[test]
    fn nothing_serves_while_draining() {
        assert!(
            !statuses(&routes(), true)
                .into_values()
                .any(|serving| serving)
        );
    }
}
