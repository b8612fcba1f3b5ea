//! What a store does, as commands to Redis.

use std::time::Duration;

use bytes::Bytes;
use keyvalue_store::{Key, Namespace, Remaining, StoreError, Ttl};
use redis::{Cmd, FromRedisValue, Pipeline, RedisResult, cmd};
use tokio::time::timeout;

use crate::connect::no_answer;
use crate::link::Link;
use crate::{names, words};

/// How many names a step through a namespace looks at: Redis serves nobody else meanwhile.
const SCAN_COUNT: usize = 1000;

/// The store's methods, with a limit on the time for each answer.
pub struct Calls<'a> {
    link: &'a Link,
    limit: Duration,
}

impl<'a> Calls<'a> {
    pub(crate) fn new(link: &'a Link, limit: Duration) -> Self {
        Self { link, limit }
    }

    /// Stores a value and clears the key's expiry.
    pub async fn set(
        &self,
        namespace: &Namespace,
        key: &Key,
        value: &Bytes,
    ) -> Result<(), StoreError> {
        self.ask(&set(namespace, key, value)).await
    }

    /// The value, if the key is there.
    pub async fn get(&self, namespace: &Namespace, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.ask(&on("GET", namespace, key)).await
    }

    /// Removes a key; true if it was there.
    pub async fn delete(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError> {
        self.ask(&on("UNLINK", namespace, key)).await
    }

    /// Whether the key is there.
    pub async fn exists(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError> {
        self.ask(&on("EXISTS", namespace, key)).await
    }

    /// Lets a key expire after a time, at once if that is nothing; true if it was there.
    pub async fn expire(
        &self,
        namespace: &Namespace,
        key: &Key,
        ttl: Ttl,
    ) -> Result<bool, StoreError> {
        let millis = u64::try_from(ttl.as_duration().as_millis()).unwrap_or(u64::MAX);
        self.ask(on("PEXPIRE", namespace, key).arg(millis)).await
    }

    /// How long the key will still be there.
    pub async fn remaining(
        &self,
        namespace: &Namespace,
        key: &Key,
    ) -> Result<Remaining, StoreError> {
        self.ask(&on("PTTL", namespace, key)).await.map(remaining)
    }

    /// Clears a key's expiry; true if it had one.
    pub async fn persist(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError> {
        self.ask(&on("PERSIST", namespace, key)).await
    }

    /// Stores in order; each item has a result of its own.
    pub async fn set_many(
        &self,
        namespace: &Namespace,
        items: &[(Key, Bytes)],
    ) -> Vec<Result<(), StoreError>> {
        self.ask_many(items.iter().map(|(key, value)| set(namespace, key, value)))
            .await
    }

    /// Looks up in order; each key has a result of its own.
    pub async fn get_many(
        &self,
        namespace: &Namespace,
        keys: &[Key],
    ) -> Vec<Result<Option<Bytes>, StoreError>> {
        self.ask_many(keys.iter().map(|key| on("GET", namespace, key)))
            .await
    }

    /// Removes in order; each key has a result of its own.
    pub async fn delete_many(
        &self,
        namespace: &Namespace,
        keys: &[Key],
    ) -> Vec<Result<bool, StoreError>> {
        self.ask_many(keys.iter().map(|key| on("UNLINK", namespace, key)))
            .await
    }

    /// Removes all keys of a namespace, and says how many there were; the limit is for each step.
    pub async fn remove_namespace(&self, namespace: &Namespace) -> Result<usize, StoreError> {
        let pattern = names::pattern(namespace);
        let (mut cursor, mut removed) = (0_u64, 0);
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&pattern);
            scan.arg("COUNT").arg(SCAN_COUNT);
            let (next, found): (u64, Vec<Vec<u8>>) = self.ask(&scan).await?;
            if !found.is_empty() {
                removed += self.ask::<usize>(cmd("UNLINK").arg(found)).await?;
            }
            if next == 0 {
                return Ok(removed);
            }
            cursor = next;
        }
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut connection = self.link.connection()?;
        self.answer(command.query_async(&mut connection)).await
    }

    /// Sends all commands before the first answer; one that fails leaves the others.
    async fn ask_many<T: FromRedisValue>(
        &self,
        commands: impl ExactSizeIterator<Item = Cmd>,
    ) -> Vec<Result<T, StoreError>> {
        let count = commands.len();
        let mut pipeline = Pipeline::with_capacity(count);
        for command in commands {
            pipeline.add_command(command);
        }
        match self.ask_all(pipeline.ignore_errors()).await {
            Ok(answers) => answers
                .into_iter()
                .map(|answer| answer.map_err(|error| self.link.failed(&error)))
                .collect(),
            Err(error) => (0..count).map(|_| Err(error.clone())).collect(),
        }
    }

    async fn ask_all<T: FromRedisValue>(
        &self,
        pipeline: &Pipeline,
    ) -> Result<Vec<RedisResult<T>>, StoreError> {
        if pipeline.is_empty() {
            return Ok(Vec::new());
        }
        let mut connection = self.link.connection()?;
        self.answer(pipeline.query_async(&mut connection)).await
    }

    async fn answer<T>(
        &self,
        answer: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, StoreError> {
        match timeout(self.limit, answer).await {
            Ok(answer) => answer.map_err(|error| self.link.failed(&error)),
            Err(_) => Err(words::failure(no_answer(self.limit))),
        }
    }
}

/// A command on one record.
fn on(command: &str, namespace: &Namespace, key: &Key) -> Cmd {
    let mut on = cmd(command);
    on.arg(names::record(namespace, key));
    on
}

fn set(namespace: &Namespace, key: &Key, value: &Bytes) -> Cmd {
    let mut set = on("SET", namespace, key);
    set.arg(&value[..]);
    set
}

/// What PTTL answers; a key that is there has a moment left, though its milliseconds be none.
fn remaining(millis: i64) -> Remaining {
    match u64::try_from(millis) {
        Ok(millis) => Remaining::For(Duration::from_millis(millis.max(1))),
        Err(_) if millis == -1 => Remaining::Forever,
        Err(_) => Remaining::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server's numbers become what they stand for.
    #[test]
    fn what_is_left_is_read() {
        assert_eq!(remaining(-2), Remaining::Missing);
        assert_eq!(remaining(-1), Remaining::Forever);
        assert_eq!(remaining(0), Remaining::For(Duration::from_millis(1)));
        assert_eq!(remaining(1500), Remaining::For(Duration::from_millis(1500)));
    }
}
