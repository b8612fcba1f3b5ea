//! The records that the data interfaces serve, wherever they are.
#![allow(clippy::unused_async)] // Callers await, so that a store may take its time.

use std::sync::Arc;

use bytes::Bytes;
use keyvalue_store::{Key, Namespace, Remaining, Store, StoreError, Ttl};

use crate::data::Call;

/// A store that answers at once, or one that has to be awaited.
///
/// An enum, and no trait whose futures would be boxed: a call on a store at hand costs what it cost before
/// there was any other.
#[derive(Clone)]
pub enum Records {
    /// In this process.
    AtHand(Arc<dyn Store>),
}

impl Records {
    pub(crate) async fn set(&self, call: &Call, key: Key, value: &Bytes) -> Result<(), StoreError> {
        match self {
            Self::AtHand(store) => store.set(&call.namespace, key, owned(value)),
        }
    }

    pub(crate) async fn get(&self, call: &Call, key: &Key) -> Result<Option<Bytes>, StoreError> {
        match self {
            Self::AtHand(store) => store.get(&call.namespace, key),
        }
    }

    pub(crate) async fn delete(&self, call: &Call, key: &Key) -> Result<bool, StoreError> {
        match self {
            Self::AtHand(store) => store.delete(&call.namespace, key),
        }
    }

    pub(crate) async fn exists(&self, call: &Call, key: &Key) -> Result<bool, StoreError> {
        match self {
            Self::AtHand(store) => store.exists(&call.namespace, key),
        }
    }

    pub(crate) async fn expire(
        &self,
        call: &Call,
        key: &Key,
        ttl: Ttl,
    ) -> Result<bool, StoreError> {
        match self {
            Self::AtHand(store) => store.expire(&call.namespace, key, ttl),
        }
    }

    pub(crate) async fn remaining(&self, call: &Call, key: &Key) -> Result<Remaining, StoreError> {
        match self {
            Self::AtHand(store) => store.remaining(&call.namespace, key),
        }
    }

    pub(crate) async fn persist(&self, call: &Call, key: &Key) -> Result<bool, StoreError> {
        match self {
            Self::AtHand(store) => store.persist(&call.namespace, key),
        }
    }

    /// Stores in order; each item has a result of its own.
    pub(crate) async fn set_many(
        &self,
        call: &Call,
        items: Vec<(Key, Bytes)>,
    ) -> Vec<Result<(), StoreError>> {
        match self {
            Self::AtHand(store) => items
                .into_iter()
                .map(|(key, value)| store.set(&call.namespace, key, owned(&value)))
                .collect(),
        }
    }

    /// Looks up in order; each key has a result of its own.
    pub(crate) async fn get_many(
        &self,
        call: &Call,
        keys: &[Key],
    ) -> Vec<Result<Option<Bytes>, StoreError>> {
        match self {
            Self::AtHand(store) => keys
                .iter()
                .map(|key| store.get(&call.namespace, key))
                .collect(),
        }
    }

    /// Removes in order; each key has a result of its own.
    pub(crate) async fn delete_many(
        &self,
        call: &Call,
        keys: &[Key],
    ) -> Vec<Result<bool, StoreError>> {
        match self {
            Self::AtHand(store) => keys
                .iter()
                .map(|key| store.delete(&call.namespace, key))
                .collect(),
        }
    }

    /// Removes all keys of a namespace, and says how many there were.
    pub async fn remove_namespace(&self, namespace: &Namespace) -> Result<usize, StoreError> {
        match self {
            Self::AtHand(store) => store.remove_namespace(namespace),
        }
    }
}

/// The value without the request's buffer: stored as a part of it, it would keep the whole buffer alive.
fn owned(value: &Bytes) -> Bytes {
    Bytes::copy_from_slice(value)
}
