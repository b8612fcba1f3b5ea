//! The key-value runner: gRPC over a store.
//!
//! One listener serves the data interfaces, the lifecycle and health. Given proxies, the runner registers with
//! each and stays registered until it drains.

mod config;
mod data;
mod drain;
mod error;
mod gate;
mod health;
mod interfaces;
mod lifecycle;
mod records;
mod registration;
mod run;
mod server;
mod store;

pub use self::{
    config::Config,
    data::Serves,
    error::RunError,
    records::Records,
    run::{run, serve},
    store::{BadStore, RedisUrl, StoreFlags, StoreKind, StoreSettings},
};
