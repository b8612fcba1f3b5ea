//! Stop with a purge: the drain, and then the end of what the runner keeps.

use prism_api::interfaces::{StopRequest, StopResponse};
use redis_store::scripted::ScriptedRedis;
use tonic::{Code, Request, Response, Status};

use crate::harness::{Runner, soon};
use crate::held_call::{HeldCall, until_draining};

const REMOVED: &str = "x-prism-keys-removed";

/// Stops a runner with these metadata.
async fn stop(runner: &Runner, purge: Option<&str>) -> Result<Response<StopResponse>, Status> {
    let mut request = Request::new(StopRequest::default());
    if let Some(purge) = purge {
        let purge = purge.parse().unwrap();
        request.metadata_mut().insert("x-prism-purge", purge);
    }
    soon(runner.lifecycle().stop(request)).await
}

fn removed(answer: &Response<StopResponse>) -> Option<&str> {
    answer.metadata().get(REMOVED)?.to_str().ok()
}

/// The keys are removed after the drain: those that calls inside still stored, too.
#[tokio::test]
async fn a_purge_follows_the_drain() {
    let runner = Runner::start(&["--drain-timeout", "1h"]).await;
    runner.set("a", "v").await.unwrap();
    runner.set("b", "v").await.unwrap();
    let held = HeldCall::begin(&runner).await;

    let (answer, ()) = tokio::join!(stop(&runner, Some("1")), async {
        until_draining(runner.address).await;
        assert!(held.finish().await.unwrap().success);
    });

    let answer = answer.unwrap();
    assert_eq!(removed(&answer), Some("3"));
    assert!(answer.get_ref().success);
    runner.end().await.unwrap();
}

/// A Stop that does not ask removes nothing.
#[tokio::test]
async fn a_stop_alone_removes_nothing() {
    for purge in [None, Some("0")] {
        let runner = Runner::start(&[]).await;
        runner.set("a", "v").await.unwrap();

        let answer = stop(&runner, purge).await.unwrap();

        assert_eq!(removed(&answer), None);
        runner.end().await.unwrap();
    }
}

/// A runner of any namespace has none to purge: it refuses, and serves on.
#[tokio::test]
async fn a_shared_runner_refuses_a_purge() {
    let runner = Runner::start(&["--namespace", "*"]).await;

    let refused = stop(&runner, Some("1")).await.unwrap_err();

    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(runner.set("k", "v").await.unwrap().success);
}

/// What is neither yes nor no is refused, and the runner serves on.
#[tokio::test]
async fn a_purge_is_asked_for_plainly() {
    let runner = Runner::start(&[]).await;

    let refused = stop(&runner, Some("please")).await.unwrap_err();

    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("x-prism-purge"), "{refused}");
    assert!(runner.set("k", "v").await.unwrap().success);
}

/// A store that fails is named, and the drain is done all the same.
#[tokio::test]
async fn a_purge_that_fails_has_its_reason() {
    let mut redis = ScriptedRedis::start().await.unwrap();
    let runner = Runner::start(&["--store", "redis", "--redis-url", &redis.url()]).await;
    redis.stop().await;

    let failed = stop(&runner, Some("1")).await.unwrap_err();

    assert_eq!(failed.code(), Code::Unavailable);
    assert!(failed.message().contains("redis failed: "), "{failed}");
    runner.end().await.unwrap();
}
