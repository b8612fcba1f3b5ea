//! The records that the data interfaces serve, wherever they are.

use std::sync::Arc;

use bytes::Bytes;
use keyvalue_store::{Condition, Key, Namespace, Remaining, Store, StoreError, Ttl};
use redis_store::{Calls, RedisStore};
use tokio::sync::watch;

use crate::data::Call;

/// A store that answers at once, or one that has to be awaited.
///
/// An enum, and no trait whose futures would be boxed: a call on a store at hand costs what it cost before
/// there was any other.
#[derive(Clone)]
pub enum Records {
    /// In this process.
    AtHand(Arc<dyn Store>),
    /// In a Redis.
    InRedis(Arc<RedisStore>),
}

impl Records {
    pub(crate) async fn set(&self, call: &Call, key: Key, value: &Bytes) -> Result<(), StoreError> {
        match self {
            Self::AtHand(store) => store.set(&call.namespace, key, owned(value)),
            Self::InRedis(store) => {
                for_call(store, call)
                    .set(&call.namespace, &key, value)
                    .await
            }
        }
    }

    pub(crate) async fn get(&self, call: &Call, key: &Key) -> Result<Option<Bytes>, StoreError> {
        match self {
            Self::AtHand(store) => store.get(&call.namespace, key),
            Self::InRedis(store) => for_call(store, call).get(&call.namespace, key).await,
        }
    }

    pub(crate) async fn delete(&self, call: &Call, key: &Key) -> Result<bool, StoreError> {
        match self {
            Self::AtHand(store) => store.delete(&call.namespace, key),
            Self::InRedis(store) => for_call(store, call).delete(&call.namespace, key).await,
        }
    }

    pub(crate) async fn exists(&self, call: &Call, key: &Key) -> Result<bool, StoreError> {
        match self {
            Self::AtHand(store) => store.exists(&call.namespace, key),
            Self::InRedis(store) => for_call(store, call).exists(&call.namespace, key).await,
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
            Self::InRedis(store) => {
                for_call(store, call)
                    .expire(&call.namespace, key, ttl)
                    .await
            }
        }
    }

    pub(crate) async fn remaining(&self, call: &Call, key: &Key) -> Result<Remaining, StoreError> {
        match self {
            Self::AtHand(store) => store.remaining(&call.namespace, key),
            Self::InRedis(store) => for_call(store, call).remaining(&call.namespace, key).await,
        }
    }

    pub(crate) async fn persist(&self, call: &Call, key: &Key) -> Result<bool, StoreError> {
        match self {
            Self::AtHand(store) => store.persist(&call.namespace, key),
            Self::InRedis(store) => for_call(store, call).persist(&call.namespace, key).await,
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
            Self::InRedis(store) => {
                for_call(store, call)
                    .set_many(&call.namespace, &items)
                    .await
            }
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
            Self::InRedis(store) => for_call(store, call).get_many(&call.namespace, keys).await,
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
            Self::InRedis(store) => {
                for_call(store, call)
                    .delete_many(&call.namespace, keys)
                    .await
            }
        }
    }

    /// Removes all keys of a namespace, and says how many there were.
    pub async fn remove_namespace(&self, namespace: &Namespace) -> Result<usize, StoreError> {
        match self {
            Self::AtHand(store) => store.remove_namespace(namespace),
            Self::InRedis(store) => store.within(None).remove_namespace(namespace).await,
        }
    }

    /// How the store is, from now on.
    pub(crate) fn condition(&self) -> watch::Receiver<Condition> {
        match self {
            Self::AtHand(_) => watch::Sender::new(Condition::Well).subscribe(),
            Self::InRedis(store) => store.condition(),
        }
    }
}

fn for_call<'a>(store: &'a RedisStore, call: &Call) -> Calls<'a> {
    store.within(call.time)
}

/// The value without the request's buffer: stored as a part of it, it would keep the whole buffer alive.
fn owned(value: &Bytes) -> Bytes {
    Bytes::copy_from_slice(value)
}
