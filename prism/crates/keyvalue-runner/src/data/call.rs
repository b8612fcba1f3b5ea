//! What every data call has in common: a namespace, a deadline, and fields to check before the store is asked.

use std::fmt::Display;
use std::time::Duration;

use keyvalue_store::{Key, Namespace, Ttl};
use tonic::{Request, Status};

use super::{Data, timeout};

/// A single key is in this field.
pub(super) const KEY: &str = "key";

/// What a call says beside its message.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) namespace: Namespace,
    /// How long its caller waits for the answer, if that was said.
    pub(crate) time: Option<Duration>,
}

impl Data {
    /// Takes a request apart into what its metadata say and its message.
    pub(super) fn open<T>(&self, request: Request<T>) -> Result<(Call, T), Status> {
        let namespace = self.serves.namespace_of(request.metadata())?;
        let time = timeout::given(request.metadata());
        Ok((Call { namespace, time }, request.into_inner()))
    }
}

/// The key in a field of that name.
pub(super) fn key(field: impl Display, text: String) -> Result<Key, Status> {
    Key::try_from(text).map_err(|error| Status::invalid_argument(format!("{field} {error}")))
}

/// The keys of a batch, all of them or the first that is malformed.
pub(super) fn keys(
    texts: impl IntoIterator<Item = String>,
    field: impl Fn(usize) -> String,
) -> Result<Vec<Key>, Status> {
    texts
        .into_iter()
        .enumerate()
        .map(|(index, text)| key(field(index), text))
        .collect()
}

pub(super) fn ttl(seconds: i64) -> Result<Ttl, Status> {
    Ttl::try_from(seconds).map_err(|error| Status::invalid_argument(format!("ttl_seconds {error}")))
}
