use super::*;
use crate::routes::Store;

const BASIC: &str = CONTRACT[0];
const PACKAGE: &str = "prism.interfaces.keyvalue";

fn backend(address: &str) -> Arc<Backend> {
    Arc::new(Backend::new(address, 1))
}

fn claim(instance: &str, namespace: &str, store: Store) -> Claim {
    Claim {
        instance: instance.into(),
        namespace: namespace.into(),
        services: vec![BASIC.into(), "a.B".into()],
        store,
    }
}

/// Routes of one live runner with a store of its own.
fn served(instance: &str, namespace: &str) -> Routes {
    let mut routes = Routes::new();
    routes
        .claim(&claim(instance, namespace, Store::Own))
        .unwrap();
    routes.activate(instance, &backend(instance));
    routes
}

fn found(routes: &Routes, namespace: &str, service: &str) -> String {
    match routes.find(namespace, service) {
        Found::Backend(backend) => backend.address().to_owned(),
        other => format!("{other:?}"),
    }
}

/// What the contract names is known from the start, other services are not.
#[test]
fn the_contract_is_known() {
    let routes = Routes::new();

    assert_eq!(found(&routes, "default", BASIC), "NotConnected");
    assert_eq!(found(&routes, "default", "a.B"), "Unknown");
}

/// A claim routes nothing before it is activated, and nothing after its release, but is known for ever.
#[test]
fn a_route_lives_from_activation_to_release() {
    let mut routes = Routes::new();
    routes.claim(&claim("r", "default", Store::Own)).unwrap();
    assert_eq!(found(&routes, "default", "a.B"), "NotConnected");

    routes.activate("r", &backend("r"));
    assert_eq!(found(&routes, "default", "a.B"), "r");
    assert_eq!(found(&routes, "team", "a.B"), "NotConnected");

    routes.release("r");
    assert_eq!(found(&routes, "default", "a.B"), "NotConnected");
}

/// One route that is taken refuses the whole claim.
#[test]
fn a_claim_is_all_or_nothing() {
    let mut routes = served("first", "default");
    let mut second = claim("second", "default", Store::Own);
    second.services.push("c.D".into());

    let taken = routes.claim(&second).unwrap_err();

    assert_eq!(taken.to_string(), "already served by first");
    assert_eq!(found(&routes, "default", "c.D"), "Unknown");
}

/// A route is shared only if every runner shares its store.
#[test]
fn only_shared_stores_share_a_route() {
    for (first, second, shared) in [
        (Store::Own, Store::Shared, false),
        (Store::Shared, Store::Own, false),
        (Store::Shared, Store::Shared, true),
    ] {
        let mut routes = Routes::new();
        routes.claim(&claim("first", "default", first)).unwrap();
        let outcome = routes.claim(&claim("second", "default", second));
        assert_eq!(outcome.is_ok(), shared, "{first:?} {second:?}");
    }
}

/// Runners that share a route are found in turn; one that is not live yet is left out.
#[test]
fn live_runners_take_turns() {
    let mut routes = Routes::new();
    for instance in ["one", "two", "three"] {
        routes
            .claim(&claim(instance, "default", Store::Shared))
            .unwrap();
    }
    routes.activate("one", &backend("one"));
    routes.activate("two", &backend("two"));

    let turns: Vec<_> = (0..4).map(|_| found(&routes, "default", "a.B")).collect();

    assert_eq!(turns, ["one", "two", "one", "two"]);
}

/// A registered route comes before a static one, a namespace's own before the general one.
#[test]
fn the_closest_route_is_found() {
    let mut routes = Routes::new();
    routes.configure(PACKAGE, "*", backend("static general"));
    assert_eq!(found(&routes, "team", BASIC), "static general");

    routes.claim(&claim("general", "*", Store::Own)).unwrap();
    routes.activate("general", &backend("general"));
    assert_eq!(found(&routes, "team", BASIC), "general");

    routes.configure(PACKAGE, "team", backend("static own"));
    assert_eq!(found(&routes, "team", BASIC), "static own");

    routes.claim(&claim("own", "team", Store::Own)).unwrap();
    routes.activate("own", &backend("own"));
    assert_eq!(found(&routes, "team", BASIC), "own");
    assert_eq!(found(&routes, "other", BASIC), "general");
}

/// A static route for a service comes before one for its package.
#[test]
fn a_service_comes_before_its_package() {
    let mut routes = Routes::new();
    routes.configure(PACKAGE, "default", backend("package"));
    routes.configure(BASIC, "default", backend("service"));

    assert_eq!(found(&routes, "default", BASIC), "service");
    assert_eq!(found(&routes, "default", CONTRACT[1]), "package");
    let unheard_of = format!("{PACKAGE}.Other");
    assert_eq!(found(&routes, "default", &unheard_of), "package");
}

/// The runners' own interface is found under no route.
#[test]
fn the_lifecycle_is_never_found() {
    let mut routes = Routes::new();
    routes.configure("prism.interfaces", "*", backend("all"));

    assert_eq!(found(&routes, "default", NEVER_ROUTED), "Unknown");
}

/// What serves follows runners' health and the state of static backends.
#[test]
fn serving_follows_health() {
    let key = |namespace: &str, service: &str| (Box::from(namespace), Box::from(service));
    let mut routes = served("r", "default");
    routes.configure(PACKAGE, "team", backend("static"));
    assert!(routes.serving()[&key("default", BASIC)]);
    assert!(!routes.serving()[&key("team", BASIC)]);

    routes.set_healthy("r", false);
    routes.set_up(PACKAGE, "team", true);

    assert!(!routes.serving()[&key("default", BASIC)]);
    assert!(routes.serving()[&key("team", BASIC)]);
    assert!(routes.serving()[&key("team", CONTRACT[2])]);
}
