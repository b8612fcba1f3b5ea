//! `KeyValueBatchInterface`.

use prism_api::keyvalue::{BatchDeleteRequest, BatchGetRequest, BatchSetRequest, BatchSetResponse};
use tonic::{Code, Status};

use crate::harness::{Runner, set_request};

async fn batch_set(runner: &Runner, items: &[(&str, &str)]) -> Result<BatchSetResponse, Status> {
    let requests = items
        .iter()
        .map(|(key, value)| set_request(key, value))
        .collect();
    runner
        .batch()
        .batch_set(BatchSetRequest { requests })
        .await
        .map(tonic::Response::into_inner)
}

fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Results stand where their requests stood, and the found are counted.
#[tokio::test]
async fn results_are_positional() {
    let runner = Runner::start(&[]).await;

    let stored = batch_set(&runner, &[("a", "1"), ("b", "2")]).await.unwrap();
    let request = BatchGetRequest {
        keys: keys(&["b", "missing", "a"]),
    };
    let got = runner
        .batch()
        .batch_get(request)
        .await
        .unwrap()
        .into_inner();

    assert!(stored.all_success);
    assert_eq!(stored.results.len(), 2);
    let values: Vec<_> = got
        .results
        .iter()
        .map(|result| (result.found, &result.value[..]))
        .collect();
    assert_eq!(values, [(true, &b"2"[..]), (false, b""), (true, b"1")]);
    assert_eq!(got.found_count, 2);
}

/// Items apply in order: of two for one key the later stays.
#[tokio::test]
async fn items_apply_in_order() {
    let runner = Runner::start(&[]).await;

    batch_set(&runner, &[("k", "first"), ("k", "second")])
        .await
        .unwrap();

    assert_eq!(&runner.get("k").await.unwrap().value[..], b"second");
}

/// Deleting a batch succeeds for what was there and what was not.
#[tokio::test]
async fn a_batch_is_deleted() {
    let runner = Runner::start(&[]).await;
    batch_set(&runner, &[("a", "1"), ("b", "2")]).await.unwrap();

    let request = BatchDeleteRequest {
        keys: keys(&["a", "missing"]),
    };
    let deleted = runner
        .batch()
        .batch_delete(request)
        .await
        .unwrap()
        .into_inner();

    assert!(deleted.all_success);
    assert_eq!(deleted.results.len(), 2);
    assert!(!runner.get("a").await.unwrap().found);
    assert!(runner.get("b").await.unwrap().found);
}

/// A malformed item is named by its place, and nothing of its batch is stored or removed.
#[tokio::test]
async fn a_malformed_item_spoils_the_whole_batch() {
    let runner = Runner::start(&[]).await;
    runner.set("kept", "v").await.unwrap();

    let set = batch_set(&runner, &[("a", "1"), ("", "2")])
        .await
        .unwrap_err();
    let delete = BatchDeleteRequest {
        keys: keys(&["kept", ""]),
    };
    let deleted = runner.batch().batch_delete(delete).await.unwrap_err();
    let got = runner
        .batch()
        .batch_get(BatchGetRequest { keys: keys(&[""]) })
        .await
        .unwrap_err();

    assert_eq!(
        (set.code(), set.message()),
        (Code::InvalidArgument, "requests[1].key is empty")
    );
    assert_eq!(
        (deleted.code(), deleted.message()),
        (Code::InvalidArgument, "keys[1] is empty")
    );
    assert_eq!(
        (got.code(), got.message()),
        (Code::InvalidArgument, "keys[0] is empty")
    );
    assert!(!runner.get("a").await.unwrap().found);
    assert!(runner.get("kept").await.unwrap().found);
}

/// Capacity is judged item by item: those that fit are stored, overwriting fits always.
#[tokio::test]
async fn capacity_is_judged_per_item() {
    let runner = Runner::start(&["--max-keys", "2"]).await;

    let stored = batch_set(&runner, &[("a", "1"), ("b", "2"), ("c", "3"), ("a", "4")])
        .await
        .unwrap();

    let outcomes: Vec<_> = stored
        .results
        .iter()
        .map(|result| (result.success, result.error.as_str()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (true, ""),
            (true, ""),
            (false, "capacity limit reached: 2 keys"),
            (true, "")
        ]
    );
    assert!(!stored.all_success);
    assert_eq!(&runner.get("a").await.unwrap().value[..], b"4");
}
