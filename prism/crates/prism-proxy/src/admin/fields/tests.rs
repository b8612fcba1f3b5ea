use super::*;

fn good() -> NamespaceAssignment {
    let pairs = |key: &str| HashMap::from([(key.to_owned(), "value".to_owned())]);
    let backend = BackendConfig {
        backend_type: "redis".to_owned(),
        connection_string: "redis://127.0.0.1:6379".to_owned(),
        credentials: pairs("password"),
        options: pairs("db"),
    };
    let pattern = PatternConfig {
        pattern_name: "keyvalue".to_owned(),
        settings: pairs("max_keys"),
        required_interfaces: vec!["a.B".to_owned(), "c.D".to_owned()],
    };
    NamespaceAssignment {
        namespace: "orders".to_owned(),
        partition_id: 255,
        version: 1,
        config: Some(NamespaceConfig {
            backends: HashMap::from([("store".to_owned(), backend)]),
            patterns: HashMap::from([("kv".to_owned(), pattern)]),
            auth: Some(AuthConfig {
                enabled: true,
                provider: "oidc".to_owned(),
                options: pairs("issuer"),
            }),
            metadata: pairs("owner"),
        }),
    }
}

fn told(change: impl FnOnce(&mut NamespaceAssignment)) -> NamespaceAssignment {
    let mut message = good();
    change(&mut message);
    message
}

fn config(change: impl FnOnce(&mut NamespaceConfig)) -> NamespaceAssignment {
    told(|message| change(message.config.as_mut().unwrap()))
}

fn backend(change: impl FnOnce(&mut BackendConfig)) -> NamespaceAssignment {
    config(|config| change(config.backends.get_mut("store").unwrap()))
}

fn pattern(change: impl FnOnce(&mut PatternConfig)) -> NamespaceAssignment {
    config(|config| change(config.patterns.get_mut("kv").unwrap()))
}

fn auth(change: impl FnOnce(&mut AuthConfig)) -> NamespaceAssignment {
    config(|config| change(config.auth.as_mut().unwrap()))
}

fn add(map: &mut HashMap<String, String>, key: &str, value: &str) {
    map.insert(key.to_owned(), value.to_owned());
}

fn long() -> String {
    "ä".repeat(LONGEST_TEXT + 1)
}

/// A whole assignment is taken as it is, and one without a configuration too.
#[test]
fn a_good_assignment_is_taken() {
    let taken = assignment(good()).unwrap();
    let bare = assignment(told(|message| message.config = None)).unwrap();

    assert_eq!((&*taken.namespace, taken.version), ("orders", 1));
    assert_eq!(taken.content.partition, 255);
    assert_eq!(Some(taken.content.config), good().config);
    assert_eq!(bare.content.config, NamespaceConfig::default());
}

fn assert_named(table: impl IntoIterator<Item = (NamespaceAssignment, &'static str)>) {
    for (message, expected) in table {
        let status = Status::from(assignment(message).unwrap_err());
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        let named = status.message().starts_with(expected);
        assert!(named, "{status} and not {expected}");
    }
}

/// Every field of an assignment is judged, and named where it is malformed.
#[test]
fn every_malformed_field_of_an_assignment_is_named() {
    let wide = "a".repeat(64);
    assert_named([
        (told(|m| m.namespace.clear()), "namespace: is missing"),
        (told(|m| m.namespace = "A".into()), "namespace: must match"),
        (told(|m| m.namespace = wide), "namespace: must match"),
        (told(|m| m.partition_id = -1), "partition_id: "),
        (told(|m| m.partition_id = 256), "partition_id: "),
        (told(|m| m.version = 0), "version: "),
        (told(|m| m.version = -1), "version: "),
        (
            config(|c| drop(c.backends.insert(String::new(), BackendConfig::default()))),
            "config.backends: has",
        ),
        (
            config(|c| drop(c.patterns.insert(String::new(), PatternConfig::default()))),
            "config.patterns: has",
        ),
        (
            config(|c| add(&mut c.metadata, "", "v")),
            "config.metadata: has",
        ),
        (
            config(|c| add(&mut c.metadata, "k", &long())),
            "config.metadata[k]: is longer",
        ),
    ]);
}

/// Every field of a backend is judged, and named where it is malformed.
#[test]
fn every_malformed_field_of_a_backend_is_named() {
    assert_named([
        (
            backend(|b| b.backend_type.clear()),
            "config.backends[store].backend_type: is missing",
        ),
        (
            backend(|b| b.backend_type = "a b".into()),
            "config.backends[store].backend_type: must",
        ),
        (
            backend(|b| b.connection_string = long()),
            "config.backends[store].connection_string: ",
        ),
        (
            backend(|b| add(&mut b.credentials, "", "v")),
            "config.backends[store].credentials: has",
        ),
        (
            backend(|b| add(&mut b.credentials, "k", &long())),
            "config.backends[store].credentials[k]: is longer",
        ),
        (
            backend(|b| add(&mut b.options, "", "v")),
            "config.backends[store].options: has",
        ),
        (
            backend(|b| add(&mut b.options, &long(), "v")),
            "config.backends[store].options key: is longer",
        ),
    ]);
}

/// Every field of a pattern and of the authorisation is judged, and named where it is malformed.
#[test]
fn every_malformed_field_of_a_pattern_is_named() {
    let interface = |name: String| pattern(|p| p.required_interfaces.push(name));
    assert_named([
        (
            pattern(|p| p.pattern_name.clear()),
            "config.patterns[kv].pattern_name: is missing",
        ),
        (
            pattern(|p| p.pattern_name = "-".into()),
            "config.patterns[kv].pattern_name: must",
        ),
        (
            pattern(|p| add(&mut p.settings, "", "v")),
            "config.patterns[kv].settings: has",
        ),
        (
            pattern(|p| add(&mut p.settings, "k", &long())),
            "config.patterns[kv].settings[k]: is longer",
        ),
        (
            interface(String::new()),
            "config.patterns[kv].required_interfaces[2]: is empty",
        ),
        (
            interface("a.B".into()),
            "config.patterns[kv].required_interfaces[2]: is there twice",
        ),
        (
            interface(long()),
            "config.patterns[kv].required_interfaces[2]: is longer",
        ),
        (
            auth(|a| a.provider.clear()),
            "config.auth.provider: is missing",
        ),
        (
            auth(|a| a.provider = long()),
            "config.auth.provider: is longer",
        ),
        (
            auth(|a| add(&mut a.options, "", "v")),
            "config.auth.options: has",
        ),
    ]);
}

/// A key of any length or kind makes a name of a field that can be read.
#[test]
fn a_strange_key_is_shown_short() {
    let key = "\n".repeat(LONGEST_TEXT);

    let malformed = assignment(config(|c| add(&mut c.metadata, &key, &long()))).unwrap_err();

    assert!(malformed.field.len() < 100, "{malformed}");
    assert!(!malformed.field.contains('\n'));
}

fn revoked(change: impl FnOnce(&mut NamespaceRevocation)) -> Checked<Revocation> {
    let mut message = NamespaceRevocation {
        proxy_id: "proxy-1".to_owned(),
        namespace: "orders".to_owned(),
        graceful_timeout_seconds: 4,
    };
    change(&mut message);
    revocation(message)
}

/// A revocation's time is a number of seconds, and none is at once.
#[test]
fn a_good_revocation_is_taken() {
    let grace = |seconds| revoked(|m| m.graceful_timeout_seconds = seconds).map(|r| r.grace);

    assert_eq!(grace(4), Ok(Duration::from_secs(4)));
    assert_eq!(grace(0), Ok(Duration::ZERO));
    assert_eq!(grace(3600), Ok(Duration::from_secs(3600)));
}

/// Every field of a revocation is judged, and named where it is malformed.
#[test]
fn every_malformed_field_of_a_revocation_is_named() {
    let table = [
        (revoked(|m| m.proxy_id.clear()), "proxy_id"),
        (revoked(|m| m.proxy_id = "a b".into()), "proxy_id"),
        (revoked(|m| m.proxy_id = "a".repeat(129)), "proxy_id"),
        (revoked(|m| m.namespace.clear()), "namespace"),
        (revoked(|m| m.namespace = "*".into()), "namespace"),
        (
            revoked(|m| m.graceful_timeout_seconds = -1),
            "graceful_timeout_seconds",
        ),
        (
            revoked(|m| m.graceful_timeout_seconds = 3601),
            "graceful_timeout_seconds",
        ),
    ];

    for (outcome, field) in table {
        assert_eq!(outcome.unwrap_err().field, field);
    }
}
