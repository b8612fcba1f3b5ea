//! Namespaces: which are served, and that they never meet.

use prism_api::keyvalue::{GetRequest, SetResponse};
use tonic::{Code, Status};

use crate::harness::{Runner, set_request, within};

async fn set_within(runner: &Runner, namespace: &str) -> Result<SetResponse, Status> {
    let request = within(namespace, set_request("k", namespace));
    runner
        .basic()
        .set(request)
        .await
        .map(tonic::Response::into_inner)
}

/// No metadata and the metadata `default` are one namespace.
#[tokio::test]
async fn absent_means_default() {
    let runner = Runner::start(&[]).await;

    set_within(&runner, "default").await.unwrap();

    assert_eq!(&runner.get("k").await.unwrap().value[..], b"default");
}

/// A runner of one namespace refuses every other, also the default.
#[tokio::test]
async fn a_namespace_that_is_not_served_is_refused() {
    let runner = Runner::start(&["--namespace", "orders"]).await;

    let error = set_within(&runner, "other").await.unwrap_err();

    assert_eq!(error.code(), Code::FailedPrecondition);
    assert_eq!(
        error.message(),
        "this runner serves namespace orders, not other"
    );
    assert_eq!(
        runner.get("k").await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    assert!(set_within(&runner, "orders").await.unwrap().success);
}

/// A runner of any namespace keeps each by itself, with its own capacity.
#[tokio::test]
async fn any_namespace_is_kept_by_itself() {
    let runner = Runner::start(&["--namespace", "*", "--max-keys", "1"]).await;

    for namespace in ["default", "orders"] {
        assert!(set_within(&runner, namespace).await.unwrap().success);
    }

    for namespace in ["default", "orders"] {
        let request = within(
            namespace,
            GetRequest {
                key: "k".to_owned(),
            },
        );
        assert_eq!(
            &runner
                .basic()
                .get(request)
                .await
                .unwrap()
                .into_inner()
                .value[..],
            namespace.as_bytes()
        );
    }
}

/// A malformed name is refused before anything else.
#[tokio::test]
async fn a_malformed_name_is_refused() {
    let runner = Runner::start(&["--namespace", "*"]).await;

    for name in ["", "-a", "Orders", "a_b", "*", &"n".repeat(64)] {
        let error = set_within(&runner, name).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{name:?}");
        assert!(error.message().contains("x-prism-namespace"), "{error}");
    }
}

/// A call has one namespace.
#[tokio::test]
async fn a_repeated_name_is_refused() {
    let runner = Runner::start(&[]).await;
    let mut request = within("default", set_request("k", "v"));
    request
        .metadata_mut()
        .append("x-prism-namespace", "default".parse().unwrap());

    let error = runner.basic().set(request).await.unwrap_err();

    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(error.message(), "x-prism-namespace is given more than once");
}
