//! Clients that mean harm: their own connection ends, and nobody else notices.

use std::time::{Duration, Instant};

use http::HeaderValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Backend, Client, Proxy, SERVICE, get, soon, within};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const END_HEADERS: u8 = 4;
const ENHANCE_YOUR_CALM: u8 = 11;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags];
    [&head[..], &stream.to_be_bytes(), payload].concat()
}

/// The head of a call, without compression.
fn head() -> Vec<u8> {
    const POST_HTTP: [u8; 2] = [0x83, 0x86];
    const PATH: u8 = 4;
    let path = format!("/{SERVICE}/Get");
    let length = u8::try_from(path.len()).unwrap();
    [&POST_HTTP[..], &[PATH, length], path.as_bytes()].concat()
}

/// Reads frames until one of this kind, and returns its payload.
async fn next_of(socket: &mut TcpStream, kind: u8) -> Vec<u8> {
    loop {
        let mut head = [0; 9];
        socket.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        socket.read_exact(&mut payload).await.unwrap();
        if head[3] == kind {
            return payload;
        }
    }
}

async fn assert_others_are_served(backend: &mut Backend, proxy: &Proxy) {
    let asked = Instant::now();
    let call = Client::connect(proxy.data)
        .await
        .send(get(), "served?")
        .await;
    let arrival = soon("the call of another client", async {
        loop {
            let mut arrival = backend.next().await;
            if arrival.body().await == b"served?" {
                return arrival;
            }
        }
    })
    .await;
    arrival.answer("served");
    assert_eq!(call.answer().await.unwrap().body, b"served");
    assert!(within(asked, Duration::from_millis(50)));
}

/// A client that opens streams only to reset them is cut off long before it has opened a thousand.
#[tokio::test]
async fn a_rapid_reset_is_cut_off() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let mut socket = TcpStream::connect(proxy.data).await.unwrap();
    let head = head();
    let flood: Vec<u8> = (0..1000_u32)
        .flat_map(|at| {
            let stream = 2 * at + 1;
            let open = frame(HEADERS, END_HEADERS, stream, &head);
            let reset = frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]);
            [open, reset].concat()
        })
        .collect();

    socket.write_all(PREFACE).await.unwrap();
    // The proxy may cut the connection before all of it is written.
    let _ = socket.write_all(&flood).await;

    let goaway = soon("GOAWAY", next_of(&mut socket, GOAWAY)).await;
    assert_eq!(goaway[7], ENHANCE_YOUR_CALM);
    assert!(backend.arrived().is_none());
    assert_others_are_served(&mut backend, &proxy).await;
}

/// Row 44: metadata past the limit is refused on its own stream; other streams of the connection live.
#[tokio::test]
async fn oversized_metadata_is_refused() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    let other = client.send(get(), "").await;
    let arrival = backend.next().await;
    let mut oversized = get();
    for key in 0..60 {
        let name = http::HeaderName::try_from(format!("x-{key}")).unwrap();
        let value = HeaderValue::from_bytes(&[b'v'; 4096]).unwrap();
        oversized.headers_mut().insert(name, value);
    }

    let refused = client.call(oversized).await;
    arrival.answer("lives");

    assert_eq!(other.answer().await.unwrap().body, b"lives");
    assert!(refused.map_or(true, |answer| answer.head.status() == 431));
    assert!(backend.arrived().is_none());
}

/// Row 6: a value with blanks at its ends is refused, and not forwarded.
#[tokio::test]
async fn blanks_around_a_value_are_refused() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    for value in [" v", "v ", "\tv"] {
        let mut request = get();
        request
            .headers_mut()
            .insert("x-blank", HeaderValue::from_static(value));

        let error = client.call(request).await.unwrap_err();

        assert_eq!(error.reason(), Some(h2::Reason::PROTOCOL_ERROR));
    }
    assert!(backend.arrived().is_none());
}

/// Row 41: pings whose answers nobody reads are taken until the sockets are full, and no further.
#[tokio::test]
async fn a_ping_flood_is_bounded() {
    const PING: u8 = 6;
    const MOST: usize = 64 << 20;
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let mut socket = TcpStream::connect(proxy.data).await.unwrap();
    socket.write_all(PREFACE).await.unwrap();
    let flood = frame(PING, 0, 0, &[7; 8]).repeat(4096);

    let mut taken = 0;
    while taken < MOST {
        let sent = tokio::time::timeout(Duration::from_secs(1), socket.write_all(&flood)).await;
        if !matches!(sent, Ok(Ok(()))) {
            break;
        }
        taken += flood.len();
    }

    assert!(taken < MOST, "{taken} bytes of pings were taken");
    assert_others_are_served(&mut backend, &proxy).await;
}
