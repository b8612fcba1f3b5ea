use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, advance, pause};

use super::*;
use crate::routes::{Claim, Found, Stay, Store};
use crate::upstream::Backend;

const SERVICE: &str = "a.B";

/// Holdings of a proxy with a runner for every namespace.
fn holdings() -> Arc<Holdings> {
    let mut routes = Routes::of_assigned();
    let claim = Claim {
        instance: "any".into(),
        namespace: "*".into(),
        services: vec![SERVICE.into()],
        store: Store::Own,
    };
    routes.claim(&claim).unwrap();
    routes.activate("any", &Arc::new(Backend::new("127.0.0.1:9", 1)));
    Arc::new(Holdings::new(Arc::new(Router::new(routes))))
}

fn message(namespace: &str, version: i64) -> NamespaceAssignment {
    NamespaceAssignment {
        namespace: namespace.to_owned(),
        version,
        ..NamespaceAssignment::default()
    }
}

fn holding(namespaces: &[&str]) -> Arc<Holdings> {
    let holdings = holdings();
    for namespace in namespaces {
        assign(&holdings, namespace, 1);
    }
    holdings
}

fn assign(holdings: &Holdings, namespace: &str, version: i64) {
    let assignment = fields::assignment(message(namespace, version)).unwrap();
    holdings.assign(assignment).unwrap();
}

fn call(holdings: &Holdings, namespace: &str) -> Option<Stay> {
    match holdings.router.find(namespace, SERVICE) {
        Found::Backend(_, stay) => stay,
        _ => None,
    }
}

fn names(holdings: &Holdings) -> Vec<String> {
    let namespaces = holdings.namespaces().into_iter();
    let mut names: Vec<_> = namespaces.map(|each| each.name.into()).collect();
    names.sort_unstable();
    names
}

/// A namespace is routed when it is assigned, and not after it was revoked.
#[tokio::test]
async fn routes_follow_the_assignments() {
    let holdings = holding(&["a", "b"]);
    assert!(call(&holdings, "a").is_some());

    let leaving = holdings.revoke("a").unwrap();

    assert!(call(&holdings, "a").is_none());
    leaving.end(Duration::from_secs(9)).now_or_never().unwrap();
    assert_eq!(names(&holdings), ["b"]);
    assert!(holdings.revoke("a").is_none());
    assert!(holdings.revoke("c").is_none());
}

/// A call under way is waited for, and ended when its time is over; a repeat waits for the same calls.
#[tokio::test]
async fn a_call_under_way_is_waited_for() {
    pause();
    let holdings = holding(&["a"]);
    let mut stay = call(&holdings, "a").unwrap();
    let began = Instant::now();

    let first = tokio::spawn(holdings.revoke("a").unwrap().end(Duration::from_secs(4)));
    let repeat = tokio::spawn(holdings.revoke("a").unwrap().end(Duration::from_secs(30)));
    stay.evicted().await;
    assert_eq!(began.elapsed().as_secs(), 4);
    assert!(!first.is_finished());
    drop(stay);

    first.await.unwrap();
    repeat.await.unwrap();
    assert!(holdings.revoke("a").is_none());
}

/// A namespace that comes back keeps the calls that were still under way.
#[tokio::test]
async fn a_namespace_that_comes_back_keeps_its_calls() {
    pause();
    let holdings = holding(&["a"]);
    let mut stay = call(&holdings, "a").unwrap();
    let revoked = tokio::spawn(holdings.revoke("a").unwrap().end(Duration::from_secs(4)));

    assign(&holdings, "a", 2);
    advance(Duration::from_secs(9)).await;
    revoked.await.unwrap();

    assert_eq!(stay.evicted().now_or_never(), None);
    assert_eq!(holdings.namespaces()[0].occupancy.calls(), 1);
    assert_eq!(names(&holdings), ["a"]);
}

/// A namespace that comes back after its calls were ended does not end the new ones.
#[tokio::test]
async fn a_namespace_that_comes_back_late_begins_anew() {
    pause();
    let holdings = holding(&["a"]);
    let mut old = call(&holdings, "a").unwrap();
    let revoked = tokio::spawn(holdings.revoke("a").unwrap().end(Duration::ZERO));
    old.evicted().await;

    assign(&holdings, "a", 2);
    let mut new = call(&holdings, "a").unwrap();
    drop(old);
    revoked.await.unwrap();

    assert_eq!(new.evicted().now_or_never(), None);
    assert_eq!(names(&holdings), ["a"]);
}

/// A welcome routes all that it names in one change, and leaves out what makes no sense.
#[tokio::test]
async fn a_welcome_is_one_change() {
    let holdings = holding(&["kept"]);
    let mut changes = holdings.router.changes();
    changes.mark_unchanged();
    let told = (0..10_000).map(|number| message(&format!("n{number}"), 1));
    let malformed = [message("", 1), message("old", 0)];

    let held = holdings.welcome(told.chain(malformed).collect());

    assert_eq!(held, 10_001);
    assert_eq!(holdings.namespaces().len(), 10_001);
    assert!(call(&holdings, "n9999").is_some());
    assert!(changes.has_changed().unwrap());
}
