//! An admin that is away, comes back, refuses or hangs: the proxy goes on without it, and finds it again.

use std::time::{Duration, Instant};

use prism_proxy::AdminSettings;
use tonic::Status;

use crate::support::{
    ADMIN_HEALTH, Admin, Backend, Client, Health, INTERVAL, Orders, ROLE, Runner, Script,
    ServingStatus, admin_settings, assignment, proxy_of, serving, status_of, within,
};

/// How long the answer to a heartbeat may take.
const HEARTBEAT_PATIENCE: Duration = Duration::from_secs(5);

/// An admin that is away at the start is registered with as soon as it is there; health tells of both.
#[tokio::test]
async fn an_admin_may_come_late() {
    let gone = Admin::start(Script::default()).await.kill().await;
    let proxy = proxy_of(admin_settings(gone)).await;
    let client = Client::connect(proxy.data).await;
    let mut health = Health::of(&proxy).await;
    health
        .becomes(ADMIN_HEALTH, ServingStatus::NotServing)
        .await;
    assert_eq!(health.check("").await, Some(ServingStatus::Serving));
    assert!(client.is_not_connected().await);

    let mut admin = Admin::at(gone, Script::default());

    admin.registration().await;
    admin.heartbeat().await;
    health.becomes(ADMIN_HEALTH, ServingStatus::Serving).await;
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
    health
        .becomes(ADMIN_HEALTH, ServingStatus::NotServing)
        .await;
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
    let (_proxy, _backend, _runner, _client) = serving(&admin).await;
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

/// A heartbeat that the admin finds fault with is no reason to register again: the next one follows.
#[tokio::test]
async fn a_refused_heartbeat_is_followed_by_the_next() {
    let mut admin = Admin::wanting(&["default"]).await;
    let _serving = serving(&admin).await;
    admin.registration().await;

    admin.play(|script| script.fault = Some(Status::invalid_argument("namespace_health")));
    for _ in 0..4 {
        admin.heartbeat().await;
    }

    assert_eq!(admin.registrations_waiting(), 0);
}

/// An admin that hangs holds nothing up: neither calls, nor what it told before, nor the end.
#[tokio::test]
async fn an_admin_that_hangs_holds_nothing_up() {
    let mut admin = Admin::wanting(&["default"]).await;
    let (proxy, mut backend, _runner, client) = serving(&admin).await;
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
    let _joined = serving(&admin).await;
    admin.registration().await;

    admin.play(|script| script.hangs = true);
    tokio::time::sleep(INTERVAL * 5).await;
    admin.play(|script| script.hangs = false);
    let late = admin.heartbeats_waiting();

    for _ in 0..late + 2 {
        admin.heartbeat().await;
    }
}

/// An admin that answers no heartbeat in time counts as away: it is tried on a new connection.
#[tokio::test]
async fn an_admin_that_hangs_too_long_is_registered_with_again() {
    let mut admin = Admin::wanting(&["default"]).await;
    let (proxy, mut backend, _runner, client) = serving(&admin).await;
    let mut health = Health::of(&proxy).await;
    admin.registration().await;
    health.becomes(ADMIN_HEALTH, ServingStatus::Serving).await;

    admin.play(|script| script.hangs = true);
    tokio::time::sleep(HEARTBEAT_PATIENCE).await;
    admin.registration().await;
    assert_eq!(
        health.check(ADMIN_HEALTH).await,
        Some(ServingStatus::NotServing)
    );
    client.answered_by(&mut backend, "meanwhile").await;
    admin.play(|script| script.hangs = false);

    health.becomes(ADMIN_HEALTH, ServingStatus::Serving).await;
}
