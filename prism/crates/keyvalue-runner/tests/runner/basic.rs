//! `KeyValueBasicInterface`.

use std::collections::HashMap;

use prism_api::common::Tags;
use prism_api::keyvalue::{
    DeleteRequest, DeleteResponse, ExistsRequest, GetResponse, SetRequest, SetResponse,
};

use crate::harness::Runner;

fn found(value: impl Into<Vec<u8>>) -> GetResponse {
    GetResponse {
        found: true,
        value: value.into().into(),
        error: String::new(),
    }
}

/// What was set is got, and the last one counts.
#[tokio::test]
async fn a_value_comes_back_and_is_overwritten() {
    let runner = Runner::start(&[]).await;

    let stored = runner.set("k", "old").await.unwrap();
    runner.set("k", "new").await.unwrap();

    assert_eq!(
        stored,
        SetResponse {
            success: true,
            error: String::new()
        }
    );
    assert_eq!(runner.get("k").await.unwrap(), found("new"));
}

/// A missing key is no error.
#[tokio::test]
async fn a_missing_key_is_not_found() {
    let runner = Runner::start(&[]).await;

    assert_eq!(runner.get("k").await.unwrap(), GetResponse::default());
}

/// An empty value is found.
#[tokio::test]
async fn an_empty_value_stays_found() {
    let runner = Runner::start(&[]).await;

    runner.set("k", "").await.unwrap();

    assert_eq!(runner.get("k").await.unwrap(), found(""));
}

/// A long value of all bytes comes back byte for byte; tags are accepted.
#[tokio::test]
async fn a_megabyte_comes_back_byte_for_byte() {
    let runner = Runner::start(&[]).await;
    let value: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 20).collect();
    let tags = Some(Tags {
        tags: HashMap::from([("colour".to_owned(), "blue".to_owned())]),
    });

    runner
        .basic()
        .set(SetRequest {
            key: "k".to_owned(),
            value: value.clone().into(),
            tags,
        })
        .await
        .unwrap();

    assert_eq!(runner.get("k").await.unwrap(), found(value));
}

/// Deleting removes, and succeeds also where nothing was.
#[tokio::test]
async fn deleting_succeeds_whether_or_not_the_key_was_there() {
    let runner = Runner::start(&[]).await;
    runner.set("k", "v").await.unwrap();

    for _ in 0..2 {
        let request = DeleteRequest {
            key: "k".to_owned(),
        };
        let deleted = runner.basic().delete(request).await.unwrap().into_inner();
        assert_eq!(
            deleted,
            DeleteResponse {
                success: true,
                error: String::new()
            }
        );
        assert!(!runner.get("k").await.unwrap().found);
    }
}

/// Exists tells the one from the other.
#[tokio::test]
async fn exists_is_true_or_false() {
    let runner = Runner::start(&[]).await;
    runner.set("here", "").await.unwrap();

    for (key, expected) in [("here", true), ("not here", false)] {
        let response = runner
            .basic()
            .exists(ExistsRequest {
                key: key.to_owned(),
            })
            .await
            .unwrap()
            .into_inner();
        assert_eq!(
            (response.exists, response.error.as_str()),
            (expected, ""),
            "{key}"
        );
    }
}
