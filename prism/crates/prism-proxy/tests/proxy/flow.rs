//! Flow control: what nobody reads is not held, and stalls nobody else.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use h2::{Reason, RecvStream, SendStream, client, server};
use http::Response;
use tokio::task::JoinSet;

use crate::support::{Backend, Client, Proxy, get, soon, within};

/// More than any stream may leave behind in the proxy.
const PLENTY: usize = 4 << 20;

/// What one stalled stream may leave behind: windows and buffers on both of the proxy's sides, and in the
/// sockets' buffers of this process.
const HELD_PER_STREAM: usize = 512 << 10;

/// Sends until nothing more is taken for a while; how much it was.
async fn send_until_stalled(mut stream: SendStream<Bytes>) -> (SendStream<Bytes>, usize) {
    let mut sent = 0;
    while sent < PLENTY {
        stream.reserve_capacity(16 << 10);
        let room = std::future::poll_fn(|cx| stream.poll_capacity(cx));
        let Ok(room) = tokio::time::timeout(Duration::from_millis(300), room).await else {
            break;
        };
        let chunk = Bytes::from(vec![0; room.unwrap().unwrap()]);
        sent += chunk.len();
        stream.send_data(chunk, false).unwrap();
    }
    (stream, sent)
}

/// A client whose connection window lets stalled streams take what they can.
async fn client_that_may_stall(proxy: &Proxy) -> Client {
    let mut builder = client::Builder::new();
    builder.initial_connection_window_size(64 << 20);
    Client::with(proxy.data, &builder).await
}

/// Opens calls whose answers are endless, and reads none of them.
async fn stall(
    client: &Client,
    backend: &mut Backend,
    count: usize,
) -> (
    Vec<Response<RecvStream>>,
    JoinSet<(SendStream<Bytes>, usize)>,
) {
    let (mut unread, mut senders) = (Vec::new(), JoinSet::new());
    for _ in 0..count {
        let call = client.send(get(), "").await;
        senders.spawn(send_until_stalled(backend.next().await.begin()));
        unread.push(call.head().await.unwrap());
    }
    (unread, senders)
}

/// Rows 32 and 34: while streams that nobody reads hold all they can get, others are served at once, and
/// what the stalled ones hold is small.
#[tokio::test]
async fn stalled_streams_stop_nobody() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let slow = client_that_may_stall(&proxy).await;

    let (unread, senders) = stall(&slow, &mut backend, 127).await;
    let held = soon("stalling", senders.join_all()).await;
    for (_, sent) in &held {
        assert!(*sent <= HELD_PER_STREAM, "{sent} bytes were taken");
    }
    let fast = Client::connect(proxy.data).await;
    for client in [&fast, &slow] {
        let asked = Instant::now();
        let call = client.send(get(), "").await;
        backend.next().await.answer(vec![1; 32 << 10]);
        assert_eq!(call.answer().await.unwrap().body.len(), 32 << 10);
        assert!(within(asked, Duration::from_millis(50)));
    }
    drop(unread);
}

/// Row 33: an upload to a backend that never reads is held back at the client.
#[tokio::test]
async fn a_backend_that_does_not_read_holds_its_client_back() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    let call = client.open(get()).await;
    let _unread = backend.next().await;

    let (_stream, sent) = send_until_stalled(call.body).await;

    assert!(sent <= HELD_PER_STREAM, "{sent} bytes were taken");
    let next = client.send(get(), "").await;
    backend.next().await.answer("served");
    assert_eq!(next.answer().await.unwrap().body, b"served");
}

/// A stream that was stalled flows on as soon as it is read.
#[tokio::test]
async fn a_stalled_stream_flows_on_when_it_is_read() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    let (mut unread, mut senders) = stall(&client, &mut backend, 1).await;
    let (mut stream, sent) = senders.join_next().await.unwrap().unwrap();
    stream.send_data(Bytes::from_static(b"end"), true).unwrap();

    let mut received = 0;
    let body = unread[0].body_mut();
    while let Some(chunk) = soon("more data", body.data()).await {
        let length = chunk.unwrap().len();
        body.flow_control().release_capacity(length).unwrap();
        received += length;
    }

    assert_eq!(received, sent + 3);
}

/// Calls that one connection may have open.
const LIMIT: usize = 128;

/// Row 35: a stream past the limit, of a client that has not heard of it, is refused; the connection lives.
#[tokio::test]
async fn streams_past_the_limit_are_refused() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let mut builder = client::Builder::new();
    builder.initial_max_send_streams(2 * LIMIT);
    let client = Client::with(proxy.data, &builder).await;
    // Nothing is sent, and no limit heard of, before this test waits for something.
    let mut calls = Vec::new();
    for _ in 0..=LIMIT {
        calls.push(client.open(get()).now_or_never().unwrap());
    }

    let refused = calls.pop().unwrap().answer().await.unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::REFUSED_STREAM));
    for call in calls {
        backend.next().await.answer("served");
        assert_eq!(call.answer().await.unwrap().body, b"served");
    }
}

/// Row 35: a client that keeps to the limit gets every call through.
#[tokio::test]
async fn a_client_that_keeps_to_the_limit_waits_for_its_turn() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    let mut held = Vec::new();
    for _ in 0..LIMIT {
        let call = client.send(get(), "").await;
        held.push((call, backend.next().await));
    }

    let waiting = client.send(get(), "").await;
    assert!(backend.arrived().is_none());
    let (first, arrival) = held.remove(0);
    arrival.answer("first");
    assert_eq!(first.answer().await.unwrap().body, b"first");
    backend.next().await.answer("waited");

    assert_eq!(waiting.answer().await.unwrap().body, b"waited");
}

/// Row 36: a backend that takes one call at a time serves fifteen at once, on further connections.
#[tokio::test]
async fn a_backends_own_limit_is_kept() {
    let mut builder = server::Builder::new();
    builder.max_concurrent_streams(1);
    let mut backend = Backend::with(&builder).await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    // The limit is known once a first call has gone through.
    let first = client.send(get(), "").await;
    backend.next().await.answer("first");
    assert_eq!(first.answer().await.unwrap().status(), Some("0"));

    let mut calls = Vec::new();
    for _ in 0..15 {
        calls.push(client.send(get(), "").await);
    }
    for _ in 0..15 {
        backend.next().await.answer("served");
    }

    for call in calls {
        assert_eq!(call.answer().await.unwrap().body, b"served");
    }
}

/// Many streams at once go to the backend over as many connections as they need, and no more; when they
/// have ended, what they needed is closed again.
#[tokio::test]
async fn many_streams_take_further_connections() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let clients = [
        Client::connect(proxy.data).await,
        Client::connect(proxy.data).await,
    ];
    let mut held = Vec::new();
    for at in 0..200 {
        let call = clients[at % 2].send(get(), "").await;
        held.push((call, backend.next().await));
    }

    assert_eq!(backend.connections(), 2);
    for (call, arrival) in held {
        arrival.answer("served");
        assert_eq!(call.answer().await.unwrap().body, b"served");
    }
    soon("the end of a connection", backend.open_connections(1)).await;
}
