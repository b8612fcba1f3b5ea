//! What a store keeps, and gives back.

use bytes::Bytes;

use super::{Subject, bytes, fill, key, namespace, ttl};
use crate::{Key, Remaining};

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
