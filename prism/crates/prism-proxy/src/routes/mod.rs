//! Which runner serves a call.

mod assigned;
mod occupancy;
mod registration;
mod router;
mod table;

pub(crate) use self::{
    occupancy::{Occupancy, Stay},
    registration::{Claim, Store, Taken},
    router::Router,
    table::{CONTRACT, Found, NEVER_ROUTED, Namespace, Routes, SeenRoute},
};
