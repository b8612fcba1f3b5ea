//! The transparent proxy: each gRPC call is passed, unread, to the runner that serves it.
//!
//! The data port is HTTP/2 on both sides, frame by frame, on the `h2` crate itself: hyper above it hides
//! resets and the ends of streams, which a client must see as the runner sent them. The control port is a
//! gRPC server for health and for the runners that register.

mod admin;
mod control;
mod data;
mod drain;
mod dump;
mod limits;
pub mod namespace;
mod path;
mod probe;
mod proxy;
mod routes;
mod settings;
mod static_route;
mod upstream;

pub use self::{
    admin::{AdminSettings, ProxyId},
    control::{Farewell, LastCommand, Runners, UnknownRunner},
    proxy::{Ports, Proxy, ServeError, serve},
    settings::{ProxySettings, RunnerSettings, Settings},
    static_route::StaticRoute,
};
