//! Which runner serves a call.

mod registration;
mod router;
mod table;

pub(crate) use self::{
    registration::{Claim, Store, Taken},
    router::Router,
    table::{Found, NEVER_ROUTED, Routes},
};
