//! One part of a namespace's records, as it is under its lock.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;

use crate::{Key, Remaining};

/// A value and, if it has one, its end.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) value: Bytes,
    /// The time from which on the record is no more.
    deadline: Option<Duration>,
}

impl Record {
    fn is_expired(&self, now: Duration) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    pub(super) fn remaining(&self, now: Duration) -> Remaining {
        self.deadline.map_or(Remaining::Forever, |deadline| {
            Remaining::For(deadline.saturating_sub(now))
        })
    }

    /// Clears the expiry; true if there was one.
    pub(super) fn persist(&mut self) -> bool {
        self.deadline.take().is_some()
    }

    fn new(value: Bytes) -> Self {
        Self {
            value,
            deadline: None,
        }
    }
}

/// The records whose keys hash to one lock.
#[derive(Debug, Default)]
pub(super) struct Shard {
    records: HashMap<Key, Record>,
    /// No record expires before this; it makes a sweep that finds nothing cost nothing.
    earliest: Option<Duration>,
}

impl Shard {
    /// The record of a key, if its time has not come.
    pub(super) fn live(&mut self, key: &Key, now: Duration) -> Option<&mut Record> {
        self.records
            .get_mut(key)
            .filter(|record| !record.is_expired(now))
    }

    pub(super) fn insert(&mut self, key: Key, value: Bytes) {
        self.records.insert(key, Record::new(value));
    }

    pub(super) fn contains(&self, key: &Key) -> bool {
        self.records.contains_key(key)
    }

    /// Sets the deadline of a live record; false if there is none.
    pub(super) fn expire(&mut self, key: &Key, deadline: Duration, now: Duration) -> bool {
        let Some(record) = self.live(key, now) else {
            return false;
        };
        record.deadline = Some(deadline);
        self.earliest = Some(
            self.earliest
                .map_or(deadline, |earliest| earliest.min(deadline)),
        );
        true
    }

    pub(super) fn remove(&mut self, key: &Key, now: Duration) -> Removed {
        match self.records.remove(key) {
            None => Removed::Nothing,
            Some(record) if record.is_expired(now) => Removed::Expired,
            Some(_) => Removed::Live,
        }
    }

    /// Frees what has expired, and says how many records that was.
    pub(super) fn sweep(&mut self, now: Duration) -> usize {
        if self.earliest.is_none_or(|earliest| now < earliest) {
            return 0;
        }
        let before = self.records.len();
        self.records.retain(|_, record| !record.is_expired(now));
        self.earliest = self
            .records
            .values()
            .filter_map(|record| record.deadline)
            .min();
        before - self.records.len()
    }
}

/// What was taken out of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removed {
    Nothing,
    Expired,
    Live,
}
