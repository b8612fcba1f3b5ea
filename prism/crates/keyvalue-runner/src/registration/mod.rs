//! Staying registered with a proxy, from start to drain.

mod backoff;
mod connect;
mod keep;
mod roster;
mod session;

pub(crate) use self::{keep::Registration, roster::Roster};
