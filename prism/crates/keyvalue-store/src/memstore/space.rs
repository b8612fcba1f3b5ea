//! The records of one namespace: shards, and the count that all of them share.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::shard::{Record, Removed, Shard};
use crate::{Key, Remaining, StoreError};

/// More shards than cores of a common machine, so that two calls seldom want the same one.
const SHARDS: usize = 32;

/// All records of a namespace.
#[derive(Debug)]
pub(super) struct Space {
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
    /// Records in all shards. A new key takes its place here first, under its shard's lock, so that the
    /// limit holds among shards that know nothing of each other.
    held: AtomicUsize,
    max_keys: NonZeroUsize,
}

impl Space {
    pub(super) fn new(max_keys: NonZeroUsize) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: Default::default(),
            held: AtomicUsize::new(0),
            max_keys,
        }
    }

    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }

    pub(super) fn set(&self, key: Key, value: Bytes, now: Duration) -> Result<(), StoreError> {
        let Err((key, value)) = self.try_set(key, value) else {
            return Ok(());
        };
        // The key's own shard is unlocked here: two writers that sweep never wait for each other's shard.
        self.sweep(now);
        let refused = StoreError::CapacityReached {
            max_keys: self.max_keys.get(),
        };
        self.try_set(key, value).map_err(|_| refused)
    }

    /// Stores a record, or gives it back if its key is new and there is no place.
    fn try_set(&self, key: Key, value: Bytes) -> Result<(), (Key, Bytes)> {
        let mut shard = self.shard(&key);
        if !shard.contains(&key) && !self.take_place() {
            return Err((key, value));
        }
        shard.insert(key, value);
        Ok(())
    }

    pub(super) fn get(&self, key: &Key, now: Duration) -> Option<Bytes> {
        self.shard(key)
            .live(key, now)
            .map(|record| record.value.clone())
    }

    pub(super) fn exists(&self, key: &Key, now: Duration) -> bool {
        self.shard(key).live(key, now).is_some()
    }

    pub(super) fn delete(&self, key: &Key, now: Duration) -> bool {
        let removed = self.shard(key).remove(key, now);
        if removed != Removed::Nothing {
            self.give_back(1);
        }
        removed == Removed::Live
    }

    pub(super) fn expire(&self, key: &Key, deadline: Duration, now: Duration) -> bool {
        self.shard(key).expire(key, deadline, now)
    }

    pub(super) fn remaining(&self, key: &Key, now: Duration) -> Remaining {
        self.shard(key)
            .live(key, now)
            .map_or(Remaining::Missing, |record| record.remaining(now))
    }

    pub(super) fn persist(&self, key: &Key, now: Duration) -> bool {
        self.shard(key).live(key, now).is_some_and(Record::persist)
    }

    pub(super) fn sweep(&self, now: Duration) -> usize {
        self.shards
            .iter()
            .map(|shard| self.sweep_shard(lock(shard), now))
            .sum()
    }

    /// Gives the places back under the lock, so that whoever sweeps next finds either the records or the places.
    #[allow(clippy::needless_pass_by_value)] // Taking the guard keeps the lock to the end.
    fn sweep_shard(&self, mut shard: MutexGuard<'_, Shard>, now: Duration) -> usize {
        let freed = shard.sweep(now);
        self.give_back(freed);
        freed
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let hash = self.hasher.hash_one(key) % SHARDS as u64;
        lock(&self.shards[usize::try_from(hash).unwrap_or_default()])
    }

    fn take_place(&self) -> bool {
        let limit = self.max_keys.get();
        let next = |held| (held < limit).then_some(held + 1);
        self.held
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, next)
            .is_ok()
    }

    fn give_back(&self, places: usize) {
        self.held.fetch_sub(places, Ordering::SeqCst);
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // A record is stored or removed in one step, so a panic elsewhere leaves a shard whole.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
