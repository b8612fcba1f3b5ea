//! What a scripted launcher answers.

use std::net::SocketAddr;
use std::time::Duration;

use prism_api::launcher::{ProcessHandshakeResponse, ProcessHeartbeatResponse, ProxyEndpoint};
use prost_types::value::Kind;
use prost_types::{Struct, Value};

/// So often that a test need not wait, so seldom that it sees each one.
pub(crate) const INTERVAL: Duration = Duration::from_millis(20);

/// The answer to a handshake: to serve `orders` in memory, with these proxies.
pub(crate) fn accepted(proxies: &[SocketAddr]) -> ProcessHandshakeResponse {
    ProcessHandshakeResponse {
        accepted: true,
        namespace: "orders".to_owned(),
        proxies: endpoints(proxies),
        heartbeat_interval_ms: INTERVAL.as_millis().try_into().unwrap(),
        ..Default::default()
    }
}

/// A store's configuration as a handshake hands it over.
pub(crate) fn config(backend: &str, backend_config: &[(&str, &str)]) -> Struct {
    let text = |text: &str| Value {
        kind: Some(Kind::StringValue(text.to_owned())),
    };
    let fields = backend_config
        .iter()
        .map(|(key, value)| ((*key).to_owned(), text(value)));
    let inner = Value {
        kind: Some(Kind::StructValue(Struct {
            fields: fields.collect(),
        })),
    };
    let fields = [("backend", text(backend)), ("backend_config", inner)];
    Struct {
        fields: fields.map(|(key, value)| (key.to_owned(), value)).into(),
    }
}

/// The answer to a heartbeat of a process that is known, and of which nothing is wanted.
pub(crate) fn known() -> ProcessHeartbeatResponse {
    ProcessHeartbeatResponse {
        known: true,
        ..Default::default()
    }
}

pub(crate) fn endpoints(proxies: &[SocketAddr]) -> Vec<ProxyEndpoint> {
    let endpoint = |(index, address): (usize, &SocketAddr)| ProxyEndpoint {
        proxy_id: format!("proxy-{}", index + 1),
        control_endpoint: address.to_string(),
    };
    proxies.iter().enumerate().map(endpoint).collect()
}
