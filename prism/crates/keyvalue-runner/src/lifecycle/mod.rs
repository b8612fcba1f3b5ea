//! The runner's life as others lead it: over `LifecycleInterface`, or over a registration's stream.

mod actions;
mod identity;
mod order;
mod phase;
mod purge;
mod refusal;
mod service;

pub(crate) use self::{
    actions::Lifecycle, identity::Identity, order::DrainOrder, phase::Phase, refusal::Refusal,
    service::LifecycleService,
};
