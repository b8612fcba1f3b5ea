//! The store, as a runner holds it.

use std::sync::Arc;
use std::time::Duration;

use keyvalue_store::Condition;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::address::RedisAddress;
use crate::calls::Calls;
use crate::limit;
use crate::link::Link;

/// How long opening waits for a Redis, so that one that is there is there from the first call on.
const FIRST_LOOK: Duration = Duration::from_millis(250);

/// Records in a Redis; the connection is kept for as long as this lives.
pub struct RedisStore {
    link: Arc<Link>,
    /// Ends the one task in it when it goes.
    _keeper: JoinSet<()>,
}

impl RedisStore {
    /// Opens the store; a Redis that is away is retried for ever, and shows in the condition.
    pub async fn open(address: RedisAddress) -> Self {
        let link = Arc::new(Link::new(address));
        let mut looked = link.condition();
        let mut keeper = JoinSet::new();
        keeper.spawn(Arc::clone(&link).keep());
        // The first change tells how the first try went.
        let _ = timeout(FIRST_LOOK, looked.changed()).await;
        Self {
            link,
            _keeper: keeper,
        }
    }

    /// How Redis is, from now on.
    #[must_use]
    pub fn condition(&self) -> watch::Receiver<Condition> {
        self.link.condition()
    }

    /// The calls of somebody who gives them this much time, or does not say how much.
    #[must_use]
    pub fn within(&self, time: Option<Duration>) -> Calls<'_> {
        Calls::new(&self.link, limit::of(time))
    }
}
