//! The store that the records are kept in: which it is, and opening it.

mod given;
mod redis_url;
mod settings;

use std::num::NonZeroUsize;
use std::sync::{Arc, Weak};
use std::time::Duration;

use keyvalue_store::{MemStore, MonotonicClock};
use redis_store::RedisStore;
use tokio::time::{MissedTickBehavior, interval};

use crate::records::Records;

pub use self::{
    given::BadStore,
    redis_url::RedisUrl,
    settings::{StoreFlags, StoreKind, StoreSettings},
};

/// How long an expired record may keep its memory; nobody sees it meanwhile.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Opens the store; one that is away is opened all the same, and says so in its condition.
pub(crate) async fn open(settings: &StoreSettings) -> Records {
    match settings {
        StoreSettings::Memstore { max_keys } => Records::AtHand(open_memstore(*max_keys)),
        StoreSettings::Redis(address) => {
            Records::InRedis(Arc::new(RedisStore::open(address.clone()).await))
        }
    }
}

fn open_memstore(max_keys: NonZeroUsize) -> Arc<MemStore<MonotonicClock>> {
    let store = Arc::new(MemStore::new(max_keys, MonotonicClock::new()));
    tokio::spawn(sweep(Arc::downgrade(&store)));
    store
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
