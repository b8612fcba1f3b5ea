//! Bodies: whatever their size and framing, the same bytes come out.

use std::time::Duration;

use bytes::Bytes;

use crate::support::{Backend, Client, Proxy, get};

async fn start() -> (Backend, Proxy, Client) {
    let backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    (backend, proxy, client)
}

/// A body in which no two stretches are alike.
fn pattern(length: usize) -> Bytes {
    (0..length)
        .map(|at| u8::try_from((at * 31 + at / 251) % 256).unwrap())
        .collect::<Vec<_>>()
        .into()
}

/// Row 31: the proxy has no message limit of its own: 64 MiB go up and come down.
#[tokio::test]
async fn a_large_message_goes_both_ways() {
    let (mut backend, _proxy, client) = start().await;
    let large = pattern(64 << 20);
    let call = client.send(get(), large.clone()).await;

    let mut arrival = backend.next().await;
    let sent = arrival.body().await;
    arrival.answer(sent);

    let answer = call.answer().await.unwrap();
    assert!(answer.body == large);
    assert_eq!(answer.status(), Some("0"));
}

/// Rows 28 and 29: a message in frames of one byte arrives whole; nothing in it is understood.
#[tokio::test]
async fn a_message_in_tiny_frames_arrives() {
    let (mut backend, _proxy, client) = start().await;
    let message = pattern(3000);
    let mut call = client.open(get()).await;
    let mut arrival = backend.next().await;
    let receiving = tokio::spawn(async move {
        let sent = arrival.body().await;
        arrival.answer(sent);
    });

    for at in 0..message.len() {
        let byte = message.slice(at..=at);
        call.body.send_data(byte, at + 1 == message.len()).unwrap();
        tokio::task::yield_now().await;
    }

    assert!(call.answer().await.unwrap().body == message);
    receiving.await.unwrap();
}

/// Row 27: an empty frame that ends the stream ends it at the backend.
#[tokio::test]
async fn an_empty_last_frame_ends_the_stream() {
    let (mut backend, _proxy, client) = start().await;
    let mut call = client.open(get()).await;
    call.body
        .send_data(Bytes::from_static(b"all"), false)
        .unwrap();
    let mut arrival = backend.next().await;
    let first = arrival.request.body_mut().data().await.unwrap().unwrap();

    call.body.send_data(Bytes::new(), true).unwrap();

    assert_eq!(first, "all");
    assert_eq!(arrival.body().await, b"");
    assert!(arrival.request.body().is_end_stream());
}

/// Row 26: after the client's half is closed, the server may stream on; nothing idle is cut.
#[tokio::test]
async fn a_server_stream_goes_on_after_half_close() {
    let (mut backend, _proxy, client) = start().await;
    let call = client.send(get(), "").await;
    let mut arrival = backend.next().await;
    assert_eq!(arrival.body().await, b"");
    let mut stream = arrival.begin();
    let mut answer = call.head().await.unwrap();

    tokio::time::pause();
    for _ in 0..60 {
        tokio::time::advance(Duration::from_secs(1)).await;
        stream
            .send_data(Bytes::from_static(b"tick"), false)
            .unwrap();
        let tick = answer.body_mut().data().await.unwrap().unwrap();
        assert_eq!(tick, "tick");
    }
    stream.send_data(Bytes::new(), true).unwrap();

    assert_eq!(answer.body_mut().data().await.unwrap().unwrap(), "");
    assert!(answer.body().is_end_stream());
}
