//! Staying registered with proxies, from start to drain.

mod connect;
mod keep;
mod roster;
mod session;
mod set;

pub(crate) use self::{
    keep::Hopeless,
    roster::Roster,
    set::{Joining, Registrations},
};
