//! What the store did, as the wire tells it: a failure of the store is told in-band.

use bytes::Bytes;
use keyvalue_store::StoreError;
use prism_api::keyvalue::{DeleteResponse, GetResponse, SetResponse};

pub(super) fn stored(outcome: Result<(), StoreError>) -> SetResponse {
    match outcome {
        Ok(()) => SetResponse {
            success: true,
            error: String::new(),
        },
        Err(error) => SetResponse {
            success: false,
            error: error.to_string(),
        },
    }
}

pub(super) fn found(outcome: Result<Option<Bytes>, StoreError>) -> GetResponse {
    match outcome {
        Ok(Some(value)) => GetResponse {
            found: true,
            value,
            error: String::new(),
        },
        Ok(None) => GetResponse::default(),
        Err(error) => GetResponse {
            error: error.to_string(),
            ..Default::default()
        },
    }
}

/// A key that was not there is as gone as one that was.
pub(super) fn deleted(outcome: Result<bool, StoreError>) -> DeleteResponse {
    match outcome {
        Ok(_) => DeleteResponse {
            success: true,
            error: String::new(),
        },
        Err(error) => DeleteResponse {
            success: false,
            error: error.to_string(),
        },
    }
}
