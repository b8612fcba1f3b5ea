//! A Redis keeps the contract of every store.
//!
//! It takes a Redis that holds no records, named by `PRISM_TEST_REDIS_URL`; the integration tests start one:
//! `PRISM_TEST_REDIS_URL=redis://127.0.0.1:6379 cargo test -p redis-store --test contract -- --ignored`.
#![allow(clippy::unwrap_used, clippy::expect_used)] // A test that can't go on may as well panic.

use std::time::Duration;

use bytes::Bytes;
use keyvalue_store::contract::Subject;
use keyvalue_store::{Key, Namespace, Remaining, Store, StoreError, Ttl, contract_tests};
use redis_store::{Calls, RedisAddress, RedisStore};
use tokio::runtime::{Builder, Runtime};

const URL: &str = "PRISM_TEST_REDIS_URL";

/// A store in Redis whose caller waits, as the contract's calls do.
struct InRedis {
    runtime: Runtime,
    store: RedisStore,
}

impl InRedis {
    fn wait<'a, T>(&'a self, call: impl AsyncFnOnce(Calls<'a>) -> T) -> T {
        self.runtime.block_on(call(self.store.within(None)))
    }
}

impl Store for InRedis {
    fn set(&self, namespace: &Namespace, key: Key, value: Bytes) -> Result<(), StoreError> {
        self.wait(async |calls| calls.set(namespace, &key, &value).await)
    }

    fn get(&self, namespace: &Namespace, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.wait(async |calls| calls.get(namespace, key).await)
    }

    fn delete(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError> {
        self.wait(async |calls| calls.delete(namespace, key).await)
    }

    fn exists(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError> {
        self.wait(async |calls| calls.exists(namespace, key).await)
    }

    fn expire(&self, namespace: &Namespace, key: &Key, ttl: Ttl) -> Result<bool, StoreError> {
        self.wait(async |calls| calls.expire(namespace, key, ttl).await)
    }

    fn remaining(&self, namespace: &Namespace, key: &Key) -> Result<Remaining, StoreError> {
        self.wait(async |calls| calls.remaining(namespace, key).await)
    }

    fn persist(&self, namespace: &Namespace, key: &Key) -> Result<bool, StoreError> {
        self.wait(async |calls| calls.persist(namespace, key).await)
    }

    fn remove_namespace(&self, namespace: &Namespace) -> Result<usize, StoreError> {
        self.wait(async |calls| calls.remove_namespace(namespace).await)
    }
}

impl Subject for InRedis {
    fn store(&self) -> &dyn Store {
        self
    }

    /// The server's clock is the world's, so time passes by itself.
    fn pass(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn max_keys(&self) -> Option<usize> {
        None
    }
}

fn in_redis() -> InRedis {
    let url = std::env::var(URL).expect(URL);
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let store = runtime.block_on(RedisStore::open(RedisAddress::parse(&url).unwrap()));
    InRedis { runtime, store }
}

contract_tests!(
    #[ignore = "needs a Redis, named by PRISM_TEST_REDIS_URL"]
    super::in_redis
);
