//! `LifecycleInterface`, called without a proxy.

use std::collections::BTreeMap;

use prism_api::interfaces::{
    DrainRequest, HealthCheckRequest, HealthStatus, InitializeRequest, StartRequest, StopRequest,
};
use prost_types::value::Kind;
use prost_types::{Struct, Value};
use tonic::Code;

use crate::harness::Runner;

fn initialize(fields: &[(&str, Kind)]) -> InitializeRequest {
    let value = |kind: &Kind| Value {
        kind: Some(kind.clone()),
    };
    let fields: BTreeMap<_, _> = fields
        .iter()
        .map(|(name, kind)| ((*name).to_owned(), value(kind)))
        .collect();
    InitializeRequest {
        config: Some(Struct { fields }),
        ..Default::default()
    }
}

fn text(text: &str) -> Kind {
    Kind::StringValue(text.to_owned())
}

/// Initialize tells what the runner is, Start where it serves.
#[tokio::test]
async fn a_runner_is_initialized_and_started() {
    let runner = Runner::start(&["--namespace", "orders", "--advertise", "runner-1"]).await;

    let initialized = runner
        .lifecycle()
        .initialize(InitializeRequest::default())
        .await
        .unwrap()
        .into_inner();
    let started = runner
        .lifecycle()
        .start(StartRequest {})
        .await
        .unwrap()
        .into_inner();

    assert!(initialized.success);
    assert_eq!(initialized.metadata.unwrap().extra["namespace"], "orders");
    assert_eq!(
        (started.success, started.data_endpoint),
        (true, format!("runner-1:{}", runner.address.port()))
    );
}

/// Start before Initialize is out of order.
#[tokio::test]
async fn starting_first_is_out_of_order() {
    let runner = Runner::start(&[]).await;

    let error = runner.lifecycle().start(StartRequest {}).await.unwrap_err();

    assert_eq!(error.code(), Code::FailedPrecondition);
}

/// A configuration may name the store there is, and no other.
#[tokio::test]
async fn a_configuration_that_does_not_fit_is_refused() {
    let runner = Runner::start(&[]).await;
    let object = Kind::StructValue(Struct::default());

    let fits = initialize(&[("backend", text("memstore")), ("backend_config", object)]);
    assert!(
        runner
            .lifecycle()
            .initialize(fits)
            .await
            .unwrap()
            .into_inner()
            .success
    );

    for (config, field) in [
        (initialize(&[("backend", text("redis"))]), "config.backend"),
        (
            initialize(&[("backend", Kind::NumberValue(1.0))]),
            "config.backend",
        ),
        (
            initialize(&[("backend_config", text("x"))]),
            "config.backend_config",
        ),
    ] {
        let error = runner.lifecycle().initialize(config).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().starts_with(field), "{error}");
    }
}

/// A negative time is refused by name, and nothing drains.
#[tokio::test]
async fn a_negative_timeout_is_refused() {
    let runner = Runner::start(&[]).await;
    let drain = DrainRequest {
        timeout_seconds: -1,
        reason: String::new(),
    };

    let errors = [
        runner.lifecycle().drain(drain).await.unwrap_err(),
        runner
            .lifecycle()
            .stop(StopRequest {
                timeout_seconds: -1,
            })
            .await
            .unwrap_err(),
    ];

    for error in errors {
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(
            error.message().starts_with("timeout_seconds is -1"),
            "{error}"
        );
    }
    assert!(runner.set("k", "v").await.unwrap().success);
}

/// Health says what is served from where.
#[tokio::test]
async fn health_has_details() {
    let runner = Runner::start(&["--namespace", "*"]).await;

    let health = runner
        .lifecycle()
        .health_check(HealthCheckRequest {})
        .await
        .unwrap()
        .into_inner();

    assert_eq!(
        (health.status(), health.message.as_str()),
        (HealthStatus::Healthy, "serving")
    );
    assert_eq!(
        (
            health.details["namespace"].as_str(),
            health.details["store"].as_str()
        ),
        ("*", "memstore")
    );
}
