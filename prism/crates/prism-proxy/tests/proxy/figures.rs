//! The figures of the control port, read as Prometheus reads them.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Backend, Client, Proxy, SERVICE, get, request, soon};

/// The whole answer to a GET over HTTP/1.1.
async fn fetch(address: SocketAddr, path: &str) -> String {
    let asked = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    soon("an answer over HTTP/1.1", asked).await
}

/// Waits until the figures have a line: a call counts a moment after its client has the answer.
async fn shows(proxy: &Proxy, line: &str) {
    let shown = async { while !fetch(proxy.control, "/metrics").await.contains(line) {} };
    soon(line, shown).await;
}

/// A call that was passed on counts with the status that the runner gave it.
#[tokio::test]
async fn passed_calls_count_with_the_runners_status() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;

    let call = client.send(get(), "").await;
    let arrival = backend.next().await;
    shows(
        &proxy,
        &format!("prism_calls_in_flight{{service=\"{SERVICE}\"}} 1\n"),
    )
    .await;
    arrival.answer("value");
    call.answer().await.unwrap();

    shows(
        &proxy,
        &format!("prism_calls_in_flight{{service=\"{SERVICE}\"}} 0\n"),
    )
    .await;
    for line in [
        format!("prism_calls_total{{service=\"{SERVICE}\",status=\"OK\"}} 1\n"),
        format!("prism_call_duration_seconds_count{{service=\"{SERVICE}\"}} 1\n"),
        "prism_connections 1\n".to_owned(),
    ] {
        shows(&proxy, &line).await;
    }
}

/// Calls that the proxy answers itself count too: by service where it knows it, else with all others.
#[tokio::test]
async fn refused_calls_count_under_a_bounded_name() {
    let proxy = Proxy::alone().await;
    let client = Client::connect(proxy.data).await;

    client.call(get()).await.unwrap();
    for number in 0..3 {
        let unknown = request(&format!("/unknown.Service{number}/Get"));
        client.call(unknown.body(()).unwrap()).await.unwrap();
    }

    for line in [
        format!("prism_calls_total{{service=\"{SERVICE}\",status=\"UNAVAILABLE\"}} 1\n"),
        "prism_calls_total{service=\"other\",status=\"UNIMPLEMENTED\"} 3\n".to_owned(),
    ] {
        shows(&proxy, &line).await;
    }
    assert!(
        !fetch(proxy.control, "/metrics")
            .await
            .contains("unknown.Service")
    );
}

/// A path that is nobody's is not found.
#[tokio::test]
async fn another_path_is_not_found() {
    let proxy = Proxy::alone().await;

    let answer = fetch(proxy.control, "/nothing").await;

    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}
