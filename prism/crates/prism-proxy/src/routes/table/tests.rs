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
        Found::Backend(backend, _) => backend.address().to_owned(),
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

/// A runner that lost its store is passed over for one that has it, and asked where none has.
#[test]
fn runners_that_are_well_come_first() {
    let mut routes = Routes::new();
    for instance in ["one", "two"] {
        let shared = claim(instance, "default", Store::Shared);
        routes.claim(&shared).unwrap();
        routes.activate(instance, &backend(instance));
    }
    let turns = |routes: &Routes| [(); 2].map(|()| found(routes, "default", "a.B"));

    routes.set_healthy("one", false);
    assert_eq!(turns(&routes), ["two", "two"]);

    routes.set_healthy("two", false);
    assert_eq!(turns(&routes), ["one", "two"]);
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

fn assigned(routes: &mut Routes, namespaces: &[&str]) {
    for namespace in namespaces {
        routes.assign(namespace, Arc::default());
    }
}

/// Routes of a proxy with an admin, of one live runner.
fn of_admin(instance: &str, namespace: &str) -> Routes {
    Routes {
        assigned: Assigned::Only(HashMap::new()),
        ..served(instance, namespace)
    }
}

/// With an admin a runner may register for any namespace, and only assigned ones are routed.
#[test]
fn only_assigned_namespaces_are_routed() {
    let mut routes = of_admin("r", "team");
    assert_eq!(found(&routes, "team", BASIC), "Unassigned");
    assert_eq!(found(&routes, "team", "c.D"), "Unknown");

    assigned(&mut routes, &["team"]);
    assert_eq!(found(&routes, "team", BASIC), "r");
    assert_eq!(found(&routes, "default", BASIC), "Unassigned");

    routes.unassign("team").unwrap();
    assert_eq!(found(&routes, "team", BASIC), "Unassigned");
    assert!(routes.unassign("team").is_none());
}

/// A runner for every namespace serves those that are assigned.
#[test]
fn a_general_runner_serves_assigned_namespaces() {
    let mut routes = of_admin("any", "*");

    assigned(&mut routes, &["team"]);

    assert_eq!(found(&routes, "team", BASIC), "any");
    assert_eq!(found(&routes, "other", BASIC), "Unassigned");
}

/// A call counts in its namespace while it holds its place, and one that finds nobody does not.
#[test]
fn calls_count_in_their_namespace() {
    let mut routes = of_admin("r", "team");
    assigned(&mut routes, &["team", "empty"]);
    let calls = |routes: &Routes, name: &str| {
        let mut namespaces = routes.namespaces().into_iter();
        let namespace = namespaces.find(|namespace| *namespace.name == *name);
        namespace.unwrap().occupancy.calls()
    };

    let call = routes.find("team", BASIC);
    let _ = routes.find("empty", BASIC);

    assert_eq!((calls(&routes, "team"), calls(&routes, "empty")), (1, 0));
    drop(call);
    assert_eq!(calls(&routes, "team"), 0);
}

/// A namespace is live by any runner of its own, or of all.
#[test]
fn a_namespace_is_live_by_its_runners() {
    let live = |routes: &Routes| -> Vec<(String, bool)> {
        let namespaces = routes.namespaces().into_iter();
        let mut live: Vec<_> = namespaces
            .map(|namespace| (namespace.name.into(), namespace.live))
            .collect();
        live.sort_unstable();
        live
    };
    let mut own = of_admin("r", "a");
    assigned(&mut own, &["a", "b"]);
    let mut general = of_admin("r", "*");
    assigned(&mut general, &["a", "b"]);

    assert_eq!(
        live(&own),
        [("a".to_owned(), true), ("b".to_owned(), false)]
    );
    assert_eq!(
        live(&general),
        [("a".to_owned(), true), ("b".to_owned(), true)]
    );
    own.set_healthy("r", false);
    assert_eq!(live(&own)[0], ("a".to_owned(), false));
}

/// Health follows the assignments, but for the route that belongs to no namespace.
#[test]
fn health_needs_an_assignment() {
    let serving =
        |routes: &Routes, namespace: &str| routes.serving()[&(namespace.into(), "a.B".into())];
    let mut own = of_admin("r", "default");
    let general = of_admin("r", "*");

    assert!(!serving(&own, "default"));
    assigned(&mut own, &["default"]);

    assert!(serving(&own, "default"));
    assert!(serving(&general, "*"));
}
