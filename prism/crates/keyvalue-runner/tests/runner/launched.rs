//! A launched runner's start: it asks what to serve, serves that, and says that it runs.

use prism_api::interfaces::HealthStatus;
use prism_api::launcher::ProcessHandshakeResponse;
use prism_process::{Exit, Failure, Reason, build_id};
use redis_store::scripted::ScriptedRedis;
use tonic::Status;

use crate::harness::Runner;
use crate::launcher_answers::{accepted, config};
use crate::scripted_launcher::{PROCESS_ID, ScriptedLauncher, TOKEN, launched_config};

/// A handshake says who the process is, what it is made of, and where it serves.
#[tokio::test]
async fn a_handshake_says_who_is_there() {
    let mut launcher = ScriptedLauncher::start();
    let runner = Runner::of(launcher.config(&[])).await;

    let request = launcher.handshake().await.answer(accepted(&[]));

    assert_eq!(request.process_id, PROCESS_ID);
    assert_eq!(request.launch_token, TOKEN);
    assert_eq!(u32::try_from(request.pid), Ok(std::process::id()));
    assert_eq!(request.data_endpoint, runner.address.to_string());
    assert_eq!(request.control_endpoint, request.data_endpoint);
    assert_eq!(Some(request.build_id), build_id());
    let metadata = request.metadata.unwrap();
    assert_eq!(
        (metadata.name.as_str(), metadata.interfaces.len()),
        ("keyvalue", 3)
    );
}

/// The host that others are to use is the one that they are told, with the port that is bound.
#[tokio::test]
async fn a_handshake_says_the_host_that_is_advertised() {
    let mut launcher = ScriptedLauncher::start();
    let config = launcher.config(&["--advertise", "runner-1.internal"]);
    let runner = Runner::of(config).await;

    let request = launcher.handshake().await.answer(accepted(&[]));

    let told = format!("runner-1.internal:{}", runner.address.port());
    assert_eq!(request.data_endpoint, told);
    assert_eq!(request.control_endpoint, told);
}

/// What the launcher says is served, and nothing else.
#[tokio::test]
async fn the_launcher_says_what_is_served() {
    let mut launcher = ScriptedLauncher::start();
    let runner = Runner::of(launcher.config(&[])).await;

    launcher.handshake().await.answer(accepted(&[]));
    launcher.beat().await;

    let stored = runner.set_in("orders", "k", "v").await;
    let refused = runner.set_in("default", "k", "v").await;
    assert!(stored.unwrap().success);
    assert!(
        refused
            .unwrap_err()
            .message()
            .contains("serves namespace orders")
    );
}

/// The first heartbeat says that the runner serves, by the same token.
#[tokio::test]
async fn the_first_heartbeat_says_that_it_serves() {
    let mut launcher = ScriptedLauncher::start();
    let _runner = Runner::of(launcher.config(&[])).await;
    launcher.handshake().await.answer(accepted(&[]));

    let beat = launcher.beat().await;

    assert_eq!(
        (beat.process_id.as_str(), beat.launch_token.as_str()),
        (PROCESS_ID, TOKEN)
    );
    assert_eq!(beat.status(), HealthStatus::Healthy);
    assert!(beat.timestamp_millis > 0);
    assert_eq!(beat.details["message"], "serving");
    assert_eq!(beat.details["namespace"], "orders");
}

/// The launcher's word on the store counts, and where it has none, the command line's.
#[tokio::test]
async fn the_launcher_says_how_large_the_store_is() {
    for (backend_config, words, error) in [
        (&[("max_keys", "1")][..], &["--max-keys", "9"][..], "1 keys"),
        (&[], &["--max-keys", "1"], "1 keys"),
    ] {
        let mut launcher = ScriptedLauncher::start();
        let runner = Runner::of(launcher.config(words)).await;
        launcher.handshake().await.answer(ProcessHandshakeResponse {
            config: Some(config("memstore", backend_config)),
            ..accepted(&[])
        });
        launcher.beat().await;

        runner.set_in("orders", "a", "v").await.unwrap();
        let full = runner.set_in("orders", "b", "v").await.unwrap();

        assert!(full.error.ends_with(error), "{}", full.error);
    }
}

/// The launcher may name a store that runners share.
#[tokio::test]
async fn the_launcher_may_name_a_redis() {
    let mut launcher = ScriptedLauncher::start();
    let redis = ScriptedRedis::start().await.unwrap();
    let runner = Runner::of(launcher.config(&[])).await;

    launcher.handshake().await.answer(ProcessHandshakeResponse {
        config: Some(config("redis", &[("url", &redis.url())])),
        ..accepted(&[])
    });

    assert_eq!(launcher.beat().await.details["store"], "redis");
    redis.answer("GET", "$1\r\nv");
    assert_eq!(runner.get_in("orders", "k").await.unwrap().value, "v");
}

/// A configuration that cannot be ends the runner, which names the key and the value.
#[tokio::test]
async fn a_bad_configuration_ends_the_runner() {
    let mut launcher = ScriptedLauncher::start();
    let runner = Runner::of(launcher.config(&[])).await;

    launcher.handshake().await.answer(ProcessHandshakeResponse {
        config: Some(config("memstore", &[("max_keys", "many")])),
        ..accepted(&[])
    });

    let error = runner.end().await.unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    let said = error.to_string();
    assert!(
        said.contains("backend_config.max_keys \"many\" is not"),
        "{said}"
    );
    assert!(said.contains(&launcher.address.to_string()), "{said}");
}

/// A launcher that will never take the process ends it, in the launcher's own words and in one line.
#[tokio::test]
async fn a_launcher_that_says_no_ends_the_runner() {
    for status in [
        Status::not_found("no such\nprocess"),
        Status::permission_denied("no such\nprocess"),
        Status::unimplemented("no such\nprocess"),
        Status::failed_precondition("no such\nprocess"),
    ] {
        let mut launcher = ScriptedLauncher::start();
        let runner = Runner::of(launcher.config(&[])).await;

        launcher.handshake().await.fail(status);

        let error = runner.end().await.unwrap_err();
        assert_eq!(error.exit(), Exit::Peer);
        assert!(error.to_string().contains("no such process;"), "{error}");
    }
}

/// A launcher may also say no in its answer.
#[tokio::test]
async fn a_handshake_may_be_refused_in_its_answer() {
    let mut launcher = ScriptedLauncher::start();
    let runner = Runner::of(launcher.config(&[])).await;

    launcher.handshake().await.answer(ProcessHandshakeResponse {
        error: "not now, not ever".to_owned(),
        ..Default::default()
    });

    let error = runner.end().await.unwrap_err();
    assert_eq!(error.exit(), Exit::Peer);
    assert!(error.to_string().contains("not now, not ever"), "{error}");
}

/// A launcher that is not there, or that fails, is asked again until it answers.
#[tokio::test]
async fn a_launcher_may_come_later() {
    let free = prism_process::listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let runner = Runner::of(launched_config(address, &[])).await;

    let mut launcher = ScriptedLauncher::at(address);
    launcher
        .handshake()
        .await
        .fail(Status::unavailable("starting"));
    launcher.handshake().await.fail(Status::internal("a bug"));
    launcher.handshake().await.answer(accepted(&[]));
    launcher.beat().await;

    assert!(runner.set_in("orders", "k", "v").await.unwrap().success);
}

/// A runner that waits for its launcher heeds a signal.
#[tokio::test]
async fn a_runner_that_waits_for_its_launcher_can_be_ended() {
    let mut launcher = ScriptedLauncher::start();
    let runner = Runner::of(launcher.config(&[])).await;
    let _waits = launcher.handshake().await;

    runner.shutdown.begin(Reason::Terminated);

    runner.end().await.unwrap();
}
