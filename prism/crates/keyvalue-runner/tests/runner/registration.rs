//! Registration with a proxy that does what the test tells it.

use prism_api::interfaces::pattern_message::Message;
use prism_api::interfaces::{HealthCheckRequest, HealthStatus};
use prism_process::{Exit, Failure};
use tonic::Status;

use crate::harness::{Runner, soon};
use crate::scripted_proxy::ScriptedProxy;

pub(crate) async fn registering(proxy: &ScriptedProxy) -> Runner {
    Runner::start(&[
        "--proxy",
        &proxy.address.to_string(),
        "--drain-timeout",
        "1h",
    ])
    .await
}

async fn standing(runner: &Runner, proxy: &ScriptedProxy) -> String {
    let health = runner
        .lifecycle()
        .health_check(HealthCheckRequest {})
        .await
        .unwrap()
        .into_inner();
    health
        .details
        .get(&format!("proxy {}", proxy.address))
        .cloned()
        .unwrap_or_default()
}

/// Waits until the runner's health says so.
pub(crate) async fn stands(runner: &Runner, proxy: &ScriptedProxy, expected: &str) {
    soon(async { while standing(runner, proxy).await != expected {} }).await;
}

/// A registration says what is served, for whom, and from which store.
#[tokio::test]
async fn a_registration_lists_what_is_served() {
    let mut proxy = ScriptedProxy::start();
    let _runner = registering(&proxy).await;

    let request = proxy.registering().await.request;

    let metadata = request.metadata.unwrap();
    let services: Vec<_> = metadata
        .interfaces
        .iter()
        .map(|interface| interface.name.as_str())
        .collect();
    assert_eq!(
        services,
        [
            "prism.interfaces.keyvalue.KeyValueBasicInterface",
            "prism.interfaces.keyvalue.KeyValueTTLInterface",
            "prism.interfaces.keyvalue.KeyValueBatchInterface",
        ]
    );
    assert!(
        metadata
            .interfaces
            .iter()
            .all(|interface| interface.proto_hash.len() == 64)
    );
    assert_eq!(
        (
            metadata.extra["namespace"].as_str(),
            metadata.extra["store"].as_str()
        ),
        ("default", "own")
    );
    assert_eq!(
        u32::try_from(request.process_id).unwrap(),
        std::process::id()
    );
}

/// Heartbeats come by themselves.
#[tokio::test]
async fn heartbeats_come_by_themselves() {
    let mut proxy = ScriptedProxy::start();
    let address = proxy.address.to_string();
    let _runner = Runner::start(&["--proxy", &address, "--heartbeat-interval", "5ms"]).await;
    let mut stream = proxy.registered("kv-1").await;

    for _ in 0..3 {
        let message = stream.message().await.unwrap().message.unwrap();
        let Message::Heartbeat(heartbeat) = message else {
            panic!("{message:?}")
        };
        assert_eq!(heartbeat.status(), HealthStatus::Healthy);
        assert!(heartbeat.timestamp > 0);
    }
}

/// A proxy that is not there yet is found when it comes; meanwhile the runner serves, and says what it waits for.
#[tokio::test]
async fn a_proxy_may_come_later() {
    let free = prism_process::listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let runner = Runner::start(&["--proxy", &address.to_string()]).await;
    runner.set("k", "v").await.unwrap();

    let mut proxy = ScriptedProxy::on(prism_process::listen(address).unwrap());

    let _stream = proxy.registered("kv-1").await;
    stands(&runner, &proxy, "registered as kv-1").await;
}

/// A lost stream is made anew.
#[tokio::test]
async fn a_lost_registration_is_made_again() {
    let mut proxy = ScriptedProxy::start();
    let runner = registering(&proxy).await;

    drop(proxy.registered("kv-1").await);

    let _stream = proxy.registered("kv-2").await;
    stands(&runner, &proxy, "registered as kv-2").await;
}

/// A refused runner says why, serves on, and asks again until it is taken.
#[tokio::test]
async fn a_refused_registration_is_asked_again() {
    let mut proxy = ScriptedProxy::start();
    let runner = registering(&proxy).await;

    proxy
        .registering()
        .await
        .refuse("already served by kv-0")
        .await;
    stands(&runner, &proxy, "refused: already served by kv-0").await;
    assert!(runner.set("k", "v").await.unwrap().success);
    proxy
        .registering()
        .await
        .refuse("already served by kv-0")
        .await;

    let _stream = proxy.registered("kv-1").await;
    stands(&runner, &proxy, "registered as kv-1").await;
}

/// A proxy that can never take the runner ends it, with the address and the reason.
#[tokio::test]
async fn a_hopeless_proxy_ends_the_runner() {
    let mut proxy = ScriptedProxy::start();
    let runner = registering(&proxy).await;

    proxy
        .registering()
        .await
        .fail(Status::unimplemented("no such service"))
        .await;

    let error = runner.end().await.unwrap_err();
    assert_eq!(error.exit(), Exit::Peer);
    assert!(
        error.to_string().contains(&proxy.address.to_string()),
        "{error}"
    );
    assert!(error.to_string().contains("no such service"), "{error}");
}

/// A runner that drains by itself leaves first, and serves what is still routed to it until it has left.
#[tokio::test]
async fn a_draining_runner_leaves_before_it_refuses() {
    let mut proxy = ScriptedProxy::start();
    let runner = registering(&proxy).await;
    let mut stream = proxy.registered("kv-1").await;
    stands(&runner, &proxy, "registered as kv-1").await;

    runner.terminate();
    assert_eq!(stream.message().await, None);
    let served = runner.set("k", "v").await;
    drop(stream);

    assert!(served.unwrap().success);
    runner.end().await.unwrap();
}
