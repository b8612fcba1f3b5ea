//! The store under a key-value runner.
//!
//! [`Store`] is what a runner needs; [`MemStore`] keeps it in memory. What a call may carry is checked once,
//! where a [`Key`], a [`Namespace`] or a [`Ttl`] is made, so a store never meets a malformed one. A new store
//! proves itself with [`contract_tests!`].

mod clock;
mod condition;
pub mod contract;
mod key;
mod memstore;
mod namespace;
mod store;
mod ttl;

pub use self::{
    clock::{Clock, ManualClock, MonotonicClock},
    condition::Condition,
    key::{Key, KeyError},
    memstore::MemStore,
    namespace::{Namespace, NamespaceError},
    store::{Remaining, Store, StoreError},
    ttl::{Ttl, TtlError},
};
