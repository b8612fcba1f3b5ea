//! Answers of a launcher, good and bad.

use std::num::NonZeroUsize;

use prost_types::value::Kind;
use prost_types::{Struct, Value as Field};

use super::*;
use crate::data::Serves;
use crate::store::StoreKind;

fn flags() -> StoreFlags {
    StoreFlags {
        kind: StoreKind::Memstore,
        max_keys: NonZeroUsize::MIN,
        redis_url: None,
    }
}

fn endpoint(control_endpoint: &str) -> ProxyEndpoint {
    ProxyEndpoint {
        control_endpoint: control_endpoint.to_owned(),
        ..Default::default()
    }
}

fn accepted() -> ProcessHandshakeResponse {
    ProcessHandshakeResponse {
        accepted: true,
        namespace: "orders".to_owned(),
        proxies: vec![endpoint("127.0.0.1:9190"), endpoint("127.0.0.1:9191")],
        heartbeat_interval_ms: 250,
        ..Default::default()
    }
}

fn wrong(answer: &ProcessHandshakeResponse) -> String {
    Terms::read(answer, &flags()).unwrap_err().to_string()
}

/// A handshake says for whom, through whom, and how often the launcher is to hear.
#[test]
fn a_handshake_has_the_terms() {
    let terms = Terms::read(&accepted(), &flags()).unwrap();

    assert_eq!(terms.assignment.serves, Serves::parse("orders").unwrap());
    let proxies = terms.assignment.proxies.iter().map(PeerAddress::as_str);
    assert!(proxies.eq(["127.0.0.1:9190", "127.0.0.1:9191"]));
    let store = StoreSettings::from_flags(&flags());
    assert_eq!(Ok(terms.assignment.store), store);
    assert_eq!(terms.heartbeat_interval, Duration::from_millis(250));
}

/// A star is a process that namespaces share.
#[test]
fn a_shared_process_serves_any_namespace() {
    let shared = ProcessHandshakeResponse {
        namespace: "*".to_owned(),
        heartbeat_interval_ms: 0,
        ..accepted()
    };

    let terms = Terms::read(&shared, &flags()).unwrap();

    assert_eq!(terms.assignment.serves, Serves::Any);
    assert_eq!(terms.heartbeat_interval, DEFAULT_INTERVAL);
}

/// What cannot be is refused by field and value.
#[test]
fn a_bad_handshake_is_named() {
    let namespace = ProcessHandshakeResponse {
        namespace: "A".to_owned(),
        ..accepted()
    };
    let proxy = ProcessHandshakeResponse {
        proxies: vec![endpoint("nowhere")],
        ..accepted()
    };
    let interval = ProcessHandshakeResponse {
        heartbeat_interval_ms: -1,
        ..accepted()
    };

    assert!(wrong(&namespace).starts_with("namespace \"A\" is neither"));
    assert!(wrong(&proxy).starts_with("proxies.control_endpoint \"nowhere\" is not"));
    assert_eq!(
        wrong(&interval),
        "heartbeat_interval_ms \"-1\" can't be negative"
    );
}

/// A bad configuration is refused by key and value.
#[test]
fn a_bad_configuration_is_named() {
    let kind = Some(Kind::StringValue("etcd".to_owned()));
    let fields = [("backend".to_owned(), Field { kind })].into();
    let answer = ProcessHandshakeResponse {
        config: Some(Struct { fields }),
        ..accepted()
    };

    assert!(wrong(&answer).starts_with("config: backend \"etcd\" is not a store"));
}

/// A heartbeat may be answered by nothing, an order, or another set of proxies.
#[test]
fn a_heartbeat_may_bring_a_wish() {
    let nothing = Wish::read(&ProcessHeartbeatResponse::default()).unwrap();
    let both = Wish::read(&ProcessHeartbeatResponse {
        shutdown: true,
        shutdown_timeout_ms: 1500,
        reason: "namespace deleted".to_owned(),
        proxies: vec![endpoint("127.0.0.1:9190")],
        ..Default::default()
    })
    .unwrap();

    assert!(nothing.shutdown.is_none() && nothing.proxies.is_none());
    let order = both.shutdown.unwrap();
    assert_eq!(order.words, "shut down by the launcher, namespace deleted");
    assert_eq!(order.limit, Some(Duration::from_millis(1500)));
    assert_eq!(both.proxies.unwrap().len(), 1);
}

/// An order without a time leaves the runner its own.
#[test]
fn an_order_may_leave_the_time_open() {
    let answer = ProcessHeartbeatResponse {
        shutdown: true,
        ..Default::default()
    };

    let order = Wish::read(&answer).unwrap().shutdown.unwrap();

    assert_eq!((order.limit, order.purge), (None, false));
}
