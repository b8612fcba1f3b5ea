//! The store of a key-value runner in a Redis or Valkey.
//!
//! Many runners over one Redis see the same records. A [`RedisStore`] keeps one connection, makes it again
//! whenever it is lost, and answers meanwhile that Redis is away. It does what `keyvalue_store::Store`
//! says, awaited; times to live are by the clock of the server.

mod address;
mod backoff;
mod calls;
mod connect;
mod limit;
mod link;
mod names;
pub mod scripted;
mod store;
mod words;

pub use self::{
    address::{AddressError, RedisAddress},
    calls::Calls,
    store::RedisStore,
};
