//! memstore does what a plain map does, for any sequence of calls.
#![allow(clippy::unwrap_used)] // A test that can't go on may as well panic.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::Bytes;
use keyvalue_store::contract::{key, namespace, ttl};
use keyvalue_store::{ManualClock, MemStore, Remaining, Store, StoreError};
use proptest::prelude::*;

/// Fewer than there are keys, so that sequences meet the limit.
const MAX_KEYS: NonZeroUsize = NonZeroUsize::new(3).unwrap();
const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];
const NAMESPACES: [&str; 2] = ["default", "other"];

#[derive(Debug, Clone)]
enum Call {
    Set(u8),
    Get,
    Delete,
    Exists,
    Expire(i64),
    Remaining,
    Persist,
    RemoveNamespace,
    Sweep,
    Pass(u64),
}

fn calls() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => any::<u8>().prop_map(Call::Set),
        2 => Just(Call::Get),
        2 => Just(Call::Delete),
        1 => Just(Call::Exists),
        3 => (0..4_i64).prop_map(Call::Expire),
        2 => Just(Call::Remaining),
        1 => Just(Call::Persist),
        1 => Just(Call::RemoveNamespace),
        1 => Just(Call::Sweep),
        3 => (0..3_u64).prop_map(Call::Pass),
    ]
}

/// What a call answered, in a form that both sides can give.
#[derive(Debug, PartialEq)]
enum Answer {
    Done(Result<(), StoreError>),
    Value(Option<Bytes>),
    Was(bool),
    Left(Remaining),
    Count(usize),
}

/// The store as one would explain it.
#[derive(Default)]
struct Model {
    now: Duration,
    records: HashMap<(usize, usize), (Bytes, Option<Duration>)>,
}

impl Model {
    fn answer(&mut self, space: usize, name: usize, call: &Call) -> Answer {
        let now = self.now;
        self.records
            .retain(|_, (_, deadline)| deadline.is_none_or(|deadline| deadline > now));
        let at = (space, name);
        match call {
            Call::Set(byte) => Answer::Done(self.set(at, Bytes::from(vec![*byte]))),
            Call::Get => Answer::Value(self.records.get(&at).map(|(value, _)| value.clone())),
            Call::Delete => Answer::Was(self.records.remove(&at).is_some()),
            Call::Exists => Answer::Was(self.records.contains_key(&at)),
            Call::Expire(seconds) => Answer::Was(self.expire(at, *seconds)),
            Call::Remaining => Answer::Left(self.remaining(at)),
            Call::Persist => Answer::Was(
                self.records
                    .get_mut(&at)
                    .is_some_and(|(_, deadline)| deadline.take().is_some()),
            ),
            Call::RemoveNamespace => Answer::Count(self.remove_namespace(space)),
            Call::Sweep => Answer::Was(true),
            Call::Pass(seconds) => {
                self.now += Duration::from_secs(*seconds);
                Answer::Was(true)
            }
        }
    }

    fn set(&mut self, at: (usize, usize), value: Bytes) -> Result<(), StoreError> {
        let held = self
            .records
            .keys()
            .filter(|(space, _)| *space == at.0)
            .count();
        if !self.records.contains_key(&at) && held >= MAX_KEYS.get() {
            return Err(StoreError::CapacityReached {
                max_keys: MAX_KEYS.get(),
            });
        }
        self.records.insert(at, (value, None));
        Ok(())
    }

    fn expire(&mut self, at: (usize, usize), seconds: i64) -> bool {
        let deadline = self.now + ttl(seconds).as_duration();
        self.records
            .get_mut(&at)
            .map(|record| record.1 = Some(deadline))
            .is_some()
    }

    fn remaining(&self, at: (usize, usize)) -> Remaining {
        match self.records.get(&at) {
            None => Remaining::Missing,
            Some((_, None)) => Remaining::Forever,
            Some((_, Some(deadline))) => Remaining::For(deadline.saturating_sub(self.now)),
        }
    }

    fn remove_namespace(&mut self, space: usize) -> usize {
        let before = self.records.len();
        self.records.retain(|(held, _), _| *held != space);
        before - self.records.len()
    }
}

fn answer(
    store: &MemStore<ManualClock>,
    clock: &ManualClock,
    (space, name): (usize, usize),
    call: &Call,
) -> Answer {
    let (space, name) = (namespace(NAMESPACES[space]), key(KEYS[name]));
    match call {
        Call::Set(byte) => Answer::Done(store.set(&space, name, Bytes::from(vec![*byte]))),
        Call::Get => Answer::Value(store.get(&space, &name).unwrap()),
        Call::Delete => Answer::Was(store.delete(&space, &name).unwrap()),
        Call::Exists => Answer::Was(store.exists(&space, &name).unwrap()),
        Call::Expire(seconds) => Answer::Was(store.expire(&space, &name, ttl(*seconds)).unwrap()),
        Call::Remaining => Answer::Left(store.remaining(&space, &name).unwrap()),
        Call::Persist => Answer::Was(store.persist(&space, &name).unwrap()),
        Call::RemoveNamespace => Answer::Count(store.remove_namespace(&space).unwrap()),
        Call::Sweep => {
            store.sweep();
            Answer::Was(true)
        }
        Call::Pass(seconds) => {
            clock.advance(Duration::from_secs(*seconds));
            Answer::Was(true)
        }
    }
}

proptest! {
    /// Every answer is the model's, and nothing is held that a sweep would not free.
    #[test]
    fn answers_like_a_map(
        calls in prop::collection::vec((0..NAMESPACES.len(), 0..KEYS.len(), calls()), 1..80)
    ) {
        let clock = ManualClock::default();
        let store = MemStore::new(MAX_KEYS, clock.clone());
        let mut model = Model::default();

        for (space, name, call) in calls {
            let expected = model.answer(space, name, &call);
            prop_assert_eq!(answer(&store, &clock, (space, name), &call), expected, "{:?}", call);
        }

        store.sweep();
        for (index, space) in NAMESPACES.iter().enumerate() {
            model.answer(index, 0, &Call::Sweep);
            let live = model.records.keys().filter(|(held, _)| *held == index).count();
            prop_assert_eq!(store.held(&namespace(space)), live);
        }
    }
}
