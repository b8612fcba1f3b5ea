//! The runner over a Redis that does what a test wants.

use std::time::{Duration, Instant};

use prism_api::interfaces::pattern_message::Message;
use prism_api::interfaces::{HealthCheckRequest, HealthStatus};
use prism_api::keyvalue::{BatchGetRequest, GetRequest};
use redis_store::scripted::ScriptedRedis;
use tonic::Request;
use tonic_health::pb::HealthCheckRequest as Check;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::harness::{Runner, soon};
use crate::scripted_proxy::ScriptedProxy;

const LIFECYCLE: &str = "prism.interfaces.LifecycleInterface";
const BASIC: &str = "prism.interfaces.keyvalue.KeyValueBasicInterface";

async fn over(redis: &ScriptedRedis) -> Runner {
    Runner::start(&["--store", "redis", "--redis-url", &redis.url()]).await
}

async fn health(runner: &Runner) -> (HealthStatus, String) {
    let asked = runner.lifecycle().health_check(HealthCheckRequest {}).await;
    let health = asked.unwrap().into_inner();
    (health.status(), health.message)
}

/// Waits until the runner says that it is so.
async fn is(runner: &Runner, status: HealthStatus) {
    soon(async { while health(runner).await.0 != status {} }).await;
}

async fn serving(runner: &Runner, service: &str) -> ServingStatus {
    let check = Check {
        service: service.to_owned(),
    };
    let mut client = HealthClient::new(runner.channel.clone());
    client.check(check).await.unwrap().into_inner().status()
}

/// Values, and that there are none, come from Redis.
#[tokio::test]
async fn answers_come_from_redis() {
    let redis = ScriptedRedis::start().await.unwrap();
    let runner = over(&redis).await;

    assert!(runner.set("k", "v").await.unwrap().success);
    redis.answer("GET", "$1\r\nv");
    assert_eq!(runner.get("k").await.unwrap().value, "v");
    redis.answer("GET", "$-1");
    assert!(!runner.get("k").await.unwrap().found);
    assert_eq!(health(&runner).await.0, HealthStatus::Healthy);
}

/// Calls are answered while Redis is away, health says so by every name but the lifecycle's, and all is well when it returns.
#[tokio::test]
async fn redis_may_go_and_return() {
    let mut redis = ScriptedRedis::start().await.unwrap();
    let runner = over(&redis).await;

    redis.stop().await;
    is(&runner, HealthStatus::Unhealthy).await;
    let (set, got) = (runner.set("k", "v").await, runner.get("k").await);

    let (set, got) = (set.unwrap(), got.unwrap());
    assert!(!set.success && set.error.starts_with("redis failed: "));
    assert!(!got.found && got.error.starts_with("redis failed: "));
    assert!(health(&runner).await.1.starts_with("redis is away: "));
    for (service, status) in [
        ("", ServingStatus::NotServing),
        (BASIC, ServingStatus::NotServing),
        (LIFECYCLE, ServingStatus::Serving),
    ] {
        assert_eq!(serving(&runner, service).await, status, "{service:?}");
    }

    redis.start_again().await.unwrap();
    is(&runner, HealthStatus::Healthy).await;
    soon(async { while serving(&runner, BASIC).await != ServingStatus::Serving {} }).await;
    assert!(runner.set("k", "v").await.unwrap().success);
}

/// A runner starts without its Redis, and says what is the matter.
#[tokio::test]
async fn a_runner_starts_without_redis() {
    let mut redis = ScriptedRedis::start().await.unwrap();
    redis.stop().await;

    let runner = over(&redis).await;

    assert_eq!(health(&runner).await.0, HealthStatus::Unhealthy);
    assert_eq!(serving(&runner, BASIC).await, ServingStatus::NotServing);
}

/// A Redis that refuses writes degrades the runner, which goes on serving.
#[tokio::test]
async fn a_refusal_degrades_the_runner() {
    let redis = ScriptedRedis::start().await.unwrap();
    let runner = over(&redis).await;
    redis.answer("SET", "-OOM no memory");

    let refused = runner.set("k", "v").await.unwrap();

    assert_eq!(refused.error, "redis failed: OOM no memory");
    assert_eq!(
        health(&runner).await,
        (
            HealthStatus::Degraded,
            "redis refuses calls: OOM no memory".to_owned()
        )
    );
    assert_eq!(serving(&runner, BASIC).await, ServingStatus::Serving);
}

/// A call that names a deadline is answered before it, by a Redis that hangs too.
#[tokio::test]
async fn a_call_is_answered_before_its_deadline() {
    let redis = ScriptedRedis::start().await.unwrap();
    let runner = over(&redis).await;
    redis.fall_silent();
    let mut request = Request::new(GetRequest {
        key: "k".to_owned(),
    });
    request.set_timeout(Duration::from_secs(1));
    let begun = Instant::now();

    let answer = runner.basic().get(request).await.unwrap().into_inner();

    assert_eq!(answer.error, "redis failed: no answer within 800ms");
    assert!(begun.elapsed() >= Duration::from_millis(800));
}

/// Each item of a batch says that Redis is away, and the batch is no failure.
#[tokio::test]
async fn a_batch_says_it_item_by_item() {
    let mut redis = ScriptedRedis::start().await.unwrap();
    redis.stop().await;
    let runner = over(&redis).await;
    let keys = vec!["a".to_owned(), "b".to_owned()];

    let answer = runner.batch().batch_get(BatchGetRequest { keys }).await;

    let answer = answer.unwrap().into_inner();
    assert_eq!((answer.results.len(), answer.found_count), (2, 0));
    for result in answer.results {
        assert!(result.error.starts_with("redis failed: "), "{result:?}");
    }
}

/// A proxy hears that Redis went and came back, and need not wait for the next heartbeat.
#[tokio::test]
async fn a_proxy_hears_the_news_at_once() {
    let mut redis = ScriptedRedis::start().await.unwrap();
    let mut proxy = ScriptedProxy::start();
    let _runner = Runner::start(&[
        "--store",
        "redis",
        "--redis-url",
        &redis.url(),
        "--proxy",
        &proxy.address.to_string(),
        "--heartbeat-interval",
        "1h",
    ])
    .await;
    let registering = proxy.registering().await;
    let extra = registering.request.metadata.clone().unwrap().extra;
    let mut registered = registering.accept("keyvalue-1").await;

    redis.stop().await;
    let Some(Message::Heartbeat(gone)) = registered.message().await.unwrap().message else {
        panic!("no heartbeat")
    };

    assert_eq!(gone.status(), HealthStatus::Unhealthy);
    assert_eq!(extra["store"], "shared");
}
