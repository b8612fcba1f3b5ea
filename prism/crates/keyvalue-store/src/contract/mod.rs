//! What every store must do, as tests that any store can run.
//!
//! A store's tests implement [`Subject`] and call [`contract_tests!`](crate::contract_tests) with a function
//! that makes one. Each rule uses a namespace that nothing else uses, and panics where a store breaks it.
#![allow(clippy::missing_panics_doc)]

mod capacity;
mod expiry;
mod records;

use std::time::Duration;

use bytes::Bytes;

pub use self::{capacity::*, expiry::*, records::*};
use crate::{Key, Namespace, Store, Ttl};

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
///
/// Attributes before the name go to every test: `#[ignore = "needs a server"]` for a store that does.
#[macro_export]
macro_rules! contract_tests {
    ($(#[$attribute:meta])* $subject:path) => {
        $crate::contract_tests! { [$(#[$attribute])*] $subject:
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
    (@test [$(#[$attribute:meta])*] $subject:path, $rule:ident) => {
        #[doc = concat!("The rule `", stringify!($rule), "` of the store contract.")]
        #[test]
        $(#[$attribute])*
        fn $rule() {
            $crate::contract::$rule(&$subject());
        }
    };
    ($attributes:tt $subject:path: $($rule:ident),+ $(,)?) => {
        mod contract {
            $($crate::contract_tests! { @test $attributes $subject, $rule })+
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
