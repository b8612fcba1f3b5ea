//! Deadlines, kept by the proxy itself.

use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::Reason;
use http::Request;
use tokio::net::TcpListener;

use crate::support::{Client, Proxy, SERVICE, request, soon, start, within};

fn get_within(timeout: &str) -> Request<()> {
    request(&format!("/{SERVICE}/Get"))
        .header("grpc-timeout", timeout)
        .body(())
        .unwrap()
}

/// Row 18: the backend is given no more time than the client gave.
#[tokio::test]
async fn the_timeout_is_passed_on() {
    let (mut backend, _proxy, client) = start().await;
    let _call = client.send(get_within("500m"), "").await;

    let arrival = backend.next().await;

    assert_eq!(arrival.request.headers()["grpc-timeout"], "500m");
}

/// Row 19: a backend that hangs is given up at the deadline, though the client never cancels.
#[tokio::test]
async fn a_hanging_backend_meets_the_deadline() {
    let (mut backend, _proxy, client) = start().await;
    let sent = Instant::now();
    let mut call = client.open(get_within("200m")).await;
    call.body
        .send_data(Bytes::from_static(b"part"), false)
        .unwrap();
    let mut arrival = backend.next().await;

    let answer = call.answer().await.unwrap();
    let waited = sent.elapsed();

    assert_eq!(answer.status(), Some("4"));
    assert!((190..250).contains(&waited.as_millis()), "{waited:?}");
    assert_eq!(arrival.was_reset().await, Reason::CANCEL);
    assert!(!arrival.request.body().is_end_stream());
}

/// Row 19: a stream that has begun is ended at the deadline, by trailers.
#[tokio::test]
async fn a_begun_answer_meets_the_deadline() {
    let (mut backend, _proxy, client) = start().await;
    let call = client.send(get_within("200m"), "").await;
    let mut arrival = backend.next().await;
    let mut stream = arrival.begin();
    stream
        .send_data(Bytes::from_static(b"part"), false)
        .unwrap();

    let answer = call.answer().await.unwrap();

    assert_eq!(answer.body, b"part");
    assert_eq!(answer.status(), Some("4"));
    let reset = std::future::poll_fn(|cx| stream.poll_reset(cx));
    assert_eq!(soon("a reset", reset).await.unwrap(), Reason::CANCEL);
}

/// A backend that is stopped before it has said a word meets the deadline too.
#[tokio::test]
async fn a_silent_backend_meets_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::to_address(silent.local_addr().unwrap()).await;
    let sent = Instant::now();

    let client = Client::connect(proxy.data).await;
    let answer = client.call(get_within("100m")).await.unwrap();

    assert_eq!(answer.status(), Some("4"));
    assert!(within(sent, Duration::from_millis(150)));
}

/// Row 20: a malformed timeout is refused, and no backend hears of it.
#[tokio::test]
async fn a_malformed_timeout_is_refused() {
    let (mut backend, _proxy, client) = start().await;
    for timeout in ["5x", "-1S", "123456789m", ""] {
        let answer = client.call(get_within(timeout)).await.unwrap();

        assert_eq!(answer.status(), Some("13"), "{timeout:?}");
        assert!(answer.message().contains("grpc-timeout"));
    }
    assert!(backend.arrived().is_none());
}
