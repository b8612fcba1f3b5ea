//! What every store must do, as tests that any store can run.
//!
//! A store's tests implement [`Subject`] and call [`contract_tests!`](crate::contract_tests) with a function
//! that makes one. Each rule uses a namespace that nothing else uses, and panics where a store breaks it.
#![allow(clippy::missing_panics_doc)]

use std::time::Duration;

use bytes::Bytes;

use crate::{Key, Namespace, Remaining, Store, StoreError, Ttl};

/// A store under test, with a hand on its clock.
pub trait Subject {
    /// The store.
    fn store(&self) -> &dyn Store;

    /// Lets time pass for the store, by its own clock.
    fn pass(&self, time: Duration);

    /// The most keys that a namespace may have, where the store has such a limit.
    fn max_keys(&self) -> Option<usize>;
}

/// Makes a test of each rule, over a fresh subject that the named function makes.
#[macro_export]
macro_rules! contract_tests {
    ($subject:path) => {
        $crate::contract_tests! { $subject:
            a_value_comes_back,
            setting_overwrites,
            any_bytes_are_a_value,
            any_text_is_a_key,
            an_empty_value_is_there,
            a_missing_key_is_nowhere,
            a_deleted_key_is_gone,
            namespaces_never_meet,
            a_record_expires_on_time,
            a_ttl_of_nothing_expires_at_once,
            a_later_ttl_replaces_an_earlier,
            setting_clears_the_expiry,
            persisting_clears_the_expiry,
            removing_a_namespace_counts_its_keys,
            a_full_namespace_refuses_new_keys_only,
            a_freed_place_can_be_taken,
            an_expired_record_takes_no_place,
            capacity_is_per_namespace,
        }
    };
    ($subject:path: $($rule:ident),+ $(,)?) => {
        mod contract {
            $(
                #[doc = concat!("The rule `", stringify!($rule), "` of the store contract.")]
                #[test]
                fn $rule() {
                    $crate::contract::$rule(&$subject());
                }
            )+
        }
    };
}

/// A namespace of a test.
#[must_use]
pub fn namespace(name: &str) -> Namespace {
    Namespace::try_from(name).unwrap_or_else(|error| panic!("{error}"))
}

/// A key of a test.
#[must_use]
pub fn key(text: &str) -> Key {
    Key::try_from(text.to_owned()).unwrap_or_else(|error| panic!("{error}"))
}

/// A time to live of a test.
#[must_use]
pub fn ttl(seconds: i64) -> Ttl {
    Ttl::try_from(seconds).unwrap_or_else(|error| panic!("{error}"))
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn fill(store: &dyn Store, space: &Namespace, keys: usize) {
    for number in 0..keys {
        assert_eq!(
            store.set(space, key(&number.to_string()), bytes("v")),
            Ok(())
        );
    }
}

/// What was set is got, and exists, without an expiry.
pub fn a_value_comes_back(subject: &impl Subject) {
    let (store, space) = (subject.store(), namespace("comes-back"));

    assert_eq!(store.set(&space, key("k"), bytes("v")), Ok(()));

    assert_eq!(store.get(&space, &key("k")), Ok(Some(bytes("v"))));
    assert_eq!(store.exists(&space, &key("k")), Ok(true));
    assert_eq!(store.remaining(&space, &key("k")), Ok(Remaining::Forever));
}

/// The last value set is the one that stays.
pub fn setting_overwrites(subject: &impl Subject) {
    let (store, space) = (subject.store(), namespace("overwrites"));

    assert_eq!(store.set(&space, key("k"), bytes("old")), Ok(()));
    assert_eq!(store.set(&space, key("k"), bytes("new")), Ok(()));

    assert_eq!(store.get(&space, &key("k")), Ok(Some(bytes("new"))));
}

/// A value is bytes, not text, and may be long.
pub fn any_bytes_are_a_value(subject: &impl Subject) {
    let (store, space) = (subject.store(), namespace("any-bytes"));
    let value: Bytes = (0..=u8::MAX).cycle().take(1 << 20).collect();

    assert_eq!(store.set(&space, key("k"), value.clone()), Ok(()));

    assert_eq!(store.get(&space, &key("k")), Ok(Some(value)));
}

/// Blanks, line ends, zeros, other scripts and 64 KiB are keys like any other, and all different.
pub fn any_text_is_a_key(subject: &impl Subject) {
    let (store, space) = (subject.store(), namespace("any-text"));
    let keys = [
        " ",
        "  ",
        "\n",
        "\0",
        "ключ",
        "🔑",
        &"k".repeat(Key::MAX_BYTES),
    ];

    for text in keys {
        assert_eq!(store.set(&space, key(text), bytes(text)), Ok(()));
    }

    for text in keys {
        assert_eq!(store.get(&space, &key(text)), Ok(Some(bytes(text))));
    }
}

/// No bytes are a value too.
pub fn an_empty_value_is_there(subject: &impl Subject) {
    let (store, space) = (subject.store(), namespace("empty-value"));

    assert_eq!(store.set(&space, key("k"), Bytes::new()), Ok(()));

    assert_eq!(store.get(&space, &key("k")), Ok(Some(Bytes::new())));
    assert_eq!(store.exists(&space, &key("k")), Ok(true));
}

/// Every method has an answer for a key that is not there, and none makes it be there.
pub fn a_missing_key_is_nowhere(subject: &impl Subject) {
    let (store, space, missing) = (subject.store(), namespace("missing"), key("k"));

    assert_eq!(store.delete(&space, &missing), Ok(false));
    assert_eq!(store.expire(&space, &missing, ttl(10)), Ok(false));
    assert_eq!(store.persist(&space, &missing), Ok(false));
    assert_eq!(store.remaining(&space, &missing), Ok(Remaining::Missing));
    assert_eq!(store.exists(&space, &missing), Ok(false));
    assert_eq!(store.get(&space, &missing), Ok(None));
}

/// Deleting says what it found, and leaves nothing.
pub fn a_deleted_key_is_gone(subject: &impl Subject) {
    let (store, space) = (subject.store(), namespace("deleted"));
    assert_eq!(store.set(&space, key("k"), bytes("v")), Ok(()));

    assert_eq!(store.delete(&space, &key("k")), Ok(true));

    assert_eq!(store.delete(&space, &key("k")), Ok(false));
    assert_eq!(store.get(&space, &key("k")), Ok(None));
}

/// One key in two namespaces is two records, also where names and keys could run together.
pub fn namespaces_never_meet(subject: &impl Subject) {
    let (store, one, two) = (subject.store(), namespace("meet"), namespace("meet-2"));
    assert_eq!(store.set(&one, key("2:k"), bytes("one")), Ok(()));
    assert_eq!(store.set(&two, key("k"), bytes("two")), Ok(()));

    assert_eq!(store.delete(&two, &key("2:k")), Ok(false));

    assert_eq!(store.get(&one, &key("2:k")), Ok(Some(bytes("one"))));
    assert_eq!(store.get(&one, &key("k")), Ok(None));
}

/// A record is there until its deadline, with its time running, and then nowhere, swept or not.
pub fn a_record_expires_on_time(subject: &impl Subject) {
    let (store, space, mortal) = (subject.store(), namespace("on-time"), key("k"));
    assert_eq!(store.set(&space, mortal.clone(), bytes("v")), Ok(()));
    assert_eq!(store.expire(&space, &mortal, ttl(2)), Ok(true));

    subject.pass(Duration::from_millis(1200));
    assert_eq!(store.get(&space, &mortal), Ok(Some(bytes("v"))));
    let Ok(Remaining::For(left)) = store.remaining(&space, &mortal) else {
        panic!("no expiry")
    };
    assert!(left <= Duration::from_millis(800), "{left:?}");

    subject.pass(Duration::from_millis(800));
    assert_eq!(store.get(&space, &mortal), Ok(None));
    assert_eq!(store.exists(&space, &mortal), Ok(false));
    assert_eq!(store.remaining(&space, &mortal), Ok(Remaining::Missing));
    assert_eq!(store.expire(&space, &mortal, ttl(2)), Ok(false));
    assert_eq!(store.persist(&space, &mortal), Ok(false));
    assert_eq!(store.delete(&space, &mortal), Ok(false));
}

/// Nothing left to live is the end, and the key was there until then.
pub fn a_ttl_of_nothing_expires_at_once(subject: &impl Subject) {
    let (store, space) = (subject.store(), namespace("at-once"));
    assert_eq!(store.set(&space, key("k"), bytes("v")), Ok(()));

    assert_eq!(store.expire(&space, &key("k"), ttl(0)), Ok(true));

    assert_eq!(store.get(&space, &key("k")), Ok(None));
}

/// The last time to live counts, longer or shorter.
pub fn a_later_ttl_replaces_an_earlier(subject: &impl Subject) {
    let (store, space) = (subject.store(), namespace("later-ttl"));
    for (name, first, second) in [("longer", 1, 100), ("shorter", 100, 1)] {
        assert_eq!(store.set(&space, key(name), bytes("v")), Ok(()));
        assert_eq!(store.expire(&space, &key(name), ttl(first)), Ok(true));
        assert_eq!(store.expire(&space, &key(name), ttl(second)), Ok(true));
    }

    subject.pass(Duration::from_secs(1));

    assert_eq!(store.exists(&space, &key("longer")), Ok(true));
    assert_eq!(store.exists(&space, &key("shorter")), Ok(false));
}

/// A record set again begins a new life, before or after its end.
pub fn setting_clears_the_expiry(subject: &impl Subject) {
    let (store, space) = (subject.store(), namespace("set-clears"));
    for name in ["before", "after"] {
        assert_eq!(store.set(&space, key(name), bytes("v")), Ok(()));
        assert_eq!(store.expire(&space, &key(name), ttl(1)), Ok(true));
    }

    assert_eq!(store.set(&space, key("before"), bytes("new")), Ok(()));
    subject.pass(Duration::from_secs(1));
    assert_eq!(store.set(&space, key("after"), bytes("new")), Ok(()));

    for name in ["before", "after"] {
        assert_eq!(store.get(&space, &key(name)), Ok(Some(bytes("new"))));
        assert_eq!(store.remaining(&space, &key(name)), Ok(Remaining::Forever));
    }
}

/// A record persisted in time stays, and has no expiry to clear twice.
pub fn persisting_clears_the_expiry(subject: &impl Subject) {
    let (store, space) = (subject.store(), namespace("persists"));
    assert_eq!(store.set(&space, key("k"), bytes("v")), Ok(()));
    assert_eq!(store.expire(&space, &key("k"), ttl(1)), Ok(true));

    assert_eq!(store.persist(&space, &key("k")), Ok(true));
    subject.pass(Duration::from_secs(1));

    assert_eq!(store.persist(&space, &key("k")), Ok(false));
    assert_eq!(store.get(&space, &key("k")), Ok(Some(bytes("v"))));
}

/// Removing a namespace counts what was live in it, and touches no other.
pub fn removing_a_namespace_counts_its_keys(subject: &impl Subject) {
    let (store, space, other) = (
        subject.store(),
        namespace("removed"),
        namespace("removed-not"),
    );
    fill(store, &space, 3);
    fill(store, &other, 1);
    assert_eq!(store.expire(&space, &key("0"), ttl(0)), Ok(true));

    assert_eq!(store.remove_namespace(&space), Ok(2));

    assert_eq!(store.remove_namespace(&space), Ok(0));
    assert_eq!(store.get(&space, &key("1")), Ok(None));
    assert_eq!(store.exists(&other, &key("0")), Ok(true));
}

/// At the limit a new key is refused, and nothing else is.
pub fn a_full_namespace_refuses_new_keys_only(subject: &impl Subject) {
    let Some(max_keys) = subject.max_keys() else {
        return;
    };
    let (store, space) = (subject.store(), namespace("full"));
    fill(store, &space, max_keys);

    let refused = store.set(&space, key("new"), bytes("v"));

    assert_eq!(refused, Err(StoreError::CapacityReached { max_keys }));
    assert_eq!(store.get(&space, &key("new")), Ok(None));
    assert_eq!(store.set(&space, key("0"), bytes("over")), Ok(()));
    assert_eq!(store.get(&space, &key("0")), Ok(Some(bytes("over"))));
}

/// A deleted key's place is free, once.
pub fn a_freed_place_can_be_taken(subject: &impl Subject) {
    let Some(max_keys) = subject.max_keys() else {
        return;
    };
    let (store, space) = (subject.store(), namespace("freed"));
    fill(store, &space, max_keys);
    assert_eq!(store.delete(&space, &key("0")), Ok(true));
    assert_eq!(store.delete(&space, &key("0")), Ok(false));

    assert_eq!(store.set(&space, key("new"), bytes("v")), Ok(()));

    assert!(store.set(&space, key("newer"), bytes("v")).is_err());
}

/// What has expired makes room, though nobody has swept it yet.
pub fn an_expired_record_takes_no_place(subject: &impl Subject) {
    let Some(max_keys) = subject.max_keys() else {
        return;
    };
    let (store, space) = (subject.store(), namespace("no-place"));
    fill(store, &space, max_keys);
    assert_eq!(store.expire(&space, &key("0"), ttl(1)), Ok(true));
    assert!(store.set(&space, key("new"), bytes("v")).is_err());

    subject.pass(Duration::from_secs(1));

    assert_eq!(store.set(&space, key("new"), bytes("v")), Ok(()));
    assert!(store.set(&space, key("newer"), bytes("v")).is_err());
}

/// One full namespace leaves every other its own places.
pub fn capacity_is_per_namespace(subject: &impl Subject) {
    let Some(max_keys) = subject.max_keys() else {
        return;
    };
    let store = subject.store();
    fill(store, &namespace("capacity"), max_keys);

    fill(store, &namespace("capacity-2"), max_keys);
}
