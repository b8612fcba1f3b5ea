//! The end of a launched runner: however it begins, it is a drain, and the launcher has the last word of it.

use std::time::Duration;

use prism_api::interfaces::proxy_command::Command;
use prism_api::interfaces::{HealthStatus, ShutdownRequest, StopRequest};
use prism_api::launcher::ProcessHeartbeatResponse;
use prism_process::Reason;

use crate::harness::{Runner, soon};
use crate::held_call::HeldCall;
use crate::launcher_answers::{accepted, known};
use crate::scripted_launcher::{Call, PROCESS_ID, ScriptedLauncher, TOKEN, running};
use crate::scripted_proxy::{Registered, ScriptedProxy};

fn shut_down(timeout: Duration) -> ProcessHeartbeatResponse {
    ProcessHeartbeatResponse {
        shutdown: true,
        shutdown_timeout_ms: timeout.as_millis().try_into().unwrap(),
        reason: "namespace deleted".to_owned(),
        ..known()
    }
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
    launcher.beat_of(HealthStatus::Unhealthy).await;
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
    for (begin, reason) in [
        (Begin::Signal, "SIGTERM"),
        (Begin::Stop, "asked to: stop"),
        (Begin::Proxy, "asked to: shut down, upgrade"),
    ] {
        let mut launcher = ScriptedLauncher::start();
        let mut proxy = ScriptedProxy::start();
        let runner = Runner::of(launcher.config(&["--drain-timeout", "1h"])).await;
        launcher
            .handshake()
            .await
            .answer(accepted(&[proxy.address]));
        let mut stream = proxy.registered("kv-1").await;
        stream.lead().await;
        launcher.beat().await;

        begin.at(&runner, &stream).await;
        let hung_up = tokio::spawn(async move { while stream.message().await.is_some() {} });

        assert_eq!(launcher.stopping().await.reason, reason);
        runner.end().await.unwrap();
        soon(hung_up).await.unwrap();
        assert!(launcher.is_silent());
    }
}

/// Who begins a drain, beside the launcher.
#[derive(Clone, Copy)]
enum Begin {
    Signal,
    Stop,
    Proxy,
}

impl Begin {
    async fn at(self, runner: &Runner, proxy: &Registered) {
        match self {
            Self::Signal => runner.shutdown.begin(Reason::Terminated),
            Self::Stop => {
                let mut lifecycle = runner.lifecycle();
                tokio::spawn(async move { lifecycle.stop(StopRequest::default()).await });
            }
            Self::Proxy => {
                let shutdown = ShutdownRequest {
                    reason: "upgrade".to_owned(),
                    ..Default::default()
                };
                proxy.send("9", Command::Shutdown(shutdown)).await;
            }
        }
    }
}

/// A launcher that does not answer the last word holds up no end.
#[tokio::test]
async fn the_last_word_waits_for_nobody() {
    let mut launcher = ScriptedLauncher::start();
    let runner = running(&mut launcher).await;

    runner.shutdown.begin(Reason::Terminated);
    let _unanswered = soon(async {
        loop {
            match launcher.call().await {
                Call::Stopping(stopping) => return stopping,
                Call::Heartbeat(heartbeat) => drop(heartbeat.answer(known())),
                Call::Handshake(_) => panic!("a handshake came before the last word"),
            }
        }
    })
    .await;

    runner.end().await.unwrap();
}
