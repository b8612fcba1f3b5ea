//! `KeyValueTTLInterface`, on a clock that the test moves.

use std::time::Duration;

use prism_api::keyvalue::{
    ExpireRequest, ExpireResponse, GetTtlRequest, GetTtlResponse, PersistRequest, PersistResponse,
};

use crate::harness::Runner;

async fn expire(runner: &Runner, key: &str, ttl_seconds: i64) -> ExpireResponse {
    let request = ExpireRequest {
        key: key.to_owned(),
        ttl_seconds,
    };
    runner.ttl().expire(request).await.unwrap().into_inner()
}

async fn ttl(runner: &Runner, key: &str) -> i64 {
    let response = runner
        .ttl()
        .get_ttl(GetTtlRequest {
            key: key.to_owned(),
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        response,
        GetTtlResponse {
            ttl_seconds: response.ttl_seconds,
            error: String::new()
        }
    );
    response.ttl_seconds
}

async fn persist(runner: &Runner, key: &str) -> PersistResponse {
    runner
        .ttl()
        .persist(PersistRequest {
            key: key.to_owned(),
        })
        .await
        .unwrap()
        .into_inner()
}

/// A key with an expiry is there until its time, counted in seconds rounded up, and then is not.
#[tokio::test]
async fn a_key_expires_on_time() {
    let runner = Runner::start(&[]).await;
    runner.set("k", "v").await.unwrap();

    let expired = expire(&runner, "k", 2).await;
    assert_eq!(
        expired,
        ExpireResponse {
            success: true,
            error: String::new(),
            key_existed: true
        }
    );
    assert_eq!(ttl(&runner, "k").await, 2);
    runner.clock.advance(Duration::from_millis(1001));
    assert_eq!(ttl(&runner, "k").await, 1);
    assert!(runner.get("k").await.unwrap().found);
    runner.clock.advance(Duration::from_millis(999));

    assert!(!runner.get("k").await.unwrap().found);
    assert_eq!(ttl(&runner, "k").await, -2);
}

/// A time of nothing ends the key at once.
#[tokio::test]
async fn expiring_by_zero_is_at_once() {
    let runner = Runner::start(&[]).await;
    runner.set("k", "v").await.unwrap();

    assert!(expire(&runner, "k", 0).await.key_existed);

    assert!(!runner.get("k").await.unwrap().found);
}

/// A missing key has nothing to expire or to persist, and that is a success.
#[tokio::test]
async fn a_missing_key_is_no_failure() {
    let runner = Runner::start(&[]).await;

    let (expired, persisted) = (expire(&runner, "k", 5).await, persist(&runner, "k").await);

    assert_eq!(
        expired,
        ExpireResponse {
            success: true,
            error: String::new(),
            key_existed: false
        }
    );
    assert_eq!(
        persisted,
        PersistResponse {
            success: true,
            error: String::new(),
            expiration_removed: false
        }
    );
    assert_eq!(ttl(&runner, "k").await, -2);
}

/// Persist and Set both take the expiry away.
#[tokio::test]
async fn persisting_or_setting_clears_the_expiry() {
    let runner = Runner::start(&[]).await;
    for key in ["persisted", "set"] {
        runner.set(key, "v").await.unwrap();
        expire(&runner, key, 1).await;
    }

    assert!(persist(&runner, "persisted").await.expiration_removed);
    runner.set("set", "again").await.unwrap();
    runner.clock.advance(Duration::from_secs(1));

    for key in ["persisted", "set"] {
        assert_eq!(ttl(&runner, key).await, -1, "{key}");
        assert!(runner.get(key).await.unwrap().found, "{key}");
    }
}
