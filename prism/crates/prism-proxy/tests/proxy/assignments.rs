//! What an admin assigns to a proxy, and what of it the proxy takes.

use std::time::{Duration, Instant};

use prism_api::prism::{
    CreateNamespaceRequest, LauncherHeartbeatRequest, LauncherRegistration, NamespaceConfig,
    ProcessAssignment, ProcessRevocation, ProxyHeartbeat, ProxyRegistration,
};
use prism_proxy::{AdminSettings, ProxySettings};
use tonic::Code;

use crate::support::{
    Admin, Backend, Client, Health, Orders, Proxy, ROLE, Role, Runner, SERVICE, Script,
    ServingStatus, assignment, get, joined, joined_and_serving, request, revocation, route,
    settings,
};

/// A namespace is routed when its assignment is acknowledged, and not connected when its revocation is.
#[tokio::test]
async fn an_acknowledgement_means_that_it_is_done() {
    let (_admin, _proxy, mut orders, mut backend, _runner, client) = joined_and_serving().await;
    assert!(client.is_not_connected().await);

    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    backend.next().await.answer("routed");
    assert_eq!(call.answer().await.unwrap().body, b"routed");
    orders.revoke("default", 4).await.unwrap();

    assert!(client.is_not_connected().await);
}

/// A runner may register for any namespace; its route is there once the namespace is assigned, health tells.
#[tokio::test]
async fn a_runner_may_come_before_its_namespace() {
    let (_admin, proxy, mut orders) = joined().await;
    let mut backend = Backend::start().await;
    let team = Role {
        namespace: "team",
        ..ROLE
    };
    let _runner = Runner::serve(&proxy, team, backend.address).await;
    let client = Client::connect(proxy.data).await;
    let mut health = Health::of(&proxy).await;
    let name = format!("team/{SERVICE}");
    health.becomes(&name, ServingStatus::NotServing).await;

    orders.assign(assignment("team", 1)).await.unwrap();
    health.becomes(&name, ServingStatus::Serving).await;
    let call = request(&format!("/{SERVICE}/Get")).header("x-prism-namespace", "team");
    let call = client.send(call.body(()).unwrap(), "").await;
    backend.next().await.answer("routed");
    assert!(call.answer().await.is_ok());
    orders.revoke("team", 0).await.unwrap();

    health.becomes(&name, ServingStatus::NotServing).await;
}

/// A static route is no exception: its namespace has to be assigned.
#[tokio::test]
async fn a_static_route_waits_for_its_namespace() {
    let mut backend = Backend::start().await;
    let admin = Admin::start(Script::default()).await;
    let proxy = Proxy::with(ProxySettings {
        backends: vec![route(&format!("keyvalue=http://{}", backend.address))],
        admin: Some(admin.settings()),
        ..settings()
    })
    .await;
    let client = Client::connect(proxy.data).await;
    assert!(client.is_not_connected().await);

    let mut orders = Orders::to(&proxy).await;
    orders.assign(assignment("default", 1)).await.unwrap();

    client.answered_by(&mut backend, "routed").await;
}

/// Repeats and late tellings succeed and change nothing; a contradiction is refused.
#[tokio::test]
async fn versions_decide() {
    let (mut admin, _proxy, mut orders) = joined().await;
    let with_config = |version| {
        let owner = ("owner".to_owned(), "team-2".to_owned());
        let config = NamespaceConfig {
            metadata: [owner].into(),
            ..NamespaceConfig::default()
        };
        let mut told = assignment("orders", version);
        told.config = Some(config);
        told
    };

    orders.assign(assignment("orders", 2)).await.unwrap();
    orders.assign(assignment("orders", 2)).await.unwrap();
    orders.assign(with_config(1)).await.unwrap();
    let refused = orders.assign(with_config(2)).await.unwrap_err();
    orders.assign(with_config(3)).await.unwrap();

    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains("orders"), "{refused}");
    let held = |heartbeat: &ProxyHeartbeat| heartbeat.namespace_health.len() == 1;
    admin.heartbeat_with("one namespace", held).await;
}

/// What makes no sense is refused by the name of its field, and nothing changes.
#[tokio::test]
async fn what_makes_no_sense_changes_nothing() {
    let (mut admin, _proxy, mut orders) = joined().await;
    orders.assign(assignment("kept", 1)).await.unwrap();

    let nameless = orders.assign(assignment("", 1)).await.unwrap_err();
    let negative = orders.assign(assignment("other", -1)).await.unwrap_err();
    let hasty = orders.revoke("kept", -1).await.unwrap_err();
    let mut stranger = revocation("kept", 0);
    stranger.proxy_id = "proxy-2".to_owned();
    let stranger = orders.0.revoke_namespace(stranger).await.unwrap_err();
    let unknown = orders.revoke("unknown", 0).await.unwrap_err();

    for (status, field) in [
        (nameless, "namespace"),
        (negative, "version"),
        (hasty, "graceful_timeout_seconds"),
    ] {
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().starts_with(field), "{status}");
    }
    assert_eq!(stranger.code(), Code::NotFound);
    assert_eq!(unknown.code(), Code::NotFound);
    assert!(unknown.message().contains("unknown"), "{unknown}");
    admin
        .heartbeat_with("what was kept", |heartbeat| {
            heartbeat.namespace_health.keys().eq(["kept"])
        })
        .await;
}

/// What others serve is said to be theirs.
#[tokio::test]
async fn what_others_serve_is_unimplemented() {
    let (_admin, _proxy, orders) = joined().await;
    let mut calls = orders.0;

    let codes = [
        calls
            .register_proxy(ProxyRegistration::default())
            .await
            .map(drop),
        calls.heartbeat(ProxyHeartbeat::default()).await.map(drop),
        calls
            .create_namespace(CreateNamespaceRequest::default())
            .await
            .map(drop),
        calls
            .register_launcher(LauncherRegistration::default())
            .await
            .map(drop),
        calls
            .launcher_heartbeat(LauncherHeartbeatRequest::default())
            .await
            .map(drop),
        calls
            .assign_process(ProcessAssignment::default())
            .await
            .map(drop),
        calls
            .revoke_process(ProcessRevocation::default())
            .await
            .map(drop),
    ]
    .map(|answer| answer.unwrap_err().code());

    assert_eq!(codes, [Code::Unimplemented; 7]);
}

/// A proxy without an admin routes any namespace, and takes no assignment.
#[tokio::test]
async fn a_proxy_without_an_admin_takes_no_assignment() {
    let proxy = Proxy::alone().await;

    let refused = Orders::to(&proxy).await.assign(assignment("a", 1)).await;

    assert_eq!(refused.unwrap_err().code(), Code::Unimplemented);
}

/// Thousands of namespaces may come one by one; calls go on meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_assignments_hold_no_call_up() {
    let mut backend = Backend::start().await;
    let mut admin = Admin::start(Script::default()).await;
    let proxy = Proxy::with(ProxySettings {
        backends: vec![route(&format!("keyvalue=http://{}", backend.address))],
        admin: Some(AdminSettings {
            heartbeat_interval: Duration::from_secs(1),
            ..admin.settings()
        }),
        ..settings()
    })
    .await;
    let client = Client::connect(proxy.data).await;
    let mut orders = Orders::to(&proxy).await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let many = tokio::spawn(async move {
        for number in 0..2_000 {
            let told = assignment(&format!("ns-{number}"), 1);
            orders.assign(told).await.unwrap();
        }
    });

    let mut slowest = Duration::ZERO;
    while !many.is_finished() {
        let began = Instant::now();
        let call = client.send(get(), "").await;
        backend.next().await.answer("meanwhile");
        call.answer().await.unwrap();
        slowest = slowest.max(began.elapsed());
    }
    many.await.unwrap();

    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    let all = |heartbeat: &ProxyHeartbeat| heartbeat.namespace_health.len() == 2_001;
    admin.heartbeat_with("all of them", all).await;
}
