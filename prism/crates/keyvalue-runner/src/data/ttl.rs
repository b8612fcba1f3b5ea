//! `KeyValueTTLInterface`.

use std::time::Duration;

use keyvalue_store::Remaining;
use prism_api::keyvalue::key_value_ttl_interface_server::KeyValueTtlInterface;
use prism_api::keyvalue::{
    ExpireRequest, ExpireResponse, GetTtlRequest, GetTtlResponse, PersistRequest, PersistResponse,
};
use tonic::{Request, Response, Status};

use super::Data;
use super::call::{KEY, key, ttl};

/// What stands for no expiry.
const FOREVER: i64 = -1;
/// What stands for no such key.
const MISSING: i64 = -2;

#[tonic::async_trait]
impl KeyValueTtlInterface for Data {
    async fn expire(
        &self,
        request: Request<ExpireRequest>,
    ) -> Result<Response<ExpireResponse>, Status> {
        let (call, message) = self.open(request)?;
        let (key, ttl) = (key(KEY, message.key)?, ttl(message.ttl_seconds)?);
        let response = match self.records.expire(&call, &key, ttl).await {
            Ok(key_existed) => ExpireResponse {
                success: true,
                key_existed,
                ..Default::default()
            },
            Err(error) => ExpireResponse {
                error: error.to_string(),
                ..Default::default()
            },
        };
        Ok(Response::new(response))
    }

    async fn get_ttl(
        &self,
        request: Request<GetTtlRequest>,
    ) -> Result<Response<GetTtlResponse>, Status> {
        let (call, message) = self.open(request)?;
        let key = key(KEY, message.key)?;
        let response = match self.records.remaining(&call, &key).await {
            Ok(remaining) => GetTtlResponse {
                ttl_seconds: in_seconds(remaining),
                error: String::new(),
            },
            Err(error) => GetTtlResponse {
                ttl_seconds: MISSING,
                error: error.to_string(),
            },
        };
        Ok(Response::new(response))
    }

    async fn persist(
        &self,
        request: Request<PersistRequest>,
    ) -> Result<Response<PersistResponse>, Status> {
        let (call, message) = self.open(request)?;
        let key = key(KEY, message.key)?;
        let response = match self.records.persist(&call, &key).await {
            Ok(expiration_removed) => PersistResponse {
                success: true,
                expiration_removed,
                ..Default::default()
            },
            Err(error) => PersistResponse {
                error: error.to_string(),
                ..Default::default()
            },
        };
        Ok(Response::new(response))
    }
}

/// Rounded up, so that a key that is still there never shows 0.
fn in_seconds(remaining: Remaining) -> i64 {
    match remaining {
        Remaining::Missing => MISSING,
        Remaining::Forever => FOREVER,
        Remaining::For(left) => {
            let begun = u64::from(left > Duration::from_secs(left.as_secs()));
            i64::try_from(left.as_secs() + begun).unwrap_or(i64::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second begun is a second left.
    #[test]
    fn seconds_are_rounded_up() {
        let shown = |millis| in_seconds(Remaining::For(Duration::from_millis(millis)));

        assert_eq!(
            [shown(1), shown(1000), shown(1001), shown(10_000)],
            [1, 1, 2, 10]
        );
        assert_eq!(in_seconds(Remaining::For(Duration::from_nanos(1))), 1);
    }

    /// No expiry and no key have numbers of their own.
    #[test]
    fn the_special_numbers_are_kept() {
        assert_eq!(in_seconds(Remaining::Forever), -1);
        assert_eq!(in_seconds(Remaining::Missing), -2);
    }
}
