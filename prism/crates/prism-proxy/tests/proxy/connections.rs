//! Connections that close, are told to go away, or stay silent.

use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::Ping;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Backend, Client, Proxy, get, soon, start, within};

/// A connection that closes before the head is UNAVAILABLE within 20 ms.
#[tokio::test]
async fn a_close_before_the_head_is_unavailable() {
    let (mut backend, _proxy, client) = start().await;
    let call = client.send(get(), "").await;
    let _arrival = backend.next().await;

    backend.kill().await;
    let killed = Instant::now();

    let answer = call.answer().await.unwrap();
    assert!(answer.is_trailers_only());
    assert_eq!(answer.status(), Some("14"));
    assert!(within(killed, Duration::from_millis(20)));
}

/// A connection that closes in the middle of a message is UNAVAILABLE, never OK.
#[tokio::test]
async fn a_close_within_a_message_is_unavailable() {
    let (mut backend, _proxy, client) = start().await;
    let call = client.send(get(), "").await;
    let mut arrival = backend.next().await;
    let mut stream = arrival.begin();
    stream
        .send_data(Bytes::from_static(b"\0\0\0\0\x09part"), false)
        .unwrap();
    let mut answer = call.head().await.unwrap();
    assert!(answer.body_mut().data().await.unwrap().is_ok());

    backend.kill().await;

    assert!(answer.body_mut().data().await.is_none());
    let trailers = answer.body_mut().trailers().await.unwrap().unwrap();
    assert_eq!(trailers["grpc-status"], "14");
}

/// A backend that is killed under load: only UNAVAILABLE, each at once, until it listens again; and no
/// call arrives twice (row 39).
#[tokio::test]
async fn calls_succeed_as_soon_as_a_killed_backend_is_back() {
    let (mut backend, _proxy, client) = start().await;
    let call = client.send(get(), "").await;
    backend.next().await.answer("before");
    assert_eq!(call.answer().await.unwrap().status(), Some("0"));
    let address = backend.kill().await;
    for _ in 0..20 {
        let asked = Instant::now();
        let answer = client.call(get()).await.unwrap();
        assert_eq!(answer.status(), Some("14"));
        assert!(within(asked, Duration::from_millis(20)));
    }

    let mut backend = Backend::at(address);
    let call = client.send(get(), "").await;
    backend.next().await.answer("after");

    assert_eq!(call.answer().await.unwrap().body, b"after");
    assert!(backend.arrived().is_none());
}

/// Row 39: a backend that dies after it has read the request has seen it once.
#[tokio::test]
async fn a_lost_request_is_never_sent_again() {
    let (mut backend, _proxy, client) = start().await;
    let call = client.send(get(), "").await;
    let mut arrival = backend.next().await;
    assert_eq!(arrival.body().await, b"");
    let address = backend.kill().await;
    let mut successor = Backend::at(address);

    let answer = call.answer().await.unwrap();

    assert_eq!(answer.status(), Some("14"));
    let next = client.send(get(), "next").await;
    assert_eq!(successor.next().await.body().await, b"next");
    assert!(successor.arrived().is_none());
    drop(next);
}

/// Row 37: after a GOAWAY the call in flight finishes, and the next one takes a new connection.
#[tokio::test]
async fn a_going_backend_finishes_what_it_has() {
    let (mut backend, _proxy, client) = start().await;
    let before = client.send(get(), "").await;
    let arrival = backend.next().await;
    let connections = backend.connections();

    backend.go_away();
    soon("a new connection", async {
        loop {
            let call = client.send(get(), "").await;
            backend.next().await.answer("next");
            assert_eq!(call.answer().await.unwrap().body, b"next");
            if backend.connections() > connections {
                return;
            }
        }
    })
    .await;
    arrival.answer("before");

    assert_eq!(before.answer().await.unwrap().body, b"before");
}

/// Reads up to and with these bytes, and none after them.
async fn read_past(socket: &mut TcpStream, mark: &[u8]) {
    let mut read = Vec::new();
    while !read.ends_with(mark) {
        read.push(socket.read_u8().await.unwrap());
    }
}

/// Row 38: a request that a GOAWAY leaves out goes back as a refusal, which its client may retry.
#[tokio::test]
async fn a_request_below_no_goaway_is_refused() {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const PING_HEAD: [u8; 9] = [0, 0, 8, 6, 0, 0, 0, 0, 0];
    const PONG_HEAD: [u8; 9] = [0, 0, 8, 6, 1, 0, 0, 0, 0];
    const GOAWAY_OF_NOTHING: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::to_address(listener.local_addr().unwrap()).await;
    let (mut socket, _) = listener.accept().await.unwrap();
    socket.write_all(&SETTINGS).await.unwrap();
    let client = Client::connect(proxy.data).await;
    let call = client.send(get(), "marked").await;
    read_past(&mut socket, &PING_HEAD).await;
    let mut ping = [0; 8];
    socket.read_exact(&mut ping).await.unwrap();
    socket.write_all(&PONG_HEAD).await.unwrap();
    socket.write_all(&ping).await.unwrap();
    read_past(&mut socket, b"marked").await;

    socket.write_all(&GOAWAY_OF_NOTHING).await.unwrap();

    let error = call.answer().await.unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::REFUSED_STREAM));
}

/// A backend that stops answering for a while loses only the calls that could not wait.
#[tokio::test]
async fn a_stopped_backend_loses_only_the_calls_of_the_gap() {
    let (mut backend, _proxy, client) = start().await;
    let impatient = get();
    let (mut head, ()) = impatient.into_parts();
    head.headers.insert("grpc-timeout", "100m".parse().unwrap());
    let lost = client.call(http::Request::from_parts(head, ())).await;
    let patient = client.send(get(), "").await;

    let in_the_gap = backend.next().await;
    backend.next().await.answer("late");

    assert_eq!(lost.unwrap().status(), Some("4"));
    assert_eq!(patient.answer().await.unwrap().body, b"late");
    assert!(backend.arrived().is_none());
    drop(in_the_gap);
}

/// Row 41: a ping is answered at once, also while calls are in flight.
#[tokio::test]
async fn a_ping_is_answered() {
    let (mut backend, _proxy, mut client) = start().await;
    let _call = client.send(get(), "").await;
    let _arrival = backend.next().await;
    let asked = Instant::now();

    soon("a pong", client.ping.ping(Ping::opaque()))
        .await
        .unwrap();

    assert!(within(asked, Duration::from_millis(50)));
}
