//! How much a namespace holds, where the store has a limit.

use std::time::Duration;

use super::{Subject, bytes, fill, key, namespace, ttl};
use crate::StoreError;

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
