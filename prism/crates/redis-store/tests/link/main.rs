//! The store and its connection, over a Redis that does what a test wants.
#![allow(clippy::unwrap_used, clippy::expect_used)] // A test that can't go on may as well panic.

mod absence;
mod refusals;

use std::time::Duration;

use keyvalue_store::{Condition, StoreError};
use redis_store::RedisStore;
use tokio::time::timeout;

/// Far more than anything here takes; only a bug gets this far.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until the store is as it has to be.
async fn until(store: &RedisStore, reached: impl FnMut(&Condition) -> bool) {
    let mut condition = store.condition();
    let waited = timeout(PATIENCE, condition.wait_for(reached)).await;
    waited.expect("it did not come in time").unwrap();
}

fn is_well(condition: &Condition) -> bool {
    *condition == Condition::Well
}

fn is_away(condition: &Condition) -> bool {
    matches!(condition, Condition::Away(_))
}

fn said<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
    outcome.unwrap_err().to_string()
}
