//! What a proxy says to its admin: who it is, and how its namespaces are.

use std::net::SocketAddr;

use prism_api::prism::ProxyHeartbeat;
use prism_process::config::Value;
use prism_proxy::AdminSettings;

use crate::support::{
    ADMIN_HEALTH, Admin, Backend, Client, Health, INTERVAL, ROLE, Role, Runner, SERVICE, Script,
    ServingStatus, assignment, get, proxy_of, request, serving, soon, status_of,
};

/// The proxy says who and where it is, with the addresses that it is bound to, and how often it will be heard.
#[tokio::test]
async fn a_proxy_registers_with_every_field() {
    let mut admin = Admin::start(Script::default()).await;

    let proxy = proxy_of(admin.settings()).await;

    let told = admin.registration().await;
    assert_eq!(told.proxy_id, "proxy-1");
    assert_eq!(told.address, proxy.data.to_string());
    assert_eq!(told.metadata["control_address"], proxy.control.to_string());
    assert_eq!(told.metadata["heartbeat_interval_ms"], "20");
    assert_eq!(told.version, env!("CARGO_PKG_VERSION"));
}

/// The host that is advertised stands in both addresses, before the bound ports.
#[tokio::test]
async fn the_advertised_host_is_told() {
    let mut admin = Admin::start(Script::default()).await;
    let settings = AdminSettings {
        advertise: Some(Value::parse("proxy-1.internal").unwrap()),
        ..admin.settings()
    };

    let proxy = proxy_of(settings).await;

    let told = admin.registration().await;
    let at = |port: SocketAddr| format!("proxy-1.internal:{}", port.port());
    assert_eq!(told.address, at(proxy.data));
    assert_eq!(told.metadata["control_address"], at(proxy.control));
}

/// What the welcome names is routed, and nothing else: other namespaces are not connected.
#[tokio::test]
async fn the_welcome_is_routed() {
    let mut admin = Admin::wanting(&["default"]).await;
    let (proxy, mut backend, _runner, client) = serving(&admin).await;
    let team = Role {
        namespace: "team",
        ..ROLE
    };
    let _unassigned = Runner::serve(&proxy, team, backend.address).await;
    admin.heartbeat().await;

    client.answered_by(&mut backend, "routed").await;

    let elsewhere = request(&format!("/{SERVICE}/Get"))
        .header("x-prism-namespace", "team")
        .body(())
        .unwrap();
    let answer = client.call(elsewhere).await.unwrap();
    assert_eq!(answer.status(), Some("14"));
    for part in ["not connected", SERVICE, "team"] {
        assert!(answer.message().contains(part), "{}", answer.message());
    }
}

/// A heartbeat names every namespace that is held, live or not, and what is under way in it.
#[tokio::test]
async fn a_heartbeat_tells_of_every_namespace() {
    let mut admin = Admin::wanting(&["default", "idle"]).await;
    let (_proxy, mut backend, runner, client) = serving(&admin).await;
    client.answered_by(&mut backend, "first").await;
    let call = client.send(get(), "").await;
    let arrival = backend.next().await;

    let busy = admin.heartbeat_with("a call under way", |heartbeat| {
        let health = heartbeat.namespace_health.get("default");
        health.is_some_and(|health| health.active_sessions == 1)
    });
    let busy = busy.await;
    assert_eq!(busy.proxy_id, "proxy-1");
    assert_eq!(status_of(&busy, "default"), Some("healthy"));
    assert_eq!(status_of(&busy, "idle"), Some("unhealthy"));
    assert_eq!(busy.namespace_health.len(), 2);
    assert!(busy.timestamp > 0);
    let resources = busy.resources.unwrap();
    assert!(resources.memory_mb > 0 && resources.goroutine_count > 0);
    arrival.answer("second");
    call.answer().await.unwrap();
    runner.vanish();

    let idle = admin.heartbeat_with("a namespace without a runner", |heartbeat| {
        status_of(heartbeat, "default") == Some("unhealthy")
    });
    assert_eq!(idle.await.namespace_health["default"].active_sessions, 0);
}

/// Calls of the last interval are told as a rate, once.
#[tokio::test]
async fn calls_are_told_as_a_rate() {
    let mut admin = Admin::wanting(&["default"]).await;
    let (_proxy, mut backend, _runner, client) = serving(&admin).await;

    client.answered_by(&mut backend, "one").await;

    let rate = |heartbeat: &ProxyHeartbeat| {
        let health = heartbeat.namespace_health.get("default");
        health.map_or(0, |health| health.requests_per_second)
    };
    admin
        .heartbeat_with("a call in the rate", |heartbeat| rate(heartbeat) > 0)
        .await;
    let next = admin.heartbeat().await;
    assert_eq!(rate(&next), 0, "{next:?}");
}

/// A draining proxy is heard of no more, so that its namespaces go elsewhere.
#[tokio::test]
async fn a_draining_proxy_is_silent() {
    let mut admin = Admin::wanting(&["default"]).await;
    let (proxy, mut backend, _runner, client) = serving(&admin).await;
    client.answered_by(&mut backend, "before").await;
    let call = client.send(get(), "").await;
    let arrival = backend.next().await;
    let mut health = Health::of(&proxy).await;
    health.becomes(ADMIN_HEALTH, ServingStatus::Serving).await;

    proxy.terminate();
    health
        .becomes(ADMIN_HEALTH, ServingStatus::NotServing)
        .await;
    while admin.heartbeats_waiting() > 0 {
        admin.heartbeat().await;
    }
    tokio::time::sleep(INTERVAL * 3).await;

    assert_eq!(admin.heartbeats_waiting(), 0);
    arrival.answer("to the end");
    assert_eq!(call.answer().await.unwrap().body, b"to the end");
}

/// Ten thousand namespaces come in one welcome, and go in one heartbeat.
#[tokio::test]
async fn ten_thousand_namespaces_are_held() {
    let namespaces: Vec<_> = (0..10_000).map(|number| format!("ns-{number}")).collect();
    let mut admin = Admin::start(Script {
        welcome: namespaces.iter().map(|name| assignment(name, 1)).collect(),
        ..Script::default()
    })
    .await;
    let any = Role {
        namespace: "*",
        ..ROLE
    };
    let mut backend = Backend::start().await;
    let proxy = proxy_of(admin.settings()).await;
    let _runner = Runner::serve(&proxy, any, backend.address).await;
    let client = Client::connect(proxy.data).await;

    let heartbeat = admin.heartbeat_with("a healthy heartbeat", |heartbeat| {
        status_of(heartbeat, "ns-9999") == Some("healthy")
    });
    assert_eq!(heartbeat.await.namespace_health.len(), 10_000);
    let last = request(&format!("/{SERVICE}/Get")).header("x-prism-namespace", "ns-9999");
    let call = client.send(last.body(()).unwrap(), "").await;
    backend.next().await.answer("the last of them");
    soon("an answer", call.answer()).await.unwrap();
}
