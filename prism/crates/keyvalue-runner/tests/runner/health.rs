//! `grpc.health.v1` and the listener that serves it.

use std::io::{Read, Write};
use std::net::TcpStream;

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::harness::{PATIENCE, Runner, soon};
use crate::held_call::HeldCall;

const SERVICES: [&str; 5] = [
    "",
    "prism.interfaces.LifecycleInterface",
    "prism.interfaces.keyvalue.KeyValueBasicInterface",
    "prism.interfaces.keyvalue.KeyValueTTLInterface",
    "prism.interfaces.keyvalue.KeyValueBatchInterface",
];

fn named(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

/// Each service is serving by its name.
#[tokio::test]
async fn every_service_is_serving() {
    let runner = Runner::start(&[]).await;
    let mut health = HealthClient::new(runner.channel.clone());

    for service in SERVICES {
        let answer = health.check(named(service)).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
}

/// A service that the runner does not have is not found.
#[tokio::test]
async fn an_unknown_service_is_not_found() {
    let runner = Runner::start(&[]).await;

    let error = HealthClient::new(runner.channel.clone())
        .check(named("nobody"))
        .await
        .unwrap_err();

    assert_eq!(error.code(), Code::NotFound);
}

/// From the drain on nothing is serving, though calls inside still are.
#[tokio::test]
async fn a_draining_runner_is_not_serving() {
    let runner = Runner::start(&[]).await;
    let _held = HeldCall::begin(&runner).await;
    let mut health = HealthClient::new(runner.channel.clone());
    let mut watch = health.watch(named(SERVICES[2])).await.unwrap().into_inner();
    assert_eq!(
        watch.message().await.unwrap().unwrap().status(),
        ServingStatus::Serving
    );

    runner.terminate();

    let news = soon(watch.message()).await.unwrap().unwrap();
    assert_eq!(news.status(), ServingStatus::NotServing);
    for service in SERVICES {
        let answer = health.check(named(service)).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::NotServing, "{service}");
    }
}

/// HTTP/1.1 on the same listener gets an answer in its own words.
#[tokio::test]
async fn http_1_is_understood() {
    let runner = Runner::start(&[]).await;
    let address = runner.address;

    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: runner\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });

    assert!(soon(answer).await.unwrap().starts_with("HTTP/1.1 "));
}
