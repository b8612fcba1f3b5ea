//! The two sides of a proxy under test: a client and a runner that speak plain HTTP/2.

mod admin;
mod backend;
mod client;
mod health;
mod joined;
mod proxy;
mod runner;

use std::{
    env,
    time::{Duration, Instant},
};

use tokio::time::timeout;

pub(crate) use self::{
    admin::{Admin, INTERVAL, Orders, Script, admin_settings, assignment, revocation},
    backend::{Arrival, Backend, ok},
    client::{Answer, Client, get, request},
    health::{Health, ServingStatus},
    joined::{ADMIN_HEALTH, joined, joined_and_serving, proxy_of, serving, status_of},
    proxy::{Proxy, route, settings},
    runner::{ROLE, Role, Runner, registration},
};

/// The service that tests call.
pub(crate) const SERVICE: &str = "prism.interfaces.keyvalue.KeyValueBasicInterface";

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// A backend, a proxy with a static route to it, and a client of the proxy.
pub(crate) async fn start() -> (Backend, Proxy, Client) {
    let backend = Backend::start().await;
    let proxy = Proxy::to(&backend).await;
    let client = Client::connect(proxy.data).await;
    (backend, proxy, client)
}

/// How much longer than its figure a thing may take on a machine that builds and tests beside it.
///
/// `PRISM_PATIENCE=1` judges the figures as they stand, where nothing else runs.
const SLACK: u32 = 10;

/// Whether no more than a figure has passed, with the slack that a busy machine needs: what happens at once is told
/// from what waits for a time-out, and no test fails for the load of its neighbours.
pub(crate) fn within(since: Instant, figure: Duration) -> bool {
    let asked = env::var("PRISM_PATIENCE").ok();
    let slack = asked
        .and_then(|factor| factor.parse().ok())
        .unwrap_or(SLACK);
    since.elapsed() < figure * slack
}

/// What a test waits for, or a failure that says so.
pub(crate) async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    let outcome = timeout(PATIENCE, happens).await;
    outcome.unwrap_or_else(|_| panic!("{what} did not happen within {PATIENCE:?}"))
}
