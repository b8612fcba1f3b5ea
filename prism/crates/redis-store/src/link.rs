//! The one connection to a Redis: kept, watched, and made again when it is lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use keyvalue_store::{Condition, StoreError};
use redis::RedisError;
use redis::aio::MultiplexedConnection;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::address::RedisAddress;
use crate::backoff::Backoff;
use crate::connect::{CLOSED, Connected, connect, no_answer, ping};
use crate::words;

/// How often the connection is tried: a Redis that hangs is known to be away after this and the limit.
const PING_INTERVAL: Duration = Duration::from_millis(500);
/// Redis serves one command at a time; a long one of somebody else's is no reason to go.
const PING_LIMIT: Duration = Duration::from_millis(1500);
/// How long a refusal makes a Redis ailing that refuses nothing more.
const REFUSAL_MEMORY: Duration = Duration::from_secs(3);

/// What calls and the keeper of the connection share.
///
/// ## Away => Well => Ailing => Well; Away from any of them
pub(crate) struct Link {
    address: RedisAddress,
    connection: RwLock<Option<MultiplexedConnection>>,
    condition: watch::Sender<Condition>,
    refused: Mutex<Option<Instant>>,
}

impl Link {
    pub(crate) fn new(address: RedisAddress) -> Self {
        Self {
            address,
            connection: RwLock::default(),
            condition: watch::Sender::new(Condition::Away("not connected yet".to_owned())),
            refused: Mutex::default(),
        }
    }

    /// The connection, or why there is none.
    pub(crate) fn connection(&self) -> Result<MultiplexedConnection, StoreError> {
        let connection = self
            .connection
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        connection.clone().ok_or_else(|| self.absence())
    }

    pub(crate) fn condition(&self) -> watch::Receiver<Condition> {
        self.condition.subscribe()
    }

    /// Notes what a call met, and puts it in words.
    pub(crate) fn failed(&self, error: &RedisError) -> StoreError {
        let reason = words::reason(error);
        if words::is_refusal(error) && self.is_held() {
            *self.refused() = Some(Instant::now());
            self.note(&Condition::Ailing(reason.clone()));
        }
        words::failure(reason)
    }

    /// Keeps the connection for as long as it is driven.
    pub(crate) async fn keep(self: Arc<Self>) {
        let mut backoff = Backoff::new();
        loop {
            let lost = match connect(&self.address).await {
                Ok(connected) => {
                    backoff.reset();
                    self.stay(connected).await
                }
                Err(reason) => reason,
            };
            self.hold(None);
            self.note(&Condition::Away(lost));
            sleep(backoff.pause()).await;
        }
    }

    /// Lasts as long as the connection does, and says why it ended.
    async fn stay(&self, connected: Connected) -> String {
        let Connected { connection, driver } = connected;
        self.hold(Some(connection.clone()));
        self.note(&Condition::Well);
        tokio::select! {
            () = driver => CLOSED.to_owned(),
            reason = self.watch_over(connection) => reason,
        }
    }

    async fn watch_over(&self, mut connection: MultiplexedConnection) -> String {
        loop {
            sleep(PING_INTERVAL).await;
            match timeout(PING_LIMIT, ping(&mut connection)).await {
                Ok(Ok(())) => self.recover(),
                Ok(Err(reason)) => return reason,
                Err(_) => return no_answer(PING_LIMIT),
            }
        }
    }

    /// Forgets refusals that were long ago.
    fn recover(&self) {
        let mut refused = self.refused();
        if refused.is_some_and(|at| at.elapsed() > REFUSAL_MEMORY) {
            *refused = None;
            self.note(&Condition::Well);
        }
    }

    fn hold(&self, connection: Option<MultiplexedConnection>) {
        *self
            .connection
            .write()
            .unwrap_or_else(PoisonError::into_inner) = connection;
    }

    fn is_held(&self) -> bool {
        let held = self.connection.read();
        held.unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn refused(&self) -> MutexGuard<'_, Option<Instant>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn absence(&self) -> StoreError {
        match &*self.condition.borrow() {
            Condition::Away(reason) => words::failure(format!("it is away: {reason}")),
            Condition::Well | Condition::Ailing(_) => words::failure("it is away"),
        }
    }

    /// Tells how Redis is, if that is news.
    fn note(&self, condition: &Condition) {
        let news = self.condition.send_if_modified(|held| {
            let news = held != condition;
            if news {
                held.clone_from(condition);
            }
            news
        });
        if news {
            self.log(condition);
        }
    }

    fn log(&self, condition: &Condition) {
        let redis = &self.address;
        match condition {
            Condition::Well => tracing::info!(%redis, "redis is there"),
            Condition::Ailing(reason) => tracing::warn!(%redis, reason, "redis refuses calls"),
            Condition::Away(reason) => tracing::warn!(%redis, reason, "redis is away"),
        }
    }
}
