//! Metadata, both ways, byte for byte.

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};

use crate::support::{Answer, Arrival, Backend, Client, Proxy, SERVICE, get, request};

/// Sends a request to a backend that answers with `respond`.
async fn exchange(
    request: Request<()>,
    respond: impl FnOnce(&mut Arrival),
) -> (Request<()>, Answer) {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    let call = client.send(request, "request").await;
    let mut arrival = backend.next().await;
    respond(&mut arrival);
    let answer = call.answer().await.unwrap();
    (arrival.request.map(drop), answer)
}

fn end(arrival: &mut Arrival) {
    let head = Response::builder().header("grpc-status", "0");
    arrival
        .respond
        .send_response(head.body(()).unwrap(), true)
        .unwrap();
}

fn awkward_metadata() -> HeaderMap {
    let mut fields = HeaderMap::new();
    let printable: Vec<u8> = (0x21..0x7f).collect();
    let mut add = |name: &str, value: &[u8]| {
        fields.append(
            HeaderName::try_from(name).unwrap(),
            HeaderValue::from_bytes(value).unwrap(),
        );
    };
    add("x-printable", &printable);
    add("x-inner-blank", b"a b  c");
    add("x-empty", b"");
    add("x-long", &[b'l'; 8192]);
    add("x-dup", b"1");
    add("x-dup", b"2");
    add("x-raw-bin", b"AAEC/w==");
    add("x-raw-bin", b"AAEC/w");
    add("x-raw-bin", b"AA,/w==");
    add("grpc-unheard-of", b"kept");
    for key in 0..100 {
        add(&format!("x-key-{key}"), b"v");
    }
    fields
}

fn values(fields: &HeaderMap, name: &HeaderName) -> Vec<HeaderValue> {
    fields.get_all(name).iter().cloned().collect()
}

fn assert_contains(fields: &HeaderMap, expected: &HeaderMap) {
    for name in expected.keys() {
        assert_eq!(values(fields, name), values(expected, name), "{name}");
    }
}

/// Row 1: method, path and authority arrive byte for byte.
#[tokio::test]
async fn the_path_arrives_as_it_was_sent() {
    let path = format!("/{SERVICE}/gEt%2fX?a=%20b");

    let (arrived, _) = exchange(request(&path).body(()).unwrap(), end).await;

    assert_eq!(arrived.uri().to_string(), format!("http://test{path}"));
    assert_eq!(arrived.method(), "POST");
}

/// Rows 4, 9 to 12: every kind of request metadata arrives, duplicates in their order.
#[tokio::test]
async fn request_metadata_arrives_as_it_was_sent() {
    let mut request = get();
    request.headers_mut().extend(awkward_metadata());
    let sent = request.headers().clone();

    let (arrived, _) = exchange(request, end).await;

    assert_eq!(arrived.headers().len(), sent.len());
    assert_contains(arrived.headers(), &sent);
    assert_eq!(arrived.headers()["te"], "trailers");
}

/// Row 9: every kind of response metadata comes back.
#[tokio::test]
async fn response_metadata_comes_back_as_it_was_sent() {
    let (_, answer) = exchange(get(), |arrival| {
        let mut head = Response::new(());
        *head.headers_mut() = awkward_metadata();
        arrival.respond.send_response(head, true).unwrap();
    })
    .await;

    assert_eq!(answer.head.headers(), &awkward_metadata());
}

/// Row 13: trailers come back byte for byte, percent signs and all.
#[tokio::test]
async fn trailers_come_back_as_they_were_sent() {
    let mut trailers = awkward_metadata();
    trailers.insert("grpc-status", HeaderValue::from_static("9"));
    trailers.insert(
        "grpc-message",
        HeaderValue::from_static("100%25 %E2%82%AC %zz"),
    );
    trailers.insert(
        "grpc-status-details-bin",
        HeaderValue::from_static("CAkSAWE"),
    );
    let sent = trailers.clone();

    let (_, answer) = exchange(get(), |arrival| {
        let mut stream = arrival.begin();
        stream.send_trailers(sent).unwrap();
    })
    .await;

    assert_eq!(answer.trailers, Some(trailers));
}

/// Row 45: 60 KB of trailers pass.
#[tokio::test]
async fn large_trailers_come_back() {
    let mut trailers = HeaderMap::new();
    for key in 0..15 {
        let name = HeaderName::try_from(format!("x-large-{key}")).unwrap();
        trailers.insert(name, HeaderValue::from_bytes(&[b'l'; 4000]).unwrap());
    }
    let sent = trailers.clone();

    let (_, answer) = exchange(get(), |arrival| {
        let mut stream = arrival.begin();
        stream.send_trailers(sent).unwrap();
    })
    .await;

    assert_eq!(answer.trailers, Some(trailers));
}

/// Row 14: a Trailers-Only answer stays one frame.
#[tokio::test]
async fn a_trailers_only_answer_stays_one() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let call = Client::connect(proxy.data).await.send(get(), "").await;
    let head = Response::builder().header("grpc-status", "5");

    let mut arrival = backend.next().await;
    arrival
        .respond
        .send_response(head.body(()).unwrap(), true)
        .unwrap();

    let answer = call.head().await.unwrap();
    assert!(answer.body().is_end_stream());
    assert_eq!(answer.headers()["grpc-status"], "5");
}
