//! The orders of a proxy, over a registration's stream.

use prism_api::interfaces::pattern_message::Message;
use prism_api::interfaces::proxy_command::Command;
use prism_api::interfaces::{
    DrainRequest, HealthCheckRequest, HealthStatus, InitializeRequest, ShutdownRequest,
    StartRequest, StopRequest,
};

use crate::harness::soon;
use crate::held_call::HeldCall;
use crate::registration::{registering, stands};
use crate::scripted_proxy::ScriptedProxy;

/// The orders of a life are each answered by the response of their kind.
#[tokio::test]
async fn a_runner_is_led_through_its_life() {
    let mut proxy = ScriptedProxy::start();
    let runner = registering(&proxy).await;
    let mut stream = proxy.registered("kv-1").await;

    let initialized = stream
        .order("1", Command::Initialize(InitializeRequest::default()))
        .await;
    let started = stream.order("2", Command::Start(StartRequest {})).await;
    let healthy = stream
        .order("3", Command::HealthCheck(HealthCheckRequest {}))
        .await;

    assert!(matches!(initialized, Message::InitializeResponse(response) if response.success));
    let Message::StartResponse(started) = started else {
        panic!("{started:?}")
    };
    assert_eq!(
        (started.success, started.data_endpoint),
        (true, runner.address.to_string())
    );
    let Message::HealthResponse(healthy) = healthy else {
        panic!("{healthy:?}")
    };
    assert_eq!(healthy.status(), HealthStatus::Healthy);
    stands(&runner, &proxy, "registered as kv-1").await;
}

/// An order at the wrong time is answered with the reason, and the stream goes on.
#[tokio::test]
async fn an_order_out_of_turn_is_refused_in_its_answer() {
    let mut proxy = ScriptedProxy::start();
    let _runner = registering(&proxy).await;
    let mut stream = proxy.registered("kv-1").await;

    let started = stream.order("1", Command::Start(StartRequest {})).await;
    let drain = DrainRequest {
        timeout_seconds: -1,
        reason: String::new(),
    };
    let drained = stream.order("2", Command::Drain(drain)).await;

    let Message::StartResponse(started) = started else {
        panic!("{started:?}")
    };
    assert_eq!(
        (started.success, started.error.as_str()),
        (false, "Start comes after Initialize")
    );
    let Message::DrainResponse(drained) = drained else {
        panic!("{drained:?}")
    };
    assert!(
        !drained.success && drained.error.starts_with("timeout_seconds"),
        "{drained:?}"
    );
    let initialized = stream
        .order("3", Command::Initialize(InitializeRequest::default()))
        .await;
    assert!(matches!(initialized, Message::InitializeResponse(response) if response.success));
}

/// An order to drain is answered when the calls inside are out; then the order to stop ends the runner.
#[tokio::test]
async fn a_drain_by_order_is_answered_and_stopped() {
    let mut proxy = ScriptedProxy::start();
    let runner = registering(&proxy).await;
    let mut stream = proxy.registered("kv-1").await;
    let held = HeldCall::begin(&runner).await;

    let drain = DrainRequest {
        timeout_seconds: 0,
        reason: "upgrade".to_owned(),
    };
    stream.send("1", Command::Drain(drain)).await;
    soon(runner.shutdown.draining()).await;
    held.finish().await.unwrap();
    let drained = stream.message().await.unwrap().message.unwrap();
    let stopped = stream
        .order("2", Command::Stop(StopRequest { timeout_seconds: 0 }))
        .await;
    assert_eq!(stream.message().await, None);
    drop(stream);

    let Message::DrainResponse(drained) = drained else {
        panic!("{drained:?}")
    };
    assert_eq!(
        (
            drained.success,
            drained.drained_operations,
            drained.aborted_operations
        ),
        (true, 1, 0)
    );
    assert!(matches!(stopped, Message::StopResponse(response) if response.success));
    runner.end().await.unwrap();
}

/// An order to shut down is a drain, answered by the response to Stop.
#[tokio::test]
async fn a_shutdown_by_order_ends_the_runner() {
    let mut proxy = ScriptedProxy::start();
    let runner = registering(&proxy).await;
    let mut stream = proxy.registered("kv-1").await;

    let answer = stream
        .order("1", Command::Shutdown(ShutdownRequest::default()))
        .await;
    assert_eq!(stream.message().await, None);
    drop(stream);

    assert!(matches!(answer, Message::StopResponse(response) if response.success));
    runner.end().await.unwrap();
}
