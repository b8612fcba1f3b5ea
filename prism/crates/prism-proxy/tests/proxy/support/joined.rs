//! A proxy that has joined an admin.

use prism_proxy::ProxySettings;

use super::{Admin, Backend, Client, Orders, Proxy, ROLE, Runner, Script, settings};

/// A proxy whose admin wants nothing from it yet.
pub(crate) async fn joined() -> (Admin, Proxy, Orders) {
    let admin = Admin::start(Script::default()).await;
    let proxy = Proxy::with(ProxySettings {
        admin: Some(admin.settings()),
        ..settings()
    })
    .await;
    let orders = Orders::to(&proxy).await;
    (admin, proxy, orders)
}

/// The same, with a runner of `default` and a client.
pub(crate) async fn joined_and_serving() -> (Admin, Proxy, Orders, Backend, Runner, Client) {
    let (admin, proxy, orders) = joined().await;
    let backend = Backend::start().await;
    let runner = Runner::serve(&proxy, ROLE, backend.address).await;
    let client = Client::connect(proxy.data).await;
    (admin, proxy, orders, backend, runner, client)
}
