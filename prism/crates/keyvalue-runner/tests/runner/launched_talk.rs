//! A launched runner's conversation with its launcher, while it serves.

use prism_api::interfaces::HealthStatus;
use prism_api::launcher::{ProcessHandshakeResponse, ProcessHeartbeatResponse};
use tonic::Status;

use crate::harness::Runner;
use crate::launcher_answers::{INTERVAL, accepted, config};
use crate::scripted_launcher::{PROCESS_ID, ScriptedLauncher, TOKEN, running};
use crate::scripted_proxy::ScriptedProxy;

fn unknown() -> ProcessHeartbeatResponse {
    ProcessHeartbeatResponse::default()
}

/// Heartbeats follow each other in the interval that the launcher named, not faster.
#[tokio::test]
async fn heartbeats_keep_their_interval() {
    let mut launcher = ScriptedLauncher::start();
    let _runner = running(&mut launcher).await;

    let first = launcher.beat().await;
    let fourth = {
        launcher.beat().await;
        launcher.beat().await;
        launcher.beat().await
    };

    let passed = fourth.timestamp_millis - first.timestamp_millis;
    // The wall clock counts whole milliseconds.
    assert!(
        passed >= 3 * i64::try_from(INTERVAL.as_millis()).unwrap() - 1,
        "{passed}"
    );
}

/// A change of health is told at once, however long the interval is.
#[tokio::test]
async fn a_change_of_health_is_told_at_once() {
    let mut launcher = ScriptedLauncher::start();
    let mut proxy = ScriptedProxy::start();
    let _runner = Runner::of(launcher.config(&[])).await;
    launcher.handshake().await.answer(ProcessHandshakeResponse {
        heartbeat_interval_ms: 3_600_000,
        ..accepted(&[proxy.address])
    });
    let mut stream = proxy.registered("kv-1").await;
    stream.lead().await;
    assert_eq!(launcher.beat().await.status(), HealthStatus::Healthy);

    drop(stream);
    proxy
        .registering()
        .await
        .refuse("already served by kv-0")
        .await;

    let beat = launcher.beat().await;
    assert_eq!(beat.status(), HealthStatus::Degraded);
    assert_eq!(beat.details["message"], "a proxy does not take this runner");
}

/// A launcher that does not know the runner is asked again, by the same name and token.
#[tokio::test]
async fn a_forgotten_runner_shakes_hands_again() {
    let mut launcher = ScriptedLauncher::start();
    let runner = running(&mut launcher).await;
    runner.set_in("orders", "k", "v").await.unwrap();

    for forgotten in [Ok(unknown()), Err(Status::not_found("no such process"))] {
        let heartbeat = launcher.heartbeat().await;
        match forgotten {
            Ok(answer) => heartbeat.answer(answer),
            Err(status) => heartbeat.fail(status),
        };
        let again = launcher.handshake().await.answer(accepted(&[]));
        launcher.beat().await;

        assert_eq!(
            (again.process_id.as_str(), again.launch_token.as_str()),
            (PROCESS_ID, TOKEN)
        );
    }
    assert!(runner.get_in("orders", "k").await.unwrap().found);
}

/// What the launcher now says of the store waits for the next start: what is held outweighs it.
#[tokio::test]
async fn a_runner_keeps_what_it_holds() {
    let mut launcher = ScriptedLauncher::start();
    let runner = running(&mut launcher).await;
    runner.set_in("orders", "k", "v").await.unwrap();

    launcher.heartbeat().await.answer(unknown());
    launcher.handshake().await.answer(ProcessHandshakeResponse {
        config: Some(config("redis", &[("url", "redis://127.0.0.1:1")])),
        ..accepted(&[])
    });

    assert_eq!(launcher.beat().await.details["store"], "memstore");
    assert!(runner.get_in("orders", "k").await.unwrap().found);
}

/// A runner that nobody wants any more drains and ends well.
#[tokio::test]
async fn a_runner_that_is_not_taken_in_again_drains() {
    let mut launcher = ScriptedLauncher::start();
    let runner = running(&mut launcher).await;

    launcher.heartbeat().await.answer(unknown());
    let refused = Status::permission_denied("that is not its token");
    launcher.handshake().await.fail(refused);

    let stopping = launcher.stopping().await;
    assert!(
        stopping.reason.contains("that is not its token"),
        "{}",
        stopping.reason
    );
    runner.end().await.unwrap();
}

/// A runner does not become another: wanted for another namespace, it drains.
#[tokio::test]
async fn a_runner_keeps_its_namespace() {
    let mut launcher = ScriptedLauncher::start();
    let runner = running(&mut launcher).await;

    launcher.heartbeat().await.answer(unknown());
    launcher.handshake().await.answer(ProcessHandshakeResponse {
        namespace: "team".to_owned(),
        ..accepted(&[])
    });

    let stopping = launcher.stopping().await;
    assert!(
        stopping
            .reason
            .contains("it wants team served, and this is orders")
    );
    runner.end().await.unwrap();
}

/// The runner serves on while the launcher is away, and goes on with the heartbeats when it is back.
#[tokio::test]
async fn a_launcher_that_was_away_hears_on() {
    let mut launcher = ScriptedLauncher::start();
    let runner = running(&mut launcher).await;

    let address = launcher.kill().await;
    let stored = runner.set_in("orders", "k", "v").await;
    let mut launcher = ScriptedLauncher::at(address);

    assert!(stored.unwrap().success);
    launcher.beat().await;
    launcher.beat().await;
}

/// A heartbeat that the launcher finds fault with is no reason to stop or to begin anew.
#[tokio::test]
async fn a_refused_heartbeat_is_followed_by_the_next() {
    let mut launcher = ScriptedLauncher::start();
    let _runner = running(&mut launcher).await;

    let fault = Status::invalid_argument("details: too many");
    launcher.heartbeat().await.fail(fault);

    launcher.beat().await;
}
