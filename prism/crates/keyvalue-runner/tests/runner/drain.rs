//! The drain, as clients see it.

use prism_api::interfaces::{DrainRequest, StopRequest};
use tonic::Code;

use crate::harness::{Runner, soon};
use crate::held_call::HeldCall;

/// With nothing to wait for, the runner ends at once and well.
#[tokio::test]
async fn an_idle_runner_ends_at_once() {
    let runner = Runner::start(&["--drain-timeout", "1h"]).await;
    runner.set("k", "v").await.unwrap();

    runner.terminate();

    runner.end().await.unwrap();
}

/// A call inside when the drain begins finishes; one that comes later is told to go elsewhere.
#[tokio::test]
async fn calls_inside_finish_and_new_ones_are_refused() {
    let runner = Runner::start(&["--drain-timeout", "1h"]).await;
    let held = HeldCall::begin(&runner).await;

    runner.terminate();
    let refused = refusal(&runner).await;

    assert_eq!(
        (refused.code(), refused.message()),
        (Code::Unavailable, "draining")
    );
    assert!(held.finish().await.unwrap().success);
    runner.end().await.unwrap();
}

/// A call that takes too long is ended, and so is the runner.
#[tokio::test]
async fn a_call_out_of_time_is_unavailable() {
    let runner = Runner::start(&["--drain-timeout", "20ms"]).await;
    let held = HeldCall::begin(&runner).await;

    runner.terminate();

    let error = held.answered().await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::Unavailable, "draining: out of time")
    );
    runner.end().await.unwrap();
}

/// An order to drain is answered when that is done, with what became of the calls inside.
#[tokio::test]
async fn an_order_to_drain_is_answered_with_counts() {
    let runner = Runner::start(&["--drain-timeout", "1h"]).await;
    let held = HeldCall::begin(&runner).await;
    let mut lifecycle = runner.lifecycle();
    let request = DrainRequest {
        timeout_seconds: 0,
        reason: "upgrade".to_owned(),
    };

    let drained = tokio::spawn(async move { lifecycle.drain(request).await });
    refusal(&runner).await;
    held.finish().await.unwrap();

    let drained = soon(drained).await.unwrap().unwrap().into_inner();
    assert!(drained.success);
    assert_eq!(
        (drained.drained_operations, drained.aborted_operations),
        (1, 0)
    );
    runner.end().await.unwrap();
}

/// An order may give the drain less time than it would have.
#[tokio::test]
async fn an_order_can_shorten_the_drain() {
    let runner = Runner::start(&["--drain-timeout", "1h"]).await;
    let held = HeldCall::begin(&runner).await;
    let request = DrainRequest {
        timeout_seconds: 1,
        reason: String::new(),
    };

    let drained = soon(runner.lifecycle().drain(request))
        .await
        .unwrap()
        .into_inner();

    assert_eq!(
        (drained.drained_operations, drained.aborted_operations),
        (0, 1)
    );
    assert_eq!(held.answered().await.unwrap_err().code(), Code::Unavailable);
    runner.end().await.unwrap();
}

/// An order to stop is the same drain, and a second one finds it done.
#[tokio::test]
async fn an_order_to_stop_drains() {
    let runner = Runner::start(&["--drain-timeout", "1h"]).await;

    let stopped = soon(runner.lifecycle().stop(StopRequest { timeout_seconds: 0 }))
        .await
        .unwrap()
        .into_inner();

    assert!(stopped.success);
    runner.end().await.unwrap();
}

/// The first call that is refused; calls that come before the drain has reached the gate are served.
async fn refusal(runner: &Runner) -> tonic::Status {
    loop {
        if let Err(status) = runner.get("k").await {
            return status;
        }
    }
}
