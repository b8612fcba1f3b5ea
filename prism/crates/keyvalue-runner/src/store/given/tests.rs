//! Configurations as a launcher may hand them over, good and bad.

use redis_store::RedisAddress;

use crate::store::{StoreFlags, StoreSettings};

use super::*;

fn structure(fields: &[(&str, Kind)]) -> Struct {
    let field = |(name, kind): &(&str, Kind)| {
        let kind = Some(kind.clone());
        ((*name).to_owned(), Value { kind })
    };
    Struct {
        fields: fields.iter().map(field).collect(),
    }
}

fn string(text: &str) -> Kind {
    Kind::StringValue(text.to_owned())
}

fn memstore(key: &str, value: Kind) -> Struct {
    let inner = Kind::StructValue(structure(&[(key, value)]));
    structure(&[("backend", string("memstore")), ("backend_config", inner)])
}

fn redis(values: &[(&str, Kind)]) -> Struct {
    let inner = Kind::StructValue(structure(values));
    structure(&[("backend", string("redis")), ("backend_config", inner)])
}

fn settings(config: &Struct) -> Result<StoreSettings, String> {
    settings_beside(config, None)
}

/// The settings where the command line names a Redis, or none.
fn settings_beside(config: &Struct, url: Option<&str>) -> Result<StoreSettings, String> {
    let flags = StoreFlags {
        kind: StoreKind::Memstore,
        max_keys: 7.try_into().unwrap(),
        redis_url: url.map(|url| Readable::parse(url).unwrap()),
    };
    StoreSettings::from_struct(config, &flags).map_err(|error| error.to_string())
}

fn held(max_keys: usize) -> StoreSettings {
    let max_keys = max_keys.try_into().unwrap();
    StoreSettings::Memstore { max_keys }
}

/// Nothing said means a memstore, of the size that the flags say.
#[test]
fn what_is_left_open_is_as_the_flags_say() {
    assert_eq!(settings(&Struct::default()), Ok(held(7)));
    assert_eq!(
        settings(&structure(&[("backend", string("memstore"))])),
        Ok(held(7))
    );
}

/// A number may be one, or be written in decimal.
#[test]
fn numbers_come_in_two_forms() {
    for value in [Kind::NumberValue(25.0), string("25")] {
        assert_eq!(settings(&memstore("max_keys", value)), Ok(held(25)));
    }
}

/// What cannot be is refused by key and value.
#[test]
fn a_bad_value_is_named() {
    for (value, shown) in [
        (Kind::NumberValue(0.0), "0"),
        (Kind::NumberValue(1.5), "1.5"),
        (Kind::NumberValue(-3.0), "-3"),
        (string("many"), "\"many\""),
        (string(""), "\"\""),
    ] {
        let expected = format!("backend_config.max_keys {shown} is not a whole number from 1 up");
        assert_eq!(settings(&memstore("max_keys", value)), Err(expected));
    }
}

/// A value of a kind that no key has is told from a bad one.
#[test]
fn a_bad_kind_is_named() {
    let list = Kind::ListValue(prost_types::ListValue::default());
    for (value, shown) in [
        (Kind::BoolValue(true), "true"),
        (Kind::NullValue(0), "null"),
        (list, "[…]"),
    ] {
        let expected = format!("backend_config.max_keys {shown} is neither a text nor a number");
        assert_eq!(settings(&memstore("max_keys", value)), Err(expected));
    }
}

/// A store that this runner does not have is named, beside those it has.
#[test]
fn an_unknown_backend_is_named() {
    let error = settings(&structure(&[("backend", string("etcd"))])).unwrap_err();

    assert!(
        error.starts_with("backend \"etcd\" is not a store"),
        "{error}"
    );
}

/// A key that nothing reads is a mistake somewhere.
#[test]
fn an_unknown_key_is_named() {
    let outside = structure(&[("backnd", string("memstore"))]);

    assert_eq!(settings(&outside), Err("backnd is unknown".to_owned()));
    assert_eq!(
        settings(&memstore("max_kyes", string("1"))),
        Err("backend_config.max_kyes is unknown".to_owned())
    );
}

/// A Redis is known by its URL, and a login of its own comes before the one in there.
#[test]
fn a_redis_has_a_url_and_a_login() {
    let address = |url| RedisAddress::parse(url).unwrap();

    assert_eq!(
        settings(&redis(&[
            ("url", string("redis://ann:old@127.0.0.1:7000/2")),
            ("username", string("bob")),
            ("password", Kind::NumberValue(1234.0)),
        ])),
        Ok(StoreSettings::Redis(address(
            "redis://bob:1234@127.0.0.1:7000/2"
        )))
    );
}

/// The URL may be the command line's, but there has to be one.
#[test]
fn a_redis_without_a_url_is_nowhere() {
    let url = "redis://127.0.0.1";
    let config = structure(&[("backend", string("redis"))]);

    assert_eq!(
        settings_beside(&config, Some(url)),
        Ok(StoreSettings::Redis(RedisAddress::parse(url).unwrap()))
    );
    assert_eq!(
        settings(&config),
        Err("backend_config.url is missing".to_owned())
    );
}

/// Each store has its own keys, and a URL is not repeated: who knows what is in it.
#[test]
fn what_a_redis_does_not_take_is_named() {
    let limited = redis(&[
        ("url", string("redis://127.0.0.1")),
        ("max_keys", string("1")),
    ]);
    let encrypted = redis(&[("url", string("rediss://:s3cret@127.0.0.1"))]);

    assert_eq!(
        settings(&limited),
        Err("backend_config.max_keys is unknown".to_owned())
    );
    let error = settings(&encrypted).unwrap_err();
    assert!(
        error.starts_with("backend_config.url (set) asks for TLS"),
        "{error}"
    );
}

/// What holds a store's keys is an object.
#[test]
fn the_keys_lie_in_an_object() {
    let error = settings(&structure(&[("backend_config", string("none"))])).unwrap_err();

    assert_eq!(error, "backend_config \"none\" is not an object");
}

/// A password is not repeated, whatever is wrong with it.
#[test]
fn a_secret_is_not_repeated() {
    let error = bad(
        "backend_config.password",
        &Value {
            kind: Some(string("s3cret")),
        },
        "is bad".to_owned(),
    );

    assert_eq!(error.to_string(), "backend_config.password (set) is bad");
}
