//! A proxy and its admin: what it says to it, and that it goes on without it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use prism_api::prism::ProxyHeartbeat;
use prism_process::config::Value;
use prism_proxy::{AdminSettings, ProxySettings};
use tonic::Status;

use crate::support::{
    Admin, Backend, Client, Health, INTERVAL, Orders, Proxy, ROLE, Role, Runner, SERVICE, Script,
    ServingStatus, admin_settings, assignment, get, request, settings, soon, within,
};

/// The name of the admin in the health of the proxy.
const ADMIN: &str = "prism.ControlPlane";

async fn proxy_of(admin: AdminSettings) -> Proxy {
    Proxy::with(ProxySettings {
        admin: Some(admin),
        ..settings()
    })
    .await
}

/// A proxy whose admin wants `default` from it, a live runner of that, and a client.
async fn joined(admin: &Admin) -> (Proxy, Backend, Runner, Client) {
    let backend = Backend::start().await;
    let proxy = proxy_of(admin.settings()).await;
    let runner = Runner::serve(&proxy, ROLE, backend.address).await;
    let client = Client::connect(proxy.data).await;
    (proxy, backend, runner, client)
}

fn status_of<'a>(heartbeat: &'a ProxyHeartbeat, namespace: &str) -> Option<&'a str> {
    let health = heartbeat.namespace_health.get(namespace);
    health.map(|health| health.status.as_str())
}

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
    let (proxy, mut backend, _runner, client) = joined(&admin).await;
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
    let (_proxy, mut backend, runner, client) = joined(&admin).await;
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
    let (_proxy, mut backend, _runner, client) = joined(&admin).await;

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

/// An admin that is away at the start is registered with as soon as it is there; health tells of both.
#[tokio::test]
async fn an_admin_may_come_late() {
    let gone = Admin::start(Script::default()).await.kill().await;
    let proxy = proxy_of(admin_settings(gone)).await;
    let client = Client::connect(proxy.data).await;
    let mut health = Health::of(&proxy).await;
    health.becomes(ADMIN, ServingStatus::NotServing).await;
    assert_eq!(health.check("").await, Some(ServingStatus::Serving));
    assert!(client.is_not_connected().await);

    let mut admin = Admin::at(gone, Script::default());

    admin.registration().await;
    admin.heartbeat().await;
    health.becomes(ADMIN, ServingStatus::Serving).await;
}

/// While the admin is away calls go on; when it is back it is registered with at once, whatever the interval.
#[tokio::test]
async fn calls_go_on_while_the_admin_is_away() {
    let mut admin = Admin::wanting(&["default"]).await;
    let patient = AdminSettings {
        heartbeat_interval: Duration::from_secs(3600),
        ..admin.settings()
    };
    let mut backend = Backend::start().await;
    let proxy = proxy_of(patient).await;
    let _runner = Runner::serve(&proxy, ROLE, backend.address).await;
    let client = Client::connect(proxy.data).await;
    let mut health = Health::of(&proxy).await;
    admin.registration().await;
    client.answered_by(&mut backend, "before").await;

    let address = admin.kill().await;
    health.becomes(ADMIN, ServingStatus::NotServing).await;
    client.answered_by(&mut backend, "meanwhile").await;
    // It has lost what it knew, and what it does not name stays until it is revoked.
    let mut back = Admin::at(address, Script::default());
    let returned = Instant::now();

    back.registration().await;
    assert!(within(returned, Duration::from_millis(600)));
    let heartbeat = back.heartbeat().await;
    assert_eq!(status_of(&heartbeat, "default"), Some("healthy"));
    client.answered_by(&mut backend, "after").await;
}

/// What an admin wants beside what is held is taken when it is registered with again.
#[tokio::test]
async fn a_registration_reconciles() {
    let mut admin = Admin::wanting(&["default"]).await;
    let (_proxy, _backend, _runner, _client) = joined(&admin).await;
    admin.heartbeat().await;

    admin.play(|script| {
        script.welcome = vec![assignment("default", 2), assignment("team", 2)];
        script.forgetful = true;
    });
    admin.registration().await;
    admin.registration().await;
    admin.play(|script| script.forgetful = false);

    let heartbeat = admin.heartbeat_with("both namespaces", |heartbeat| {
        heartbeat.namespace_health.len() == 2
    });
    assert_eq!(status_of(&heartbeat.await, "team"), Some("unhealthy"));
}

/// An admin that does not take the proxy in is asked again, and not ever faster.
#[tokio::test]
async fn an_admin_that_refuses_is_asked_again() {
    let refusal = Some(Status::resource_exhausted("one proxy too many"));
    let mut admin = Admin::start(Script {
        refusal,
        ..Script::default()
    })
    .await;
    let _proxy = proxy_of(admin.settings()).await;
    let began = Instant::now();

    for _ in 0..4 {
        admin.registration().await;
    }
    assert!(began.elapsed() >= Duration::from_millis(20 + 40 + 80));
    admin.play(|script| script.refusal = None);

    admin.heartbeat().await;
}

/// An admin that hangs holds nothing up: neither calls, nor what it told before, nor the end.
#[tokio::test]
async fn an_admin_that_hangs_holds_nothing_up() {
    let mut admin = Admin::wanting(&["default"]).await;
    let (proxy, mut backend, _runner, client) = joined(&admin).await;
    admin.heartbeat().await;

    admin.play(|script| script.hangs = true);
    client.answered_by(&mut backend, "meanwhile").await;
    Orders::to(&proxy)
        .await
        .assign(assignment("team", 1))
        .await
        .unwrap();
    drop(client);
    let told = Instant::now();
    proxy.terminate();

    proxy.stopped().await;
    assert!(within(told, Duration::from_millis(500)));
}

/// A heartbeat that was late is followed by others, and the proxy need not register again.
#[tokio::test]
async fn an_admin_that_hung_is_heard_of_again() {
    let mut admin = Admin::wanting(&["default"]).await;
    let _joined = joined(&admin).await;
    admin.registration().await;

    admin.play(|script| script.hangs = true);
    tokio::time::sleep(INTERVAL * 5).await;
    admin.play(|script| script.hangs = false);
    let late = admin.heartbeats_waiting();

    for _ in 0..late + 2 {
        admin.heartbeat().await;
    }
}

/// A draining proxy is heard of no more, so that its namespaces go elsewhere.
#[tokio::test]
async fn a_draining_proxy_is_silent() {
    let mut admin = Admin::wanting(&["default"]).await;
    let (proxy, mut backend, _runner, client) = joined(&admin).await;
    client.answered_by(&mut backend, "before").await;
    let call = client.send(get(), "").await;
    let arrival = backend.next().await;
    let mut health = Health::of(&proxy).await;
    health.becomes(ADMIN, ServingStatus::Serving).await;

    proxy.terminate();
    health.becomes(ADMIN, ServingStatus::NotServing).await;
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
