//! Runners that register: how routes come, who may have them, and how they go.

use std::time::{Duration, Instant};

use prism_api::interfaces::pattern_message::Message;
use prism_api::interfaces::proxy_command::Command;
use prism_api::interfaces::{
    DrainResponse, HealthCheckResponse, HeartbeatMessage, RegisterRequest, StopResponse,
};
use prism_proxy::{Farewell, LastCommand, ProxySettings, RunnerSettings};
use tonic::Code;

use crate::support::{
    Backend, Client, Health, Proxy, ROLE, Role, Runner, SERVICE, ServingStatus, get, registration,
    route, settings, soon,
};

/// Calls until one is answered by a backend, in the words it is told.
async fn answered_by(client: &Client, backend: &mut Backend, words: &'static str) {
    soon("a call that is routed", async {
        loop {
            let call = client.send(get(), "").await;
            tokio::select! {
                arrival = backend.next() => {
                    arrival.answer(words);
                    assert_eq!(call.answer().await.unwrap().body, words.as_bytes());
                    return;
                }
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
    })
    .await;
}

async fn proxy_with(runners: RunnerSettings) -> Proxy {
    Proxy::with(ProxySettings {
        runners,
        ..settings()
    })
    .await
}

async fn is_not_connected(client: &Client) -> bool {
    let answer = client.call(get()).await.unwrap();
    answer.status() == Some("14") && answer.message().contains("not connected")
}

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
    answered_by(&client, &mut backend, "served").await;
    runner.vanish();

    health.becomes(SERVICE, ServingStatus::NotServing).await;
    assert!(is_not_connected(&client).await);
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
    answered_by(&client, &mut old, "old").await;
    let call = client.send(get(), "").await;
    let arrival = old.next().await;

    runner.vanish();
    let _successor = Runner::serve(&proxy, ROLE, new.address).await;
    answered_by(&client, &mut new, "new").await;
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
    answered_by(&client, &mut backend, "back").await;

    assert!(restarted.elapsed() < Duration::from_millis(200));
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

    answered_by(&client, &mut backend, "first").await;
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
    answered_by(&client, &mut one, "one").await;
    let _second = Runner::serve(&proxy, shared, two.address).await;
    answered_by(&client, &mut two, "two").await;
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

    answered_by(&client, &mut fixed, "fixed").await;
}

/// What was ever registered stays known: UNAVAILABLE, not UNIMPLEMENTED.
#[tokio::test]
async fn what_was_registered_stays_known() {
    let backend = Backend::start().await;
    let proxy = Proxy::alone().await;
    let client = Client::connect(proxy.data).await;
    let path = "/a.B/C";
    let before = crate::support::request(path).body(()).unwrap();
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

    let after = crate::support::request(path).body(()).unwrap();
    assert_eq!(client.call(after).await.unwrap().status(), Some("14"));
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
    assert!(is_not_connected(&client).await);
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
    assert!(is_not_connected(&client).await);
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
    answered_by(&client, &mut backend, "unwell").await;
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
    assert!(is_not_connected(&client).await);
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
