//! The key-value runner: gRPC over a store.
//!
//! One listener serves the data interfaces, the lifecycle and health. What is served, and through which proxies,
//! the command line says, or the launcher that started the runner. The runner registers with each proxy and stays
//! registered until it drains.

mod assignment;
mod config;
mod connections;
mod data;
mod drain;
mod dump;
mod error;
mod gate;
mod health;
mod interfaces;
mod launched;
mod lifecycle;
mod news;
mod records;
mod registration;
mod run;
mod running;
mod server;
mod store;

pub use self::{
    assignment::{AssignedBy, Assignment},
    config::Config,
    data::Serves,
    error::RunError,
    launched::{BadAnswer, LaunchSettings, ProcessId},
    records::Records,
    run::{run, serve},
    store::{BadStore, RedisUrl, StoreFlags, StoreKind, StoreSettings},
};
