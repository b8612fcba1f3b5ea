//! What an admin tells a proxy on its control port, and what becomes of the calls.

use std::time::{Duration, Instant, SystemTime};

use prism_api::prism::{
    CreateNamespaceRequest, LauncherHeartbeatRequest, LauncherRegistration, NamespaceConfig,
    ProcessAssignment, ProcessRevocation, ProxyHeartbeat, ProxyRegistration,
};
use prism_proxy::{AdminSettings, ProxySettings};
use tonic::Code;

use crate::support::{
    Admin, Backend, Client, Health, Orders, Proxy, ROLE, Role, Runner, SERVICE, Script,
    ServingStatus, assignment, get, request, revocation, route, settings, soon, within,
};

/// A proxy whose admin wants nothing from it yet.
async fn start() -> (Admin, Proxy, Orders) {
    let admin = Admin::start(Script::default()).await;
    let proxy = Proxy::with(ProxySettings {
        admin: Some(admin.settings()),
        ..settings()
    })
    .await;
    let orders = Orders::to(&proxy).await;
    (admin, proxy, orders)
}

/// The same, with a runner of `default` and a client.
async fn serving() -> (Admin, Proxy, Orders, Backend, Runner, Client) {
    let (admin, proxy, orders) = start().await;
    let backend = Backend::start().await;
    let runner = Runner::serve(&proxy, ROLE, backend.address).await;
    let client = Client::connect(proxy.data).await;
    (admin, proxy, orders, backend, runner, client)
}

fn holds_nothing(heartbeat: &ProxyHeartbeat) -> bool {
    heartbeat.namespace_health.is_empty()
}

/// A namespace is routed when its assignment is acknowledged, and not connected when its revocation is.
#[tokio::test]
async fn an_acknowledgement_means_that_it_is_done() {
    let (_admin, _proxy, mut orders, mut backend, _runner, client) = serving().await;
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
    let (_admin, proxy, mut orders) = start().await;
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

/// A call under way finishes within its time, and the revocation is answered after it.
#[tokio::test]
async fn a_call_under_way_finishes() {
    let (mut admin, _proxy, mut orders, mut backend, _runner, client) = serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let arrival = backend.next().await;
    admin
        .heartbeat_with("a namespace", |heartbeat| !holds_nothing(heartbeat))
        .await;
    let mut revoking = orders.clone();
    let revoked = tokio::spawn(async move { revoking.revoke("default", 30).await });
    admin.heartbeat_with("no namespace", holds_nothing).await;
    assert!(client.is_not_connected().await);
    assert!(!revoked.is_finished());

    arrival.answer("to the end");

    assert_eq!(call.answer().await.unwrap().body, b"to the end");
    let at = soon("the answer", revoked).await.unwrap().unwrap();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    assert!(i64::try_from(now).unwrap() - at < 60_000, "{at}");
}

/// A call that takes longer than its time is ended UNAVAILABLE, and cancelled at the runner.
#[tokio::test]
async fn a_call_that_takes_too_long_is_ended() {
    let (_admin, _proxy, mut orders, mut backend, _runner, client) = serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let mut arrival = backend.next().await;
    let began = Instant::now();

    orders.revoke("default", 1).await.unwrap();

    assert!(began.elapsed() >= Duration::from_secs(1));
    let answer = call.answer().await.unwrap();
    assert_eq!(answer.status(), Some("14"));
    assert!(answer.message().contains("taken"), "{}", answer.message());
    assert_eq!(arrival.was_reset().await, h2::Reason::CANCEL);
}

/// Without a time, calls under way are ended at once.
#[tokio::test]
async fn a_revocation_may_be_immediate() {
    let (_admin, _proxy, mut orders, mut backend, _runner, client) = serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let _arrival = backend.next().await;
    let began = Instant::now();

    orders.revoke("default", 0).await.unwrap();

    assert_eq!(call.answer().await.unwrap().status(), Some("14"));
    assert!(within(began, Duration::from_millis(50)));
}

/// A caller that hangs up has still revoked, and its calls are still ended; a repeat waits for the same calls.
#[tokio::test]
async fn a_revocation_outlives_its_caller() {
    let (_admin, _proxy, mut orders, mut backend, _runner, client) = serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let _arrival = backend.next().await;
    let mut impatient = tonic::Request::new(revocation("default", 1));
    impatient.set_timeout(Duration::from_millis(50));

    let given_up = orders.0.revoke_namespace(impatient).await;
    assert!(given_up.is_err());
    orders.revoke("default", 30).await.unwrap();

    assert_eq!(call.answer().await.unwrap().status(), Some("14"));
    let gone = orders.revoke("default", 0).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
}

/// A namespace that is assigned again while calls are under way keeps them.
#[tokio::test]
async fn a_namespace_that_comes_back_keeps_its_calls() {
    let (mut admin, _proxy, mut orders, mut backend, _runner, client) = serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let arrival = backend.next().await;
    admin
        .heartbeat_with("a namespace", |heartbeat| !holds_nothing(heartbeat))
        .await;
    let mut revoking = orders.clone();
    let revoked = tokio::spawn(async move { revoking.revoke("default", 1).await });
    admin.heartbeat_with("no namespace", holds_nothing).await;
    assert!(client.is_not_connected().await);

    orders.assign(assignment("default", 2)).await.unwrap();
    soon("the answer", revoked).await.unwrap().unwrap();
    arrival.answer("kept");

    assert_eq!(call.answer().await.unwrap().body, b"kept");
    client.answered_by(&mut backend, "and routed").await;
}

/// Repeats and late tellings succeed and change nothing; a contradiction is refused.
#[tokio::test]
async fn versions_decide() {
    let (mut admin, _proxy, mut orders) = start().await;
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
    let (mut admin, _proxy, mut orders) = start().await;
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
    let (_admin, _proxy, orders) = start().await;
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

/// A draining proxy takes no namespace, and lets go of those that it has.
#[tokio::test]
async fn a_draining_proxy_takes_no_namespace() {
    let (_admin, proxy, mut orders, mut backend, _runner, client) = serving().await;
    orders.assign(assignment("default", 1)).await.unwrap();
    let call = client.send(get(), "").await;
    let _arrival = backend.next().await;

    proxy.terminate();
    let refused = orders.assign(assignment("team", 1)).await.unwrap_err();
    orders.revoke("default", 0).await.unwrap();

    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("draining"), "{refused}");
    assert_eq!(call.answer().await.unwrap().status(), Some("14"));
}

/// A revocation that comes while the proxy registers is not undone by the answer.
#[tokio::test]
async fn a_revocation_may_overtake_a_welcome() {
    let (mut admin, _proxy, mut orders) = start().await;
    orders.assign(assignment("gone", 1)).await.unwrap();
    admin.registration().await;
    admin
        .heartbeat_with("a namespace", |heartbeat| !holds_nothing(heartbeat))
        .await;
    admin.play(|script| {
        script.welcome = vec![assignment("gone", 1), assignment("new", 1)];
        script.forgetful = true;
        script.ponders = true;
    });
    admin.registration().await;

    orders.revoke("gone", 0).await.unwrap();
    admin.play(|script| {
        script.ponders = false;
        script.forgetful = false;
    });

    let told = |heartbeat: &ProxyHeartbeat| heartbeat.namespace_health.contains_key("new");
    let heartbeat = admin.heartbeat_with("what is new", told).await;
    assert_eq!(heartbeat.namespace_health.len(), 1, "{heartbeat:?}");
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
