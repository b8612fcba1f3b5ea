//! The drain (row 40): what is promised to clients that are there, and to those that come.

use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::Reason;
use prism_proxy::ProxySettings;
use tokio::net::TcpStream;

use crate::support::{
    Backend, Client, Health, Proxy, ROLE, Runner, SERVICE, ServingStatus, get, route, settings,
    soon,
};

const NOTICE: Duration = Duration::from_millis(200);

async fn start(drain_timeout: Duration) -> (Backend, Proxy) {
    let backend = Backend::start().await;
    let proxy = Proxy::with(ProxySettings {
        backends: vec![route(&format!("keyvalue=http://{}", backend.address))],
        drain_notice: NOTICE,
        drain_timeout,
        ..settings()
    })
    .await;
    let mut health = Health::of(&proxy).await;
    health.becomes(SERVICE, ServingStatus::Serving).await;
    (backend, proxy)
}

/// A stream in flight ends well, its connection is told to go away soon after the notice, and when the
/// stream has ended the proxy is gone.
#[tokio::test]
async fn a_stream_in_flight_ends_well() {
    let (mut backend, proxy) = start(Duration::from_secs(30)).await;
    let client = Client::connect(proxy.data).await;
    let call = client.send(get(), "").await;
    let mut arrival = backend.next().await;
    let mut stream = arrival.begin();
    let mut answer = call.head().await.unwrap();

    let begun = Instant::now();
    proxy.terminate();
    soon("GOAWAY", async {
        // Once told to go away, the client's side of the connection takes no further request.
        while client.takes_requests().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    let told = begun.elapsed();
    assert!(
        (NOTICE..NOTICE + Duration::from_millis(100)).contains(&told),
        "{told:?}"
    );
    stream
        .send_data(Bytes::from_static(b"last"), false)
        .unwrap();
    stream.send_trailers(crate::support::ok()).unwrap();

    assert_eq!(answer.body_mut().data().await.unwrap().unwrap(), "last");
    let trailers = answer.body_mut().trailers().await.unwrap().unwrap();
    assert_eq!(trailers["grpc-status"], "0");
    let ended = Instant::now();
    proxy.stopped().await;
    assert!(ended.elapsed() < Duration::from_millis(400));
}

/// During the notice, calls on old and new connections are UNAVAILABLE and say `draining`; none arrives.
#[tokio::test]
async fn new_calls_are_told_of_the_drain() {
    let (mut backend, proxy) = start(Duration::from_secs(30)).await;
    let old = Client::connect(proxy.data).await;

    proxy.terminate();
    tokio::task::yield_now().await;
    for client in [&old, &Client::connect(proxy.data).await] {
        let answer = client.call(get()).await.unwrap();
        assert_eq!(answer.status(), Some("14"));
        assert!(answer.message().contains("draining"), "{answer:?}");
    }

    assert!(backend.arrived().is_none());
}

/// Health turns at once, and the control port answers until the end; the data port refuses after the notice.
#[tokio::test]
async fn health_turns_at_once_and_the_data_port_closes_after_the_notice() {
    let (mut backend, proxy) = start(Duration::from_secs(30)).await;
    let client = Client::connect(proxy.data).await;
    let call = client.send(get(), "").await;
    let arrival = backend.next().await;
    let mut health = Health::of(&proxy).await;

    let begun = Instant::now();
    proxy.terminate();
    health.becomes(SERVICE, ServingStatus::NotServing).await;
    health.becomes("", ServingStatus::NotServing).await;
    assert!(begun.elapsed() < NOTICE / 2);
    soon("refusal", async {
        while TcpStream::connect(proxy.data).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert!(begun.elapsed() >= NOTICE);
    assert_eq!(health.check("").await, Some(ServingStatus::NotServing));
    arrival.answer("late");

    assert_eq!(call.answer().await.unwrap().body, b"late");
    proxy.stopped().await;
}

/// With nothing in flight the proxy is gone soon after the notice, also with clients connected.
#[tokio::test]
async fn an_idle_proxy_is_gone_after_the_notice() {
    let (_backend, proxy) = start(Duration::from_secs(30)).await;
    let _idle = Client::connect(proxy.data).await;
    let _silent = TcpStream::connect(proxy.data).await.unwrap();

    let begun = Instant::now();
    proxy.terminate();
    proxy.stopped().await;

    let took = begun.elapsed();
    assert!(
        (NOTICE..NOTICE + Duration::from_millis(400)).contains(&took),
        "{took:?}"
    );
}

/// At the end of the drain time calls are ended UNAVAILABLE, and cancelled at the backend.
#[tokio::test]
async fn calls_that_outlast_the_drain_are_unavailable() {
    let (mut backend, proxy) = start(Duration::from_millis(400)).await;
    let client = Client::connect(proxy.data).await;
    let headless = client.send(get(), "").await;
    let mut hanging = backend.next().await;
    let begun_call = client.send(get(), "").await;
    let mut streaming = backend.next().await;
    let mut stream = streaming.begin();
    stream
        .send_data(Bytes::from_static(b"part"), false)
        .unwrap();

    let begun = Instant::now();
    proxy.terminate();
    let (headless, begun_call) = (headless.answer().await, begun_call.answer().await);

    assert!(begun.elapsed() >= Duration::from_millis(400));
    let (headless, begun_call) = (headless.unwrap(), begun_call.unwrap());
    assert_eq!(headless.status(), Some("14"));
    assert!(headless.message().contains("draining"));
    assert_eq!(
        (begun_call.status(), begun_call.body.as_slice()),
        (Some("14"), &b"part"[..])
    );
    assert_eq!(hanging.was_reset().await, Reason::CANCEL);
    proxy.stopped().await;
    assert!(begun.elapsed() < Duration::from_millis(800));
}

/// A runner of a draining proxy gets no command; its stream ends with the proxy, and it may go elsewhere.
#[tokio::test]
async fn a_draining_proxy_commands_no_runner() {
    let (backend, proxy) = start(Duration::from_secs(30)).await;
    let mut runner = Runner::serve(&proxy, ROLE, backend.address).await;

    proxy.terminate();
    let end = runner.command_or_end().await;
    proxy.stopped().await;

    assert!(end.is_none(), "{end:?}");
}
