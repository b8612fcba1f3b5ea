//! When a record ends.

use std::time::Duration;

use super::{Subject, bytes, key, namespace, ttl};
use crate::Remaining;

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
