//! What an admin takes away from a proxy, and what becomes of the calls.

use std::time::{Duration, Instant, SystemTime};

use prism_api::prism::ProxyHeartbeat;
use tonic::Code;

use crate::support::{assignment, get, joined, joined_and_serving, revocation, soon, within};

fn holds_nothing(heartbeat: &ProxyHeartbeat) -> bool {
    heartbeat.namespace_health.is_empty()
}

/// A call under way finishes within its time, and the revocation is answered after it.
#[tokio::test]
async fn a_call_under_way_finishes() {
    let (mut admin, _proxy, mut orders, mut backend, _runner, client) = joined_and_serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let arrival = backend.next().await;
    admin
        .heartbeat_with("a namespace", |heartbeat| !holds_nothing(heartbeat))
        .await;
    let mut revoking = orders.clone();
    let revoked = tokio::spawn(async move { revoking.revoke("default", 30).await });
    admin.heartbeat_with("no namespace", holds_nothing).await;
    assert!(client.is_not_connected().await);
    assert!(!revoked.is_finished());

    arrival.answer("to the end");

    assert_eq!(call.answer().await.unwrap().body, b"to the end");
    let at = soon("the answer", revoked).await.unwrap().unwrap();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    assert!(i64::try_from(now).unwrap() - at < 60_000, "{at}");
}

/// A call that takes longer than its time is ended UNAVAILABLE, and cancelled at the runner.
#[tokio::test]
async fn a_call_that_takes_too_long_is_ended() {
    let (_admin, _proxy, mut orders, mut backend, _runner, client) = joined_and_serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let mut arrival = backend.next().await;
    let began = Instant::now();

    orders.revoke("default", 1).await.unwrap();

    assert!(began.elapsed() >= Duration::from_secs(1));
    let answer = call.answer().await.unwrap();
    assert_eq!(answer.status(), Some("14"));
    assert!(answer.message().contains("taken"), "{}", answer.message());
    assert_eq!(arrival.was_reset().await, h2::Reason::CANCEL);
}

/// Without a time, calls under way are ended at once.
#[tokio::test]
async fn a_revocation_may_be_immediate() {
    let (_admin, _proxy, mut orders, mut backend, _runner, client) = joined_and_serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let _arrival = backend.next().await;
    let began = Instant::now();

    orders.revoke("default", 0).await.unwrap();

    assert_eq!(call.answer().await.unwrap().status(), Some("14"));
    assert!(within(began, Duration::from_millis(50)));
}

/// A caller that hangs up has still revoked, and its calls are still ended; a repeat waits for the same calls.
#[tokio::test]
async fn a_revocation_outlives_its_caller() {
    let (_admin, _proxy, mut orders, mut backend, _runner, client) = joined_and_serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let _arrival = backend.next().await;
    let mut impatient = tonic::Request::new(revocation("default", 1));
    impatient.set_timeout(Duration::from_millis(50));

    let given_up = orders.0.revoke_namespace(impatient).await;
    assert!(given_up.is_err());
    orders.revoke("default", 30).await.unwrap();

    assert_eq!(call.answer().await.unwrap().status(), Some("14"));
    let gone = orders.revoke("default", 0).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
}

/// A namespace that is assigned again while calls are under way keeps them.
#[tokio::test]
async fn a_namespace_that_comes_back_keeps_its_calls() {
    let (mut admin, _proxy, mut orders, mut backend, _runner, client) = joined_and_serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let arrival = backend.next().await;
    admin
        .heartbeat_with("a namespace", |heartbeat| !holds_nothing(heartbeat))
        .await;
    let mut revoking = orders.clone();
    let revoked = tokio::spawn(async move { revoking.revoke("default", 1).await });
    admin.heartbeat_with("no namespace", holds_nothing).await;
    assert!(client.is_not_connected().await);

    orders.assign(assignment("default", 2)).await.unwrap();
    soon("the answer", revoked).await.unwrap().unwrap();
    arrival.answer("kept");

    assert_eq!(call.answer().await.unwrap().body, b"kept");
    client.answered_by(&mut backend, "and routed").await;
}

/// A draining proxy takes no namespace, and lets go of those that it has.
#[tokio::test]
async fn a_draining_proxy_takes_no_namespace() {
    let (_admin, proxy, mut orders, mut backend, _runner, client) = joined_and_serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let _arrival = backend.next().await;

    proxy.terminate();
    let refused = orders.assign(assignment("team", 1)).await.unwrap_err();
    orders.revoke("default", 0).await.unwrap();

    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("draining"), "{refused}");
    assert_eq!(call.answer().await.unwrap().status(), Some("14"));
}

/// A revocation that comes while the proxy registers is not undone by the answer.
#[tokio::test]
async fn a_revocation_may_overtake_a_welcome() {
    let (mut admin, _proxy, mut orders) = joined().await;
    orders.assign(assignment("gone", 1)).await.unwrap();
    admin.registration().await;
    admin
        .heartbeat_with("a namespace", |heartbeat| !holds_nothing(heartbeat))
        .await;
    admin.play(|script| {
        script.welcome = vec![assignment("gone", 1), assignment("new", 1)];
        script.forgetful = true;
        script.ponders = true;
    });
    admin.registration().await;

    orders.revoke("gone", 0).await.unwrap();
    admin.play(|script| {
        script.ponders = false;
        script.forgetful = false;
    });

    let told = |heartbeat: &ProxyHeartbeat| heartbeat.namespace_health.contains_key("new");
    let heartbeat = admin.heartbeat_with("what is new", told).await;
    assert_eq!(heartbeat.namespace_health.len(), 1, "{heartbeat:?}");
}
