//! What went wrong with Redis, in words for a caller.

use keyvalue_store::StoreError;
use redis::{ErrorKind, RedisError};

/// The code of a command on a record that something else has put there: it says nothing of Redis itself.
const WRONG_TYPE: &str = "WRONGTYPE";

/// The failure of a call, as its caller is told.
pub(crate) fn failure(reason: impl Into<String>) -> StoreError {
    StoreError::Backend {
        backend: "redis",
        reason: reason.into(),
    }
}

/// What Redis, or the connection to it, said.
pub(crate) fn reason(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        (Some(code), None) => code.to_owned(),
        (None, _) if error.kind() == ErrorKind::Io => "the connection was lost".to_owned(),
        (None, _) => error.to_string(),
    }
}

/// Whether Redis is there and does not do what it should.
pub(crate) fn is_refusal(error: &RedisError) -> bool {
    error.code().is_some_and(|code| code != WRONG_TYPE)
}
