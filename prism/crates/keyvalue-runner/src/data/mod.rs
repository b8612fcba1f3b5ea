//! The data interfaces over the records.

mod answer;
mod basic;
mod batch;
mod call;
mod namespaces;
mod timeout;
mod ttl;

pub(crate) use self::call::Call;
pub use self::namespaces::Serves;
use crate::records::Records;

/// Serves every data interface; clones share the records.
#[derive(Clone)]
pub(crate) struct Data {
    records: Records,
    serves: Serves,
}

impl Data {
    pub(crate) fn new(records: Records, serves: Serves) -> Self {
        Self { records, serves }
    }
}
