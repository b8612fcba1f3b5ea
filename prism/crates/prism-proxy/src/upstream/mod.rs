//! The connections to runners.

mod backend;
mod connect;
mod pool;

pub(crate) use self::{backend::Backend, connect::ConnectError, pool::Stream};
