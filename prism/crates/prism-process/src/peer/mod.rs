//! Peers that a program calls: each may be away, and is then tried for ever.

mod backoff;
mod call;
mod connection;

pub use self::{
    backoff::Backoff,
    call::{cause, is_away, said, timed, within},
    connection::Connection,
};
