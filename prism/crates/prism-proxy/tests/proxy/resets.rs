//! Resets, in both directions, with their codes.

use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::Reason;

use crate::support::{Client, get, soon, start, within};

/// Row 21: a client that cancels a unary call cancels it at the backend.
#[tokio::test]
async fn a_cancelled_call_is_cancelled_at_the_backend() {
    let (mut backend, _proxy, client) = start().await;
    let mut call = client.send(get(), "").await;
    let mut arrival = backend.next().await;
    assert_eq!(arrival.body().await, b"");
    let cancelled = Instant::now();

    call.body.send_reset(Reason::CANCEL);

    assert_eq!(arrival.was_reset().await, Reason::CANCEL);
    assert!(within(cancelled, Duration::from_millis(50)));
}

/// Row 21: the same in the middle of an upload, and of an answer.
#[tokio::test]
async fn a_cancelled_stream_is_cancelled_at_the_backend() {
    let (mut backend, _proxy, client) = start().await;
    let mut upload = client.open(get()).await;
    upload
        .body
        .send_data(Bytes::from_static(b"part"), false)
        .unwrap();
    let mut uploading = backend.next().await;
    let mut download = client.send(get(), "").await;
    let mut downloading = backend.next().await;
    let mut stream = downloading.begin();
    (&mut download.response).await.unwrap();

    upload.body.send_reset(Reason::CANCEL);
    download.body.send_reset(Reason::CANCEL);

    assert_eq!(uploading.was_reset().await, Reason::CANCEL);
    let reset = std::future::poll_fn(|cx| stream.poll_reset(cx));
    assert_eq!(soon("a reset", reset).await.unwrap(), Reason::CANCEL);
}

/// Row 22: a client that vanishes resets its streams; the connection to the backend stays.
#[tokio::test]
async fn a_vanished_client_resets_its_streams() {
    let (mut backend, proxy, client) = start().await;
    let mut arrivals = Vec::new();
    let mut calls = Vec::new();
    for _ in 0..50 {
        calls.push(client.send(get(), "").await);
        arrivals.push(backend.next().await);
    }
    let connections = backend.connections();
    let vanished = Instant::now();

    client.vanish().await;

    for arrival in &mut arrivals {
        assert_eq!(arrival.was_reset().await, Reason::CANCEL);
    }
    assert!(within(vanished, Duration::from_millis(100)));
    let next = Client::connect(proxy.data).await.send(get(), "").await;
    backend.next().await.answer("alive");
    assert_eq!(next.answer().await.unwrap().body, b"alive");
    assert_eq!(backend.connections(), connections);
}

/// Row 23: a reset before the head reaches the client with its code.
#[tokio::test]
async fn a_reset_keeps_its_code() {
    let (mut backend, _proxy, client) = start().await;
    for code in [
        Reason::INTERNAL_ERROR,
        Reason::REFUSED_STREAM,
        Reason::CANCEL,
        Reason::ENHANCE_YOUR_CALM,
        Reason::NO_ERROR,
    ] {
        let call = client.send(get(), "").await;

        backend.next().await.reset(code);

        let error = call.answer().await.unwrap_err();
        assert!(error.is_reset());
        assert_eq!(error.reason(), Some(code));
    }
}

/// Row 24: a reset after the head, or after data, is a reset for the client, `NO_ERROR` too.
#[tokio::test]
async fn a_late_reset_is_never_an_end() {
    let (mut backend, _proxy, client) = start().await;
    for code in [Reason::NO_ERROR, Reason::INTERNAL_ERROR, Reason::CANCEL] {
        for body in ["", "data"] {
            let call = client.send(get(), "").await;
            let mut arrival = backend.next().await;
            let mut stream = arrival.begin();
            let mut answer = call.head().await.unwrap();
            if !body.is_empty() {
                stream.send_data(Bytes::from(body), false).unwrap();
                assert_eq!(answer.body_mut().data().await.unwrap().unwrap(), body);
            }

            stream.send_reset(code);

            let end = soon("the reset", answer.body_mut().data()).await;
            let error = end.expect("an end of the body").unwrap_err();
            assert_eq!(error.reason(), Some(code));
        }
    }
}

/// A client that resets with `NO_ERROR` has not ended its request: the backend sees a reset too.
#[tokio::test]
async fn a_cut_request_is_never_an_end() {
    let (mut backend, _proxy, client) = start().await;
    let mut call = client.open(get()).await;
    call.body
        .send_data(Bytes::from_static(b"part"), false)
        .unwrap();
    let mut arrival = backend.next().await;
    let part = arrival.request.body_mut().data().await.unwrap().unwrap();

    call.body.send_reset(Reason::NO_ERROR);

    assert_eq!(part, "part");
    assert_eq!(arrival.was_reset().await, Reason::NO_ERROR);
    assert!(!arrival.request.body().is_end_stream());
}
