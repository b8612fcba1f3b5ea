//! What the admin hears: every namespace that is held, and how it is.

use std::time::{Duration, Instant};

use prism_api::prism::{NamespaceHealth, ProxyHeartbeat};
use prism_process::wall_millis;

use super::resources::Meter;
use crate::routes::Namespace;

const HEALTHY: &str = "healthy";
const UNHEALTHY: &str = "unhealthy";

/// Writes heartbeats, each about the time since the last.
#[derive(Debug)]
pub(super) struct Reporter {
    proxy_id: String,
    last: Instant,
    meter: Meter,
}

impl Reporter {
    pub(super) fn new(proxy_id: &str) -> Self {
        Self {
            proxy_id: proxy_id.to_owned(),
            last: Instant::now(),
            meter: Meter::start(),
        }
    }

    /// The heartbeat of now.
    pub(super) fn heartbeat(&mut self, namespaces: Vec<Namespace>) -> ProxyHeartbeat {
        let now = Instant::now();
        let elapsed = now.duration_since(self.last);
        self.last = now;
        let health = namespaces
            .into_iter()
            .map(|namespace| (namespace.name.clone().into(), health(&namespace, elapsed)));
        ProxyHeartbeat {
            proxy_id: self.proxy_id.clone(),
            namespace_health: health.collect(),
            resources: Some(self.meter.look()),
            timestamp: wall_millis(),
        }
    }
}

fn health(namespace: &Namespace, elapsed: Duration) -> NamespaceHealth {
    let status = if namespace.live { HEALTHY } else { UNHEALTHY };
    NamespaceHealth {
        active_sessions: namespace.occupancy.calls().try_into().unwrap_or(i32::MAX),
        requests_per_second: per_second(namespace.occupancy.take_begun(), elapsed),
        status: status.to_owned(),
    }
}

/// Calls in a second, rounded to the nearest.
fn per_second(calls: u64, elapsed: Duration) -> i64 {
    let micros = elapsed.as_micros();
    if micros == 0 {
        return 0;
    }
    let rounded = (u128::from(calls) * 1_000_000 + micros / 2) / micros;
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rate is rounded, and over no time there is none.
    #[test]
    fn rates_are_rounded() {
        let interval = Duration::from_secs(5);

        assert_eq!(per_second(1000, interval), 200);
        assert_eq!(per_second(3, interval), 1);
        assert_eq!(per_second(2, interval), 0);
        assert_eq!(per_second(7, Duration::ZERO), 0);
        assert_eq!(per_second(u64::MAX, Duration::from_micros(1)), i64::MAX);
    }

    /// A heartbeat names every namespace with its figures, and what the process uses.
    #[test]
    fn a_heartbeat_is_complete() {
        let namespace = |name: &str, live| Namespace {
            name: name.into(),
            occupancy: std::sync::Arc::default(),
            live,
        };
        let mut reporter = Reporter::new("proxy-7");

        let heartbeat = reporter.heartbeat(vec![namespace("a", true), namespace("b", false)]);

        assert_eq!(heartbeat.proxy_id, "proxy-7");
        assert_eq!(heartbeat.namespace_health["a"].status, "healthy");
        assert_eq!(heartbeat.namespace_health["b"].status, "unhealthy");
        assert!(heartbeat.resources.is_some() && heartbeat.timestamp > 0);
    }
}
