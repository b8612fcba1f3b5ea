//! A launched runner's conversation with its launcher, while it serves and to its end.

use std::time::Duration;

use prism_api::interfaces::HealthStatus;
use prism_api::launcher::{ProcessHandshakeResponse, ProcessHeartbeatResponse};
use prism_process::Reason;
use tonic::Status;

use crate::harness::Runner;
use crate::held_call::HeldCall;
use crate::scripted_launcher::{
    Call, INTERVAL, PROCESS_ID, ScriptedLauncher, TOKEN, accepted, endpoints, known,
};
use crate::scripted_proxy::ScriptedProxy;

/// A runner that was taken in, with no proxy, and has said so.
async fn running(launcher: &mut ScriptedLauncher) -> Runner {
    let runner = Runner::of(launcher.config(&["--drain-timeout", "1h"])).await;
    launcher.handshake().await.answer(accepted(&[]));
    launcher.beat().await;
    runner
}

fn unknown() -> ProcessHeartbeatResponse {
    ProcessHeartbeatResponse::default()
}

fn shut_down(timeout: Duration) -> ProcessHeartbeatResponse {
    ProcessHeartbeatResponse {
        shutdown: true,
        shutdown_timeout_ms: timeout.as_millis().try_into().unwrap(),
        reason: "namespace deleted".to_owned(),
        ..known()
    }
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

/// A proxy that will never take a launched runner does not end it: it is asked on, and the launcher is told.
#[tokio::test]
async fn a_hopeless_proxy_does_not_end_a_launched_runner() {
    let mut launcher = ScriptedLauncher::start();
    let mut proxy = ScriptedProxy::start();
    let runner = Runner::of(launcher.config(&[])).await;
    launcher
        .handshake()
        .await
        .answer(accepted(&[proxy.address]));

    let hopeless = Status::unimplemented("no such service");
    proxy.registering().await.fail(hopeless).await;

    let degraded = |beat: &_| is(beat, HealthStatus::Degraded);
    launcher.beat_until(degraded).await;
    assert!(runner.set_in("orders", "k", "v").await.unwrap().success);
    let mut stream = proxy.registered("kv-1").await;
    stream.lead().await;
    let healthy = |beat: &_| is(beat, HealthStatus::Healthy);
    launcher.beat_until(healthy).await;
}

fn is(beat: &prism_api::launcher::ProcessHeartbeatRequest, status: HealthStatus) -> bool {
    beat.status() == status
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

/// The answer to a heartbeat may change the proxies: those gone are left, those new joined, the others untouched.
#[tokio::test]
async fn the_proxies_may_change() {
    let mut launcher = ScriptedLauncher::start();
    let (mut gone, mut kept, mut new) = (
        ScriptedProxy::start(),
        ScriptedProxy::start(),
        ScriptedProxy::start(),
    );
    let runner = Runner::of(launcher.config(&[])).await;
    let before = [gone.address, kept.address];
    launcher.handshake().await.answer(accepted(&before));
    let (mut left, mut untouched) = (gone.registered("kv-1").await, kept.registered("kv-2").await);
    left.lead().await;
    untouched.lead().await;

    launcher.heartbeat().await.answer(ProcessHeartbeatResponse {
        proxies: endpoints(&[kept.address, new.address]),
        ..known()
    });

    assert_eq!(left.message().await, None);
    let mut joined = new.registered("kv-3").await;
    joined.lead().await;
    untouched.check_health().await;
    let beat = launcher
        .beat_until(|beat| beat.details.contains_key(&format!("proxy {}", new.address)))
        .await;
    assert!(
        !beat
            .details
            .contains_key(&format!("proxy {}", gone.address))
    );
    assert!(runner.set_in("orders", "k", "v").await.unwrap().success);
}

/// An answer without proxies changes none.
#[tokio::test]
async fn no_proxies_named_is_no_change() {
    let mut launcher = ScriptedLauncher::start();
    let mut proxy = ScriptedProxy::start();
    let _runner = Runner::of(launcher.config(&[])).await;
    launcher
        .handshake()
        .await
        .answer(accepted(&[proxy.address]));
    let mut stream = proxy.registered("kv-1").await;
    stream.lead().await;

    launcher.beat().await;
    launcher.beat().await;

    stream.check_health().await;
}

/// An order to shut down is a drain: calls inside finish, and the last word counts them.
#[tokio::test]
async fn an_order_to_shut_down_is_a_drain() {
    let mut launcher = ScriptedLauncher::start();
    let runner = running(&mut launcher).await;
    let held = HeldCall::begin(&runner).await;

    launcher
        .heartbeat()
        .await
        .answer(shut_down(Duration::from_secs(3600)));
    let draining = |beat: &_| is(beat, HealthStatus::Unhealthy);
    launcher.beat_until(draining).await;
    // It is in no namespace of this runner's, which says so when it has read it.
    held.finish().await.unwrap_err();

    let stopping = launcher.stopping().await;
    assert_eq!(
        (stopping.drained_operations, stopping.aborted_operations),
        (1, 0)
    );
    assert!(
        stopping.reason.contains("namespace deleted"),
        "{}",
        stopping.reason
    );
    assert_eq!(
        (stopping.process_id.as_str(), stopping.launch_token.as_str()),
        (PROCESS_ID, TOKEN)
    );
    runner.end().await.unwrap();
}

/// What does not finish in the time that the launcher gives is ended, and counted.
#[tokio::test]
async fn an_order_to_shut_down_has_its_time() {
    let mut launcher = ScriptedLauncher::start();
    let runner = running(&mut launcher).await;
    let _held = HeldCall::begin(&runner).await;

    launcher
        .heartbeat()
        .await
        .answer(shut_down(Duration::from_millis(1)));

    let stopping = launcher.stopping().await;
    assert_eq!(
        (stopping.drained_operations, stopping.aborted_operations),
        (0, 1)
    );
    runner.end().await.unwrap();
}

/// However the drain began, the last word is said once, and is the last.
#[tokio::test]
async fn the_last_word_follows_every_drain() {
    let mut launcher = ScriptedLauncher::start();
    let runner = running(&mut launcher).await;

    runner.shutdown.begin(Reason::Terminated);

    assert_eq!(launcher.stopping().await.reason, "SIGTERM");
    runner.end().await.unwrap();
    assert!(launcher.is_silent());
}

/// A launcher that does not answer the last word holds up no end.
#[tokio::test]
async fn the_last_word_waits_for_nobody() {
    let mut launcher = ScriptedLauncher::start();
    let runner = running(&mut launcher).await;

    runner.shutdown.begin(Reason::Terminated);
    let _unanswered = loop {
        match launcher.call().await {
            Call::Stopping(stopping) => break stopping,
            Call::Heartbeat(heartbeat) => drop(heartbeat.answer(known())),
            Call::Handshake(_) => panic!("a handshake came before the last word"),
        }
    };

    runner.end().await.unwrap();
}
