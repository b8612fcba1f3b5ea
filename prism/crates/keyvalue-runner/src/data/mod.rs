//! The data interfaces over a store.

mod basic;
mod batch;
mod call;
mod namespaces;
mod ttl;

use std::sync::Arc;

use keyvalue_store::Store;

pub use self::namespaces::Serves;

/// Serves every data interface; clones share the store.
#[derive(Clone)]
pub(crate) struct Data {
    store: Arc<dyn Store>,
    serves: Serves,
}

impl Data {
    pub(crate) fn new(store: Arc<dyn Store>, serves: Serves) -> Self {
        Self { store, serves }
    }
}
