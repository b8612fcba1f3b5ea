//! Health, and what it is named by.

use prism_proxy::ProxySettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{
    Backend, Health, Proxy, ROLE, Role, Runner, SERVICE, ServingStatus, route, settings,
};

/// A proxy without a runner serves, its services do not.
#[tokio::test]
async fn the_proxy_serves_before_its_services_do() {
    let proxy = Proxy::alone().await;
    let mut health = Health::of(&proxy).await;

    assert_eq!(health.check("").await, Some(ServingStatus::Serving));
    assert_eq!(health.check(SERVICE).await, Some(ServingStatus::NotServing));
    assert_eq!(health.check("a.B").await, None);
}

/// A static route serves while its backend can be connected to, and only then.
#[tokio::test]
async fn a_static_route_serves_while_its_backend_answers() {
    let backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let mut health = Health::of(&proxy).await;

    health.becomes(SERVICE, ServingStatus::Serving).await;
    let address = backend.kill().await;
    health.becomes(SERVICE, ServingStatus::NotServing).await;
    let _back = Backend::at(address);

    health.becomes(SERVICE, ServingStatus::Serving).await;
}

/// A route of another namespace goes by its namespace too; one for any serves `default` as well.
#[tokio::test]
async fn other_namespaces_have_names_of_their_own() {
    let backend = Backend::start().await;
    let proxy = Proxy::with(ProxySettings {
        backends: vec![route(&format!(
            "keyvalue=http://{},namespace=*",
            backend.address
        ))],
        ..settings()
    })
    .await;
    let mut health = Health::of(&proxy).await;
    let role = Role {
        namespace: "team",
        service: "a.B",
        ..ROLE
    };

    let _runner = Runner::serve(&proxy, role, backend.address).await;

    health.becomes("team/a.B", ServingStatus::Serving).await;
    health.becomes(SERVICE, ServingStatus::Serving).await;
    assert_eq!(
        health.check(&format!("*/{SERVICE}")).await,
        Some(ServingStatus::Serving)
    );
    assert_eq!(health.check("a.B").await, Some(ServingStatus::NotServing));
}

/// The control port speaks HTTP/1.1 on the same listener.
#[tokio::test]
async fn the_control_port_speaks_http1_too() {
    let proxy = Proxy::alone().await;
    let mut socket = TcpStream::connect(proxy.control).await.unwrap();

    socket
        .write_all(b"GET / HTTP/1.1\r\nhost: control\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();

    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
}
