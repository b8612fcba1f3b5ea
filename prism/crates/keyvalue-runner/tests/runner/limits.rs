//! What a call may not carry, and what it is told; after each, the next call works.

use prism_api::keyvalue::{
    DeleteRequest, ExistsRequest, ExpireRequest, GetTtlRequest, PersistRequest, SetRequest,
};
use tonic::client::Grpc;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::harness::{Runner, soon};

const TEN_YEARS: i64 = 10 * 365 * 24 * 60 * 60;

fn invalid(error: &Status, message: &str) {
    assert_eq!(
        (error.code(), error.message()),
        (Code::InvalidArgument, message)
    );
}

/// Every method with a key refuses the empty one, by name.
#[tokio::test]
async fn an_empty_key_is_refused_by_every_method() {
    let runner = Runner::start(&[]).await;
    let key = String::new();

    let errors = [
        runner.set("", "v").await.unwrap_err(),
        runner.get("").await.unwrap_err(),
        runner
            .basic()
            .delete(DeleteRequest { key: key.clone() })
            .await
            .unwrap_err(),
        runner
            .basic()
            .exists(ExistsRequest { key: key.clone() })
            .await
            .unwrap_err(),
        runner
            .ttl()
            .expire(ExpireRequest {
                key: key.clone(),
                ttl_seconds: 1,
            })
            .await
            .unwrap_err(),
        runner
            .ttl()
            .get_ttl(GetTtlRequest { key: key.clone() })
            .await
            .unwrap_err(),
        runner
            .ttl()
            .persist(PersistRequest { key })
            .await
            .unwrap_err(),
    ];

    for error in errors {
        invalid(&error, "key is empty");
    }
}

/// A key of 64 KiB is taken, one byte more is not.
#[tokio::test]
async fn a_key_over_64_kib_is_refused() {
    let runner = Runner::start(&[]).await;

    let error = runner
        .set(&"k".repeat((64 << 10) + 1), "v")
        .await
        .unwrap_err();

    invalid(&error, "key has 65537 bytes, the limit is 65536");
    assert!(
        runner
            .set(&"k".repeat(64 << 10), "v")
            .await
            .unwrap()
            .success
    );
}

/// A time to live is nothing to ten years.
#[tokio::test]
async fn a_ttl_out_of_range_is_refused() {
    let runner = Runner::start(&[]).await;
    runner.set("k", "v").await.unwrap();

    for ttl_seconds in [-1, TEN_YEARS + 1] {
        let error = runner
            .ttl()
            .expire(ExpireRequest {
                key: "k".to_owned(),
                ttl_seconds,
            })
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().starts_with("ttl_seconds is "), "{error}");
    }
    let request = ExpireRequest {
        key: "k".to_owned(),
        ttl_seconds: TEN_YEARS,
    };
    assert!(
        runner
            .ttl()
            .expire(request)
            .await
            .unwrap()
            .into_inner()
            .key_existed
    );
}

/// A message over the limit is refused with the limit in its text, and the connection lives on.
#[tokio::test]
async fn a_message_over_the_limit_is_refused() {
    let runner = Runner::start(&["--max-message-bytes", "64KiB"]).await;

    let error = runner.set("k", &"v".repeat(65 << 10)).await.unwrap_err();

    assert!(
        matches!(error.code(), Code::OutOfRange | Code::ResourceExhausted),
        "{error}"
    );
    assert!(error.message().contains("65536"), "{error}");
    assert!(
        runner
            .set("k", &"v".repeat(63 << 10))
            .await
            .unwrap()
            .success
    );
}

/// A new key over the capacity is refused in-band, and overwriting goes on.
#[tokio::test]
async fn capacity_is_refused_in_band() {
    let runner = Runner::start(&["--max-keys", "1"]).await;
    runner.set("k", "v").await.unwrap();

    let refused = runner.set("more", "v").await.unwrap();

    assert_eq!(
        (refused.success, refused.error.as_str()),
        (false, "capacity limit reached: 1 keys")
    );
    assert!(runner.set("k", "over").await.unwrap().success);
}

/// A method that the interface does not have is unimplemented.
#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let runner = Runner::start(&[]).await;
    let mut client = Grpc::new(runner.channel.clone());
    client.ready().await.unwrap();
    let path = "/prism.interfaces.keyvalue.KeyValueBasicInterface/Rename"
        .parse()
        .unwrap();
    let codec = ProstCodec::<SetRequest, SetRequest>::default();

    let error = soon(client.unary(Request::new(SetRequest::default()), path, codec))
        .await
        .unwrap_err();

    assert_eq!(error.code(), Code::Unimplemented);
    assert!(runner.set("k", "v").await.unwrap().success);
}
