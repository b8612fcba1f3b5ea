//! A runner's data endpoint, as calls see it.

use std::fmt;
use std::sync::Arc;

use super::ConnectError;
use super::pool::{Place, Pool};

/// Connections that a call tries: each but the last had just begun to close.
const TRIES: usize = 3;

/// A runner's data endpoint, with connections that are opened when they are needed.
pub(crate) struct Backend {
    address: Arc<str>,
    /// One pool for each worker, so that a call never leaves the thread it arrived on.
    pools: Box<[Arc<Pool>]>,
}

impl Backend {
    pub(crate) fn new(address: impl Into<Arc<str>>, pools: usize) -> Self {
        let address = address.into();
        let pools = (0..pools).map(|_| Pool::new(Arc::clone(&address)));
        Self {
            pools: pools.collect(),
            address,
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// How many calls are on each connection of each pool; `None` for a pool that somebody changes.
    pub(crate) fn try_calls(&self) -> impl Iterator<Item = Option<Vec<usize>>> {
        self.pools.iter().map(|pool| pool.try_calls())
    }

    /// A place on a connection of this worker that is not closing; one that is leaves the pool.
    pub(crate) async fn place(&self, worker: usize) -> Result<Place, ConnectError> {
        let pool = &self.pools[worker];
        for _ in 1..TRIES {
            let mut place = pool.place().await?;
            if place.is_usable().await {
                return Ok(place);
            }
            place.retire_connection();
        }
        pool.place().await
    }

    /// Connects if need be, then completes when that connection is lost.
    pub(crate) async fn connected(
        &self,
        worker: usize,
    ) -> Result<impl Future<Output = ()> + use<>, ConnectError> {
        Ok(self.place(worker).await?.lost())
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Backend").field(&self.address).finish()
    }
}
