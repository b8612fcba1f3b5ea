//! How long the control port lives: until the data port has drained.

use tokio::sync::watch;

/// Held by the proxy for as long as its control port is open; dropping it ends the port.
#[derive(Debug)]
pub(crate) struct ProxyAlive(watch::Sender<()>);

/// Tells when the proxy goes; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct ProxyLife(watch::Receiver<()>);

impl ProxyAlive {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    pub(crate) fn life(&self) -> ProxyLife {
        ProxyLife(self.0.subscribe())
    }
}

impl ProxyLife {
    /// Completes when the proxy goes.
    pub(crate) async fn ended(&self) {
        let mut alive = self.0.clone();
        while alive.changed().await.is_ok() {}
    }
}
