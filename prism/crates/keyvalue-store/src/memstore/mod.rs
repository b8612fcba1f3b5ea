//! The store in memory.

mod shard;
mod space;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use bytes::Bytes;

use self::space::Space;
use crate::{Clock, Key, Namespace, Remaining, Store, StoreError, Ttl};

type Spaces = HashMap<Namespace, Space>;

/// A sharded map under short locks, one for each namespace.
///
/// An expired record is never returned, swept or not. It takes no place from a new key either: a full
/// namespace is swept before a new key is refused.
#[derive(Debug)]
pub struct MemStore<C> {
    clock: C,
    max_keys: NonZeroUsize,
    /// Held shared during a call, so that removing a namespace comes wholly before or wholly after it.
    spaces: RwLock<Spaces>,
}

impl<C: Clock> MemStore<C> {
    /// An empty store that holds at most `max_keys` keys a namespace.
    #[must_use]
    pub fn new(max_keys: NonZeroUsize, clock: C) -> Self {
        Self {
            clock,
            max_keys,
            spaces: RwLock::default(),
        }
    }

    /// Frees what has expired, and says how many records that was.
    pub fn sweep(&self) -> usize {
        let now = self.clock.now();
        self.read().values().map(|space| space.sweep(now)).sum()
    }

    /// The records held for a namespace, with those that have expired and are not yet swept.
    #[must_use]
    pub fn held(&self, namespace: &Namespace) -> usize {
        self.read().get(namespace).map_or(0, Space::held)
    }

    /// Does something with a namespace's space; nothing if there is none, for then no key is there.
    fn within<T: Default>(
        &self,
        namespace: &Namespace,
        act: impl FnOnce(&Space, Duration) -> T,
    ) -> T {
        self.read()
            .get(namespace)
            .map(|space| act(space, self.clock.now()))
            .unwrap_or_default()
    }

    fn create(&self, namespace: &Namespace) {
        self.write()
            .entry(namespace.clone())
            .or_insert_with(|| Space::new(self.max_keys));
    }

    fn read(&self) -> RwLockReadGuard<'_, Spaces> {
        self.spaces.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Spaces> {
        self.spaces.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clock> Store for MemStore<C> {
    fn set(&self, namespace: &Namespace, key: Key, value: Bytes) -> Result<(), StoreError> {
        loop {
            if let Some(space) = self.read().get(namespace) {
                return space.set(key, value, self.clock.now());
            }
            self.create(namespace);
        }
    }

    fn get(&self, namespace: &Namespace, key: &Key) -> Result<Option<Bytes>, StoreError> {
        Ok(self.within(namespace, |space, now| space.get(key, now)))
    }

    fn delete(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError> {
        Ok(self.within(namespace, |space, now| space.delete(key, now)))
    }

    fn exists(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError> {
        Ok(self.within(namespace, |space, now| space.exists(key, now)))
    }

    fn expire(&self, namespace: &Namespace, key: &Key, ttl: Ttl) -> Result<bool, StoreError> {
        Ok(self.within(namespace, |space, now| {
            space.expire(key, now + ttl.as_duration(), now)
        }))
    }

    fn remaining(&self, namespace: &Namespace, key: &Key) -> Result<Remaining, StoreError> {
        Ok(self.within(namespace, |space, now| space.remaining(key, now)))
    }

    fn persist(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError> {
        Ok(self.within(namespace, |space, now| space.persist(key, now)))
    }

    fn remove_namespace(&self, namespace: &Namespace) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let removed = self.write().remove(namespace);
        Ok(removed.map_or(0, |space| {
            space.sweep(now);
            space.held()
        }))
    }
}
