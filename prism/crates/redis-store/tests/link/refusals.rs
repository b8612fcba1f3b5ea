//! A Redis that is there and does not do what it is asked.

use bytes::Bytes;
use keyvalue_store::Condition;
use keyvalue_store::contract::{key, namespace};
use redis_store::RedisStore;
use redis_store::scripted::ScriptedRedis;

use crate::{is_well, said, until};

/// A refused write is told in the server's words, and makes it ailing until that is long ago.
#[tokio::test]
async fn a_redis_that_refuses_writes_is_ailing_for_a_while() {
    let redis = ScriptedRedis::start().await.unwrap();
    let store = RedisStore::open(redis.address()).await;
    let call = store.within(None);

    for refusal in [
        "OOM no memory",
        "READONLY it is a replica",
        "MISCONF no disk",
    ] {
        redis.answer("SET", &format!("-{refusal}"));
        let error = said(call.set(&namespace("n"), &key("k"), &Bytes::new()).await);

        assert_eq!(error, format!("redis failed: {refusal}"));
        let ailing = Condition::Ailing(refusal.to_owned());
        assert_eq!(*store.condition().borrow(), ailing);
    }
    until(&store, is_well).await;
}

/// A key that holds what is no value says nothing of Redis itself.
#[tokio::test]
async fn a_foreign_record_is_no_fault_of_redis() {
    let redis = ScriptedRedis::start().await.unwrap();
    let store = RedisStore::open(redis.address()).await;
    redis.answer("GET", "-WRONGTYPE it is a list");

    let error = said(store.within(None).get(&namespace("n"), &key("k")).await);

    assert_eq!(error, "redis failed: WRONGTYPE it is a list");
    assert_eq!(*store.condition().borrow(), Condition::Well);
}

/// In a batch each item has its own answer, and the items beside a refused one succeed.
#[tokio::test]
async fn a_batch_is_refused_item_by_item() {
    let redis = ScriptedRedis::start().await.unwrap();
    let store = RedisStore::open(redis.address()).await;
    redis.answer("GET", "-ERR not this one");
    redis.answer("UNLINK", ":1");
    let keys = [key("a"), key("b")];

    let found = store.within(None).get_many(&namespace("n"), &keys).await;
    let deleted = store.within(None).delete_many(&namespace("n"), &keys).await;

    let errors: Vec<_> = found.into_iter().map(said).collect();
    assert_eq!(errors, ["redis failed: ERR not this one"; 2]);
    assert_eq!(deleted, [Ok(true), Ok(true)]);
    assert_eq!(store.within(None).get_many(&namespace("n"), &[]).await, []);
}
