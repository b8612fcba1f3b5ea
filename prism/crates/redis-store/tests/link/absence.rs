//! A Redis that is away, goes, hangs or comes back.

use std::time::{Duration, Instant};

use keyvalue_store::Condition;
use keyvalue_store::contract::{key, namespace};
use redis_store::RedisStore;
use redis_store::scripted::ScriptedRedis;

use crate::{is_away, is_well, said, until};

/// One that is there is there from the first call on.
#[tokio::test]
async fn a_redis_that_is_there_is_well_at_once() {
    let redis = ScriptedRedis::start().await.unwrap();

    let store = RedisStore::open(redis.address()).await;

    assert_eq!(*store.condition().borrow(), Condition::Well);
}

/// Away from the start, it is waited for, and calls meanwhile say so at once.
#[tokio::test]
async fn a_redis_that_comes_late_is_found() {
    let mut redis = ScriptedRedis::start().await.unwrap();
    redis.stop().await;
    let store = RedisStore::open(redis.address()).await;
    let call = store.within(None);

    let error = said(call.get(&namespace("n"), &key("k")).await);
    redis.start_again().await.unwrap();
    until(&store, is_well).await;

    assert!(
        error.starts_with("redis failed: it is away: Connection refused"),
        "{error}"
    );
    redis.answer("GET", "$1\r\nv");
    assert_eq!(
        call.get(&namespace("n"), &key("k")).await,
        Ok(Some("v".into()))
    );
}

/// Lost and there again: the connection is a new one, the store the same.
#[tokio::test]
async fn a_redis_that_restarts_is_found_again() {
    let mut redis = ScriptedRedis::start().await.unwrap();
    let store = RedisStore::open(redis.address()).await;

    for _ in 0..3 {
        redis.stop().await;
        until(&store, is_away).await;
        assert!(
            store
                .within(None)
                .delete(&namespace("n"), &key("k"))
                .await
                .is_err()
        );

        redis.start_again().await.unwrap();
        until(&store, is_well).await;
        redis.answer("UNLINK", ":1");
        assert_eq!(
            store.within(None).delete(&namespace("n"), &key("k")).await,
            Ok(true)
        );
    }
}

/// A call to one that hangs is answered within its caller's time.
#[tokio::test]
async fn a_call_to_a_redis_that_hangs_is_answered_in_time() {
    let redis = ScriptedRedis::start().await.unwrap();
    let store = RedisStore::open(redis.address()).await;
    redis.fall_silent();
    let (begun, time) = (Instant::now(), Duration::from_millis(200));

    let error = said(
        store
            .within(Some(time))
            .get(&namespace("n"), &key("k"))
            .await,
    );

    assert_eq!(error, "redis failed: no answer within 160ms");
    assert!(begun.elapsed() >= time * 4 / 5);
}

/// One that hangs is away, though its port is open; the calls that wait for it learn so.
#[tokio::test]
async fn a_redis_that_hangs_is_away() {
    let redis = ScriptedRedis::start().await.unwrap();
    let store = RedisStore::open(redis.address()).await;
    redis.fall_silent();

    let error = said(store.within(None).get(&namespace("n"), &key("k")).await);

    assert_eq!(error, "redis failed: the connection was lost");
    until(&store, is_away).await;
}

/// A password that is missing or wrong is a reason to be away, told in the server's words.
#[tokio::test]
async fn a_redis_that_wants_a_password_is_away() {
    let redis = ScriptedRedis::start().await.unwrap();
    redis.answer("PING", "-NOAUTH Authentication required.");

    let store = RedisStore::open(redis.address()).await;

    assert_eq!(
        *store.condition().borrow(),
        Condition::Away("NOAUTH Authentication required.".to_owned())
    );
}
