//! What the runner shows of itself: figures over HTTP/1.1, and its services by reflection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use redis_store::scripted::ScriptedRedis;
use tokio_stream::once;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use crate::harness::{PATIENCE, Runner, soon};

const BASIC: &str = "prism.interfaces.keyvalue.KeyValueBasicInterface";

/// The whole answer to a GET over HTTP/1.1.
async fn get(address: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: runner\r\nconnection: close\r\n\r\n");
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    soon(asked).await.unwrap()
}

/// Calls are counted by service and status, with how long they took.
#[tokio::test]
async fn calls_are_counted() {
    let runner = Runner::start(&[]).await;
    runner.set("k", "v").await.unwrap();
    runner.get("k").await.unwrap();
    runner.get("").await.unwrap_err();

    let metrics = get(runner.address, "/metrics").await;

    assert!(metrics.starts_with("HTTP/1.1 200 OK\r\n"), "{metrics}");
    assert!(metrics.contains("content-type: text/plain; version=0.0.4"));
    for line in [
        format!("prism_calls_total{{service=\"{BASIC}\",status=\"OK\"}} 2"),
        format!("prism_calls_total{{service=\"{BASIC}\",status=\"INVALID_ARGUMENT\"}} 1"),
        format!("prism_calls_in_flight{{service=\"{BASIC}\"}} 0"),
        format!("prism_call_duration_seconds_count{{service=\"{BASIC}\"}} 3"),
        "prism_connections 2".to_owned(),
        "prism_store_reachable 1".to_owned(),
    ] {
        assert!(metrics.contains(&line), "{line}\n{metrics}");
    }
}

/// A store that is away shows.
#[tokio::test]
async fn a_store_that_is_away_shows() {
    let mut redis = ScriptedRedis::start().await.unwrap();
    redis.stop().await;
    let runner = Runner::start(&["--store", "redis", "--redis-url", &redis.url()]).await;

    let metrics = get(runner.address, "/metrics").await;

    assert!(metrics.contains("prism_store_reachable 0"), "{metrics}");
}

/// A path that is nobody's is not found.
#[tokio::test]
async fn another_path_is_not_found() {
    let runner = Runner::start(&[]).await;

    let answer = get(runner.address, "/nothing").await;

    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

/// Tools without proto files learn what is served, and how it is called.
#[tokio::test]
async fn services_are_described() {
    let runner = Runner::start(&[]).await;

    let services = match ask(&runner, MessageRequest::ListServices(String::new())).await {
        Some(MessageResponse::ListServicesResponse(list)) => list.service,
        other => panic!("{other:?}"),
    };
    let file = ask(
        &runner,
        MessageRequest::FileContainingSymbol(BASIC.to_owned()),
    )
    .await;

    let names: Vec<_> = services.iter().map(|service| &*service.name).collect();
    for name in [
        BASIC,
        "prism.interfaces.LifecycleInterface",
        "grpc.health.v1.Health",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert!(!names.contains(&"prism.ControlPlane"), "{names:?}");
    assert!(matches!(
        file,
        Some(MessageResponse::FileDescriptorResponse(_))
    ));
}

async fn ask(runner: &Runner, question: MessageRequest) -> Option<MessageResponse> {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    };
    let mut client = ServerReflectionClient::new(runner.channel.clone());
    let answers = client.server_reflection_info(once(request)).await.unwrap();
    let answer: Option<ServerReflectionResponse> = answers.into_inner().message().await.unwrap();
    answer.unwrap().message_response
}
