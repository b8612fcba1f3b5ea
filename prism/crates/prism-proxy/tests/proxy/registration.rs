//! Runners that register: how routes come, who may have them, and how they go.

use std::time::{Duration, Instant};

use prism_proxy::ProxySettings;

use crate::support::{
    Backend, Client, Health, Proxy, ROLE, Role, Runner, SERVICE, ServingStatus, get, request,
    route, settings, soon, within,
};

/// A registered runner gets calls; when its stream ends it gets none, and health says so both times.
#[tokio::test]
async fn routes_come_and_go_with_the_stream() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::alone().await;
    let client = Client::connect(proxy.data).await;
    let mut health = Health::of(&proxy).await;
    assert_eq!(health.check(SERVICE).await, Some(ServingStatus::NotServing));

    let runner = Runner::serve(&proxy, ROLE, backend.address).await;
    health.becomes(SERVICE, ServingStatus::Serving).await;
    client.answered_by(&mut backend, "served").await;
    runner.vanish();

    health.becomes(SERVICE, ServingStatus::NotServing).await;
    assert!(client.is_not_connected().await);
}

/// A call that runs while its route goes out finishes.
#[tokio::test]
async fn a_running_call_outlives_its_route() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::alone().await;
    let client = Client::connect(proxy.data).await;
    let mut health = Health::of(&proxy).await;
    let runner = Runner::serve(&proxy, ROLE, backend.address).await;
    health.becomes(SERVICE, ServingStatus::Serving).await;
    let call = client.send(get(), "").await;
    let arrival = backend.next().await;

    runner.vanish();
    health.becomes(SERVICE, ServingStatus::NotServing).await;
    arrival.answer("still here");

    assert_eq!(call.answer().await.unwrap().body, b"still here");
}

/// Row 48: after another runner took over, running calls end where they began and new ones go to the new.
#[tokio::test]
async fn new_calls_go_to_the_new_runner() {
    let (mut old, mut new) = (Backend::start().await, Backend::start().await);
    let proxy = Proxy::alone().await;
    let client = Client::connect(proxy.data).await;
    let runner = Runner::serve(&proxy, ROLE, old.address).await;
    client.answered_by(&mut old, "old").await;
    let call = client.send(get(), "").await;
    let arrival = old.next().await;

    runner.vanish();
    let _successor = Runner::serve(&proxy, ROLE, new.address).await;
    client.answered_by(&mut new, "new").await;
    arrival.answer("old still");

    assert_eq!(call.answer().await.unwrap().body, b"old still");
}

/// A runner that comes back before its old stream is seen to end is not refused.
#[tokio::test]
async fn a_restarted_runner_is_not_refused() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::alone().await;
    let client = Client::connect(proxy.data).await;
    let old = Runner::serve(&proxy, ROLE, backend.address).await;
    let mut new = Runner::dial(&proxy).await;
    let restarted = Instant::now();

    let (registered, ()) = tokio::join!(new.register(ROLE), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        old.vanish();
    });
    registered.unwrap();
    new.start(backend.address).await;
    client.answered_by(&mut backend, "back").await;

    assert!(within(restarted, Duration::from_millis(200)));
}

/// A second runner for a taken route is refused in words, soon, and the first one keeps it.
#[tokio::test]
async fn a_second_runner_is_refused() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::alone().await;
    let client = Client::connect(proxy.data).await;
    let mut first = Runner::dial(&proxy).await;
    let instance = first.register(ROLE).await.unwrap();
    first.start(backend.address).await;
    let shared = Role {
        store: "shared",
        ..ROLE
    };

    for role in [ROLE, shared] {
        let mut second = Runner::dial(&proxy).await;
        let refused = second.register(role).await.unwrap_err();
        assert_eq!(refused, format!("already served by {instance}"));
        second.end().await.unwrap();
    }

    client.answered_by(&mut backend, "first").await;
}

/// Runners that share a store are called in turn.
#[tokio::test]
async fn runners_that_share_a_store_take_turns() {
    let (mut one, mut two) = (Backend::start().await, Backend::start().await);
    let proxy = Proxy::alone().await;
    let client = Client::connect(proxy.data).await;
    let shared = Role {
        store: "shared",
        ..ROLE
    };
    let _first = Runner::serve(&proxy, shared, one.address).await;
    client.answered_by(&mut one, "one").await;
    let _second = Runner::serve(&proxy, shared, two.address).await;
    client.answered_by(&mut two, "two").await;
    while one.arrived().is_some() {}

    for _ in 0..3 {
        let calls = (client.send(get(), "").await, client.send(get(), "").await);
        one.next().await.answer("one");
        two.next().await.answer("two");
        assert!(calls.0.answer().await.is_ok() && calls.1.answer().await.is_ok());
    }
}

/// Other namespaces and other services are other routes.
#[tokio::test]
async fn other_routes_are_free() {
    let backend = Backend::start().await;
    let proxy = Proxy::alone().await;
    let _held = Runner::serve(&proxy, ROLE, backend.address).await;
    for role in [
        Role {
            namespace: "team",
            ..ROLE
        },
        Role {
            namespace: "*",
            ..ROLE
        },
        Role {
            service: "a.B",
            ..ROLE
        },
    ] {
        let mut runner = Runner::dial(&proxy).await;
        assert!(runner.register(role).await.is_ok());
    }
}

/// A registered route comes before a static one, and when it goes the static one is back.
#[tokio::test]
async fn a_registered_route_comes_before_a_static_one() {
    let (mut fixed, mut registered) = (Backend::start().await, Backend::start().await);
    let proxy = Proxy::with(ProxySettings {
        backends: vec![route(&format!("keyvalue=http://{}", fixed.address))],
        ..settings()
    })
    .await;
    let client = Client::connect(proxy.data).await;

    let runner = Runner::serve(&proxy, ROLE, registered.address).await;
    soon("the registered route", async {
        loop {
            let call = client.send(get(), "").await;
            tokio::select! {
                arrival = fixed.next() => arrival.answer("fixed"),
                arrival = registered.next() => arrival.answer("registered"),
            }
            if call.answer().await.unwrap().body == b"registered" {
                return;
            }
        }
    })
    .await;
    runner.vanish();

    client.answered_by(&mut fixed, "fixed").await;
}

/// What was ever registered stays known: UNAVAILABLE, not UNIMPLEMENTED.
#[tokio::test]
async fn what_was_registered_stays_known() {
    let backend = Backend::start().await;
    let proxy = Proxy::alone().await;
    let client = Client::connect(proxy.data).await;
    let path = "/a.B/C";
    let before = request(path).body(()).unwrap();
    assert_eq!(client.call(before).await.unwrap().status(), Some("12"));

    let role = Role {
        service: "a.B",
        ..ROLE
    };
    Runner::serve(&proxy, role, backend.address).await.vanish();
    Health::of(&proxy)
        .await
        .becomes("a.B", ServingStatus::NotServing)
        .await;

    let after = request(path).body(()).unwrap();
    assert_eq!(client.call(after).await.unwrap().status(), Some("14"));
}
