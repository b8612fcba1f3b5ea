//! A registered runner's session: its order, its time limits, its health, its end.

use std::time::{Duration, Instant};

use prism_api::interfaces::pattern_message::Message;
use prism_api::interfaces::proxy_command::Command;
use prism_api::interfaces::{
    DrainResponse, HealthCheckResponse, HeartbeatMessage, RegisterRequest, StopResponse,
};
use prism_proxy::{Farewell, LastCommand, ProxySettings, RunnerSettings};
use tonic::Code;

use crate::support::{
    Backend, Client, Health, Proxy, ROLE, Runner, SERVICE, ServingStatus, get, registration,
    settings,
};

async fn proxy_with(runners: RunnerSettings) -> Proxy {
    Proxy::with(ProxySettings {
        runners,
        ..settings()
    })
    .await
}

/// Anything before `register` fails its precondition, a malformed registration is an invalid argument.
#[tokio::test]
async fn a_wrong_beginning_ends_the_stream() {
    let proxy = Proxy::alone().await;
    let hasty = Runner::dial(&proxy).await;
    let nameless = Runner::dial(&proxy).await;

    hasty
        .say("", Message::Heartbeat(HeartbeatMessage::default()))
        .await;
    nameless
        .say("", Message::Register(RegisterRequest::default()))
        .await;

    assert_eq!(
        hasty.end().await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    let status = nameless.end().await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("register.pattern_name"));
}

/// A second registration on one stream is out of order, and takes the routes out.
#[tokio::test]
async fn a_second_registration_is_out_of_order() {
    let backend = Backend::start().await;
    let proxy = Proxy::alone().await;
    let runner = Runner::serve(&proxy, ROLE, backend.address).await;

    runner
        .say("again", Message::Register(registration(ROLE)))
        .await;

    assert_eq!(
        runner.end().await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    let client = Client::connect(proxy.data).await;
    assert!(client.is_not_connected().await);
}

/// A runner that does not answer a step in time loses its claim.
#[tokio::test]
async fn a_silent_runner_loses_its_claim() {
    let proxy = proxy_with(RunnerSettings {
        step_timeout: Duration::from_millis(50),
        ..RunnerSettings::default()
    })
    .await;
    let mut silent = Runner::dial(&proxy).await;
    silent.register(ROLE).await.unwrap();

    let status = silent.end().await.unwrap_err();

    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("initialize_response"));
    assert!(Runner::dial(&proxy).await.register(ROLE).await.is_ok());
}

/// A runner that answers no health check in time is taken out.
#[tokio::test]
async fn an_unanswered_health_check_takes_the_routes_out() {
    let backend = Backend::start().await;
    let proxy = proxy_with(RunnerSettings {
        step_timeout: Duration::from_millis(50),
        health_interval: Duration::from_millis(20),
        ..RunnerSettings::default()
    })
    .await;
    let runner = Runner::serve(&proxy, ROLE, backend.address).await;

    let status = runner.end().await.unwrap_err();

    assert!(status.message().contains("health_response"));
    let client = Client::connect(proxy.data).await;
    assert!(client.is_not_connected().await);
}

/// A runner is asked how it is as soon as calls are routed to it, whatever the interval.
#[tokio::test]
async fn the_first_health_check_says_that_calls_are_routed() {
    let mut backend = Backend::start().await;
    let proxy = proxy_with(RunnerSettings {
        health_interval: Duration::from_secs(3600),
        ..RunnerSettings::default()
    })
    .await;
    let client = Client::connect(proxy.data).await;
    let mut runner = Runner::dial(&proxy).await;
    runner.register(ROLE).await.unwrap();
    runner.obey_start(backend.address).await;

    let check = runner.next().await;
    let call = client.send(get(), "").await;
    backend.next().await.answer("routed");

    assert!(matches!(check.command, Some(Command::HealthCheck(_))));
    assert_eq!(call.answer().await.unwrap().body, b"routed");
}

/// An unwell runner keeps its calls, and health tells.
#[tokio::test]
async fn an_unwell_runner_keeps_its_calls() {
    let mut backend = Backend::start().await;
    let proxy = proxy_with(RunnerSettings {
        health_interval: Duration::from_millis(20),
        ..RunnerSettings::default()
    })
    .await;
    let client = Client::connect(proxy.data).await;
    let mut health = Health::of(&proxy).await;
    let mut runner = Runner::serve(&proxy, ROLE, backend.address).await;
    health.becomes(SERVICE, ServingStatus::Serving).await;

    let check = runner.next().await;
    assert!(matches!(check.command, Some(Command::HealthCheck(_))));
    let unwell = HealthCheckResponse {
        status: prism_api::interfaces::HealthStatus::Unhealthy.into(),
        ..HealthCheckResponse::default()
    };
    runner
        .say(&check.correlation_id, Message::HealthResponse(unwell))
        .await;

    health.becomes(SERVICE, ServingStatus::NotServing).await;
    client.answered_by(&mut backend, "unwell").await;
}

/// Three missed heartbeats take the routes out; heartbeats that come keep them in.
#[tokio::test]
async fn three_missed_heartbeats_take_the_routes_out() {
    let backend = Backend::start().await;
    let interval = Duration::from_millis(50);
    let proxy = proxy_with(RunnerSettings {
        heartbeat_interval: interval,
        ..RunnerSettings::default()
    })
    .await;
    let runner = Runner::serve(&proxy, ROLE, backend.address).await;
    let mut beats = tokio::time::interval(interval);
    for _ in 0..6 {
        beats.tick().await;
        runner
            .say("", Message::Heartbeat(HeartbeatMessage::default()))
            .await;
    }
    let last = Instant::now();

    let status = runner.end().await.unwrap_err();

    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("heartbeats"));
    assert!(last.elapsed() >= interval * 3);
}

/// A dismissed runner is drained, told to shut down, and let go; its routes are out from the beginning.
#[tokio::test]
async fn a_dismissed_runner_drains_and_shuts_down() {
    let backend = Backend::start().await;
    let proxy = Proxy::alone().await;
    let client = Client::connect(proxy.data).await;
    let mut runner = Runner::dial(&proxy).await;
    let instance = runner.register(ROLE).await.unwrap();
    runner.start(backend.address).await;
    Health::of(&proxy)
        .await
        .becomes(SERVICE, ServingStatus::Serving)
        .await;
    assert_eq!(proxy.runners.instances(), [instance.as_str()]);

    let farewell = Farewell {
        grace: Duration::from_secs(2),
        reason: "moved".to_owned(),
        last: LastCommand::Shutdown,
    };
    proxy.runners.dismiss(&instance, farewell.clone()).unwrap();
    let drain = runner.next().await;
    assert!(client.is_not_connected().await);
    runner
        .say(
            &drain.correlation_id,
            Message::DrainResponse(DrainResponse::default()),
        )
        .await;
    let shutdown = runner.next().await;
    runner
        .say(
            &shutdown.correlation_id,
            Message::StopResponse(StopResponse::default()),
        )
        .await;

    let Some(Command::Drain(drain)) = drain.command else {
        panic!("{drain:?}")
    };
    assert_eq!((drain.timeout_seconds, drain.reason.as_str()), (2, "moved"));
    assert!(matches!(shutdown.command, Some(Command::Shutdown(_))));
    runner.end().await.unwrap();
    assert!(proxy.runners.dismiss(&instance, farewell).is_err());
}
