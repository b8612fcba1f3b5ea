//! Which backend a call meets, and what it is told when there is none.

use std::time::{Duration, Instant};

use http::Request;
use prism_proxy::ProxySettings;

use crate::support::{
    Answer, Backend, Client, Proxy, SERVICE, get, request, route, settings, within,
};

fn get_in(namespace: &str) -> Request<()> {
    request(&format!("/{SERVICE}/Get"))
        .header("x-prism-namespace", namespace)
        .body(())
        .unwrap()
}

fn assert_refused(answer: &Answer, status: &str, words: &[&str]) {
    assert!(answer.is_trailers_only());
    assert_eq!(answer.status(), Some(status), "{answer:?}");
    for word in words {
        assert!(answer.message().contains(word), "{answer:?}");
    }
}

/// Row 3: with no runner at all, a known service is UNAVAILABLE at once, and the message says which.
#[tokio::test]
async fn a_known_service_without_a_runner_is_unavailable() {
    let proxy = Proxy::alone().await;

    let answer = Client::connect(proxy.data).await.call(get()).await.unwrap();

    assert_refused(
        &answer,
        "14",
        &["not connected", SERVICE, "namespace default"],
    );
}

/// Row 3: a runner that is dead is told apart from one that never was, by the same words.
#[tokio::test]
async fn a_dead_backend_is_unavailable_at_once() {
    let backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    let address = backend.kill().await.to_string();
    let asked = Instant::now();

    let answer = client.call(get()).await.unwrap();

    assert_refused(&answer, "14", &["not connected", SERVICE, &address]);
    assert!(within(asked, Duration::from_millis(500)));
}

/// Row 2: an unknown service is UNIMPLEMENTED in one frame, and no backend hears of it.
#[tokio::test]
async fn an_unknown_service_is_unimplemented() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;

    for path in ["/a.B/C", "/a.B", "//C", "/PRISM.interfaces.keyvalue.X/Get"] {
        let answer = client.call(request(path).body(()).unwrap()).await.unwrap();
        assert_refused(&answer, "12", &[]);
    }

    assert!(backend.arrived().is_none());
}

/// The runners' own interface is unknown on the data port, even where its package has a static route.
#[tokio::test]
async fn the_lifecycle_interface_is_never_routed() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::with(ProxySettings {
        backends: vec![route(&format!(
            "prism.interfaces=http://{}",
            backend.address
        ))],
        ..settings()
    })
    .await;
    let stop = request("/prism.interfaces.LifecycleInterface/Stop");

    let client = Client::connect(proxy.data).await;
    let answer = client.call(stop.body(()).unwrap()).await.unwrap();

    assert_refused(&answer, "12", &["LifecycleInterface"]);
    assert!(backend.arrived().is_none());
}

/// A namespace that is malformed or given twice is an invalid argument.
#[tokio::test]
async fn a_bad_namespace_is_an_invalid_argument() {
    let proxy = Proxy::alone().await;
    let client = Client::connect(proxy.data).await;
    let mut twice = get_in("a");
    let second = "b".parse().unwrap();
    twice.headers_mut().append("x-prism-namespace", second);

    for bad in [get_in("Team"), get_in("*"), get_in(""), twice] {
        let answer = client.call(bad).await.unwrap();
        assert_refused(&answer, "3", &["x-prism-namespace"]);
    }
}

/// A static route serves its own namespace only, and the refusal names the one that is missing.
#[tokio::test]
async fn a_static_route_serves_its_namespace_only() {
    let mut backend = Backend::start().await;
    let static_route = format!("keyvalue=http://{},namespace=team", backend.address);
    let proxy = Proxy::with(ProxySettings {
        backends: vec![route(&static_route)],
        ..settings()
    })
    .await;
    let client = Client::connect(proxy.data).await;

    let own = client.send(get_in("team"), "").await;
    backend.next().await.answer("team's");
    let other = client.call(get()).await.unwrap();

    assert_eq!(own.answer().await.unwrap().body, b"team's");
    assert_refused(&other, "14", &["namespace default"]);
}

/// A namespace's own route comes before the one for every namespace.
#[tokio::test]
async fn an_own_route_comes_before_the_general_one() {
    let (mut own, mut general) = (Backend::start().await, Backend::start().await);
    let proxy = Proxy::with(ProxySettings {
        backends: vec![
            route(&format!("keyvalue=http://{},namespace=*", general.address)),
            route(&format!("keyvalue=http://{},namespace=team", own.address)),
        ],
        ..settings()
    })
    .await;
    let client = Client::connect(proxy.data).await;

    let to_own = client.send(get_in("team"), "").await;
    own.next().await.answer("own");
    let to_general = client.send(get(), "").await;
    general.next().await.answer("general");

    assert_eq!(to_own.answer().await.unwrap().body, b"own");
    assert_eq!(to_general.answer().await.unwrap().body, b"general");
}
