//! The two sides of a proxy under test: a client and a runner that speak plain HTTP/2.

mod backend;
mod client;
mod health;
mod proxy;
mod runner;

use std::time::Duration;

use tokio::time::timeout;

pub(crate) use self::{
    backend::{Arrival, Backend, ok},
    client::{Answer, Client, get, request},
    health::{Health, ServingStatus},
    proxy::{Proxy, route, settings},
    runner::{ROLE, Role, Runner, registration},
};

/// The service that tests call.
pub(crate) const SERVICE: &str = "prism.interfaces.keyvalue.KeyValueBasicInterface";

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// What a test waits for, or a failure that says so.
pub(crate) async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    let outcome = timeout(PATIENCE, happens).await;
    outcome.unwrap_or_else(|_| panic!("{what} did not happen within {PATIENCE:?}"))
}
