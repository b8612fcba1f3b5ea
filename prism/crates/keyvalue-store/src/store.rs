//! What a runner needs of a store.

use std::time::Duration;

use bytes::Bytes;

use crate::{Key, Namespace, Ttl};

/// Why a store did not do what it was asked; the caller is told in-band.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A namespace is full; what it holds can still be overwritten.
    #[error("capacity limit reached: {max_keys} keys")]
    CapacityReached {
        /// The most keys that a namespace may have.
        max_keys: usize,
    },
    /// The backend can't be reached, or refuses.
    #[error("{backend} failed: {reason}")]
    Backend {
        /// Which backend.
        backend: &'static str,
        /// What it said.
        reason: String,
    },
}

/// How long a key will still be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Remaining {
    /// It is not there.
    #[default]
    Missing,
    /// It has no expiry.
    Forever,
    /// This long, and then no more.
    For(Duration),
}

/// Records by namespace and key, each with an optional expiry.
///
/// A record whose time has come is never seen again, by whichever method.
pub trait Store: Send + Sync {
    /// Stores a value and clears the key's expiry.
    fn set(&self, namespace: &Namespace, key: Key, value: Bytes) -> Result<(), StoreError>;

    /// The value, if the key is there.
    fn get(&self, namespace: &Namespace, key: &Key) -> Result<Option<Bytes>, StoreError>;

    /// Removes a key; true if it was there.
    fn delete(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError>;

    /// Whether the key is there.
    fn exists(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError>;

    /// Lets a key expire after a time, at once if that is nothing; true if it was there.
    fn expire(&self, namespace: &Namespace, key: &Key, ttl: Ttl) -> Result<bool, StoreError>;

    /// How long the key will still be there.
    fn remaining(&self, namespace: &Namespace, key: &Key) -> Result<Remaining, StoreError>;

    /// Clears a key's expiry; true if it had one.
    fn persist(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError>;

    /// Removes all keys of a namespace, and says how many there were.
    fn remove_namespace(&self, namespace: &Namespace) -> Result<usize, StoreError>;
}
