//! memstore keeps the contract of every store.
#![allow(clippy::unwrap_used)] // A test that can't go on may as well panic.

use std::num::NonZeroUsize;
use std::time::Duration;

use keyvalue_store::contract::Subject;
use keyvalue_store::{ManualClock, MemStore, Store, contract_tests};

/// Small enough to fill, large enough that shards hold several keys.
const MAX_KEYS: NonZeroUsize = NonZeroUsize::new(100).unwrap();

struct InMemory {
    clock: ManualClock,
    store: MemStore<ManualClock>,
}

impl Subject for InMemory {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    fn max_keys(&self) -> Option<usize> {
        Some(MAX_KEYS.get())
    }
}

fn in_memory() -> InMemory {
    let clock = ManualClock::default();
    InMemory {
        store: MemStore::new(MAX_KEYS, clock.clone()),
        clock,
    }
}

contract_tests!(super::in_memory);
