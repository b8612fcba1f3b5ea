//! Opening the store that the configuration asks for.

use std::sync::{Arc, Weak};
use std::time::Duration;

use keyvalue_store::{MemStore, MonotonicClock};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::{Config, StoreKind};
use crate::records::Records;

/// How long an expired record may keep its memory; nobody sees it meanwhile.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

pub(crate) fn open(config: &Config) -> Records {
    match config.store {
        StoreKind::Memstore => {
            let store = Arc::new(MemStore::new(config.max_keys, MonotonicClock::new()));
            tokio::spawn(sweep(Arc::downgrade(&store)));
            Records::AtHand(store)
        }
    }
}

/// Sweeps for as long as somebody uses the store.
async fn sweep(store: Weak<MemStore<MonotonicClock>>) {
    let mut ticks = interval(SWEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(store) = store.upgrade() else { return };
        store.sweep();
    }
}
