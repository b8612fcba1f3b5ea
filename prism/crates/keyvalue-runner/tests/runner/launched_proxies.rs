//! A launched runner's proxies: the launcher names them, and hears how the runner stands with each.

use prism_api::interfaces::HealthStatus;
use prism_api::launcher::ProcessHeartbeatResponse;
use tonic::Status;

use crate::harness::{Runner, soon};
use crate::launcher_answers::{accepted, endpoints, known};
use crate::scripted_launcher::{Call, ScriptedLauncher, running};
use crate::scripted_proxy::ScriptedProxy;

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
                    Call::Heartbeat(heartbeat) => drop(heartbeat.answer(known())),
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

    launcher.beat_of(HealthStatus::Degraded).await;
    assert!(runner.set_in("orders", "k", "v").await.unwrap().success);
    let mut stream = proxy.registered("kv-1").await;
    stream.lead().await;
    launcher.beat_of(HealthStatus::Healthy).await;
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

/// Who is taken in again is registered with the proxies that are named then.
#[tokio::test]
async fn a_new_handshake_may_name_other_proxies() {
    let mut launcher = ScriptedLauncher::start();
    let _runner = running(&mut launcher).await;
    let mut proxy = ScriptedProxy::start();

    let forgotten = ProcessHeartbeatResponse::default();
    launcher.heartbeat().await.answer(forgotten);
    launcher
        .handshake()
        .await
        .answer(accepted(&[proxy.address]));

    let mut joined = proxy.registered("kv-1").await;
    joined.lead().await;
}
