//! A launched runner's start: it asks what to serve, serves that, and says that it runs.

use prism_api::interfaces::HealthStatus;
use prism_api::launcher::ProcessHandshakeResponse;
use prism_process::{Exit, Failure, Reason, build_id};
use prost_types::value::Kind;
use prost_types::{Struct, Value};
use tonic::Status;

use crate::harness::{Runner, soon};
use crate::scripted_launcher::{
    Call, PROCESS_ID, ScriptedLauncher, TOKEN, accepted, launched_config,
};
use crate::scripted_proxy::ScriptedProxy;

fn config(backend_config: &[(&str, &str)]) -> Struct {
    let text = |text: &str| Value {
        kind: Some(Kind::StringValue(text.to_owned())),
    };
    let fields = backend_config
        .iter()
        .map(|(key, value)| ((*key).to_owned(), text(value)));
    let inner = Value {
        kind: Some(Kind::StructValue(Struct {
            fields: fields.collect(),
        })),
    };
    let fields = [("backend", text("memstore")), ("backend_config", inner)];
    Struct {
        fields: fields.map(|(key, value)| (key.to_owned(), value)).into(),
    }
}

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
            config: Some(config(backend_config)),
            ..accepted(&[])
        });
        launcher.beat().await;

        runner.set_in("orders", "a", "v").await.unwrap();
        let full = runner.set_in("orders", "b", "v").await.unwrap();

        assert!(full.error.ends_with(error), "{}", full.error);
    }
}

/// A configuration that cannot be ends the runner, which names the key and the value.
#[tokio::test]
async fn a_bad_configuration_ends_the_runner() {
    let mut launcher = ScriptedLauncher::start();
    let runner = Runner::of(launcher.config(&[])).await;

    launcher.handshake().await.answer(ProcessHandshakeResponse {
        config: Some(config(&[("max_keys", "many")])),
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

/// The launcher hears that the runner runs when every proxy routes calls to it.
#[tokio::test]
async fn a_runner_runs_when_every_proxy_routes_to_it() {
    let mut launcher = ScriptedLauncher::start();
    let (mut first, mut second) = (ScriptedProxy::start(), ScriptedProxy::start());
    let _runner = Runner::of(launcher.config(&[])).await;
    let proxies = [first.address, second.address];
    launcher.handshake().await.answer(accepted(&proxies));

    let mut one = first.registered("kv-1").await;
    let mut two = second.registered("kv-2").await;
    one.lead().await;
    assert!(launcher.is_silent());
    two.lead().await;

    let details = launcher.beat().await.details;
    assert_eq!(
        details[&format!("proxy {}", first.address)],
        "registered as kv-1"
    );
    assert_eq!(
        details[&format!("proxy {}", second.address)],
        "registered as kv-2"
    );
}

/// A proxy that is away keeps nobody waiting for more than a second, and is asked on.
#[tokio::test]
async fn a_proxy_that_is_away_holds_nothing_up() {
    let mut launcher = ScriptedLauncher::start();
    let free = prism_process::listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let _runner = Runner::of(launcher.config(&[])).await;
    launcher.handshake().await.answer(accepted(&[address]));

    let beat = launcher.beat().await;
    let mut proxy = ScriptedProxy::on(prism_process::listen(address).unwrap());
    let registering = proxy.registering();
    tokio::pin!(registering);
    let came = soon(async {
        loop {
            tokio::select! {
                biased;
                registering = &mut registering => break registering,
                call = launcher.call() => match call {
                    Call::Heartbeat(heartbeat) => drop(heartbeat.answer(crate::scripted_launcher::known())),
                    _ => panic!("it was no heartbeat"),
                },
            }
        }
    });

    assert!(beat.details[&format!("proxy {address}")].starts_with("away: "));
    assert_eq!(
        came.await.request.metadata.unwrap().extra["namespace"],
        "orders"
    );
}
