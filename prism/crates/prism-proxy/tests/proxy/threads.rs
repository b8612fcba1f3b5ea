//! A proxy whose calls are served by threads of its own.

use std::num::NonZeroUsize;

use prism_proxy::ProxySettings;

use crate::support::{
    Backend, Client, Health, Proxy, SERVICE, ServingStatus, get, route, settings,
};

async fn start() -> (Backend, Proxy) {
    let backend = Backend::start().await;
    let proxy = Proxy::with(ProxySettings {
        backends: vec![route(&format!("keyvalue=http://{}", backend.address))],
        workers: NonZeroUsize::new(2),
        ..settings()
    })
    .await;
    (backend, proxy)
}

/// Clients are spread over the threads, each with a connection to the backend; probes have their own.
#[tokio::test]
async fn every_thread_serves_its_clients() {
    let (mut backend, proxy) = start().await;
    let mut health = Health::of(&proxy).await;
    health.becomes(SERVICE, ServingStatus::Serving).await;

    for _ in 0..6 {
        let call = Client::connect(proxy.data).await.send(get(), "").await;
        backend.next().await.answer("served");
        assert_eq!(call.answer().await.unwrap().body, b"served");
    }

    assert_eq!(backend.connections(), 3);
}

/// A drain reaches the threads: calls in flight end well, and then the proxy is gone.
#[tokio::test]
async fn a_drain_reaches_the_threads() {
    let (mut backend, proxy) = start().await;
    let clients = [
        Client::connect(proxy.data).await,
        Client::connect(proxy.data).await,
    ];
    let mut calls = Vec::new();
    for client in &clients {
        let call = client.send(get(), "").await;
        calls.push((call, backend.next().await));
    }

    proxy.terminate();
    for (call, arrival) in calls {
        arrival.answer("in flight");
        assert_eq!(call.answer().await.unwrap().body, b"in flight");
    }

    proxy.stopped().await;
}
