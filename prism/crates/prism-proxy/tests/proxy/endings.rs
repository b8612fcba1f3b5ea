//! Answers that end in ways of their own.

use bytes::Bytes;
use h2::Reason;
use http::{HeaderMap, Response};

use crate::support::{Backend, Client, Proxy, get};

/// Row 15: an answer without a status stays without one; the proxy invents no OK.
#[tokio::test]
async fn a_missing_status_is_not_invented() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    let call = client.send(get(), "").await;
    let mut arrival = backend.next().await;

    let mut stream = arrival.begin();
    stream.send_data(Bytes::from_static(b"half"), true).unwrap();

    let answer = call.answer().await.unwrap();
    assert_eq!(answer.body, b"half");
    assert_eq!(answer.trailers, None);
    assert_eq!(answer.status(), None);
}

/// Row 16: an HTTP status comes back as it is, for the client to map.
#[tokio::test]
async fn an_http_status_comes_back() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;

    for status in [400, 401, 403, 404, 429, 500, 502, 503, 504] {
        let call = client.send(get(), "").await;
        let mut arrival = backend.next().await;
        let head = Response::builder()
            .status(status)
            .header("content-type", "text/html");
        let mut stream = arrival
            .respond
            .send_response(head.body(()).unwrap(), false)
            .unwrap();
        stream.send_data(Bytes::from_static(b"<p>"), true).unwrap();

        let answer = call.answer().await.unwrap();
        assert_eq!(answer.head.status(), status);
        assert_eq!(answer.status(), None);
        assert_eq!(answer.body, b"<p>");
    }
}

/// Row 17: an informational answer before the real one does no harm.
#[tokio::test]
async fn an_informational_answer_does_no_harm() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    let call = client.send(get(), "").await;
    let mut arrival = backend.next().await;

    let early = Response::builder().status(103).body(()).unwrap();
    arrival.respond.send_informational(early).unwrap();
    arrival.answer("real");

    let answer = call.answer().await.unwrap();
    assert_eq!(answer.head.status(), 200);
    assert_eq!(answer.body, b"real");
}

/// Row 25: a status that comes before the request has ended is delivered, and the upload stops.
#[tokio::test]
async fn an_early_status_stops_the_upload() {
    let mut backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    let mut call = client.open(get()).await;
    call.body
        .send_data(Bytes::from_static(b"part"), false)
        .unwrap();
    let mut arrival = backend.next().await;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "8".parse().unwrap());

    let mut stream = arrival.begin();
    stream.send_trailers(trailers).unwrap();
    // Dropped with its request unread, the stream is reset with NO_ERROR.
    drop((stream, arrival));

    let mut answer = (&mut call.response).await.unwrap();
    assert!(answer.body_mut().data().await.is_none());
    let trailers = answer.body_mut().trailers().await.unwrap().unwrap();
    assert_eq!(trailers["grpc-status"], "8");
    let reset = std::future::poll_fn(|cx| call.body.poll_reset(cx)).await;
    assert_eq!(reset.unwrap(), Reason::NO_ERROR);
}
