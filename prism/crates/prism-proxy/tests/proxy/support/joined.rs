//! A proxy that has joined an admin.

use prism_api::prism::ProxyHeartbeat;
use prism_proxy::{AdminSettings, ProxySettings};

use super::{Admin, Backend, Client, Orders, Proxy, ROLE, Runner, Script, settings};

/// The name of the admin in the health of the proxy.
pub(crate) const ADMIN_HEALTH: &str = "prism.ControlPlane";

/// A proxy that is to join an admin.
pub(crate) async fn proxy_of(admin: AdminSettings) -> Proxy {
    Proxy::with(ProxySettings {
        admin: Some(admin),
        ..settings()
    })
    .await
}

/// A proxy of this admin, a live runner of `default`, and a client.
pub(crate) async fn serving(admin: &Admin) -> (Proxy, Backend, Runner, Client) {
    let backend = Backend::start().await;
    let proxy = proxy_of(admin.settings()).await;
    let runner = Runner::serve(&proxy, ROLE, backend.address).await;
    let client = Client::connect(proxy.data).await;
    (proxy, backend, runner, client)
}

/// A proxy whose admin wants nothing from it yet.
pub(crate) async fn joined() -> (Admin, Proxy, Orders) {
    let admin = Admin::start(Script::default()).await;
    let proxy = proxy_of(admin.settings()).await;
    let orders = Orders::to(&proxy).await;
    (admin, proxy, orders)
}

/// The same, with a runner of `default` and a client.
pub(crate) async fn joined_and_serving() -> (Admin, Proxy, Orders, Backend, Runner, Client) {
    let admin = Admin::start(Script::default()).await;
    let (proxy, backend, runner, client) = serving(&admin).await;
    let orders = Orders::to(&proxy).await;
    (admin, proxy, orders, backend, runner, client)
}

/// What a heartbeat says of a namespace.
pub(crate) fn status_of<'a>(heartbeat: &'a ProxyHeartbeat, namespace: &str) -> Option<&'a str> {
    let health = heartbeat.namespace_health.get(namespace);
    health.map(|health| health.status.as_str())
}
