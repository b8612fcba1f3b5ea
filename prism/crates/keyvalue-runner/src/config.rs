//! What the runner can be told.

use std::net::SocketAddr;
use std::time::Duration;

use prism_process::config::{ByteSize, PeerAddress};
use prism_process::{Common, Configuration, Options};

use crate::data::Serves;
use crate::store::{StoreFlags, StoreSettings};

/// The runner's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address of the one listener.
    pub listen: SocketAddr,
    /// The control ports of the proxies to register with.
    pub proxies: Vec<PeerAddress>,
    /// Whose calls are served.
    pub serves: Serves,
    /// Where the records are kept.
    pub store: StoreSettings,
    /// The longest request.
    pub max_message_bytes: ByteSize,
    /// How often a proxy hears from the runner.
    pub heartbeat_interval: Duration,
    /// What every program is told.
    pub common: Common,
}

impl Configuration for Config {
    fn read(options: &mut Options) -> Option<Self> {
        let listen = options.one(
            "listen",
            "127.0.0.1:9095",
            "Address of data, control and health",
        );
        let proxies = options.many("proxy", "Control port of a proxy to register with");
        let serves = options.one("namespace", "default", "Namespace to serve, or * for any");
        let store = StoreFlags::read(options).map(|flags| StoreSettings::from_flags(&flags));
        if let Some(Err(conflict)) = store {
            options.refuse(conflict);
        }
        let max_message_bytes = options.one("max-message-bytes", "4MiB", "The longest request");
        let heartbeat_interval = options.one(
            "heartbeat-interval",
            "30s",
            "How often a proxy hears from the runner",
        );
        if heartbeat_interval == Some(Duration::ZERO) {
            options.refuse("--heartbeat-interval must be longer than nothing");
        }
        let common = Common::read(options);
        Some(Self {
            listen: listen?,
            proxies: proxies?,
            serves: serves?,
            store: store?.ok()?,
            max_message_bytes: max_message_bytes?,
            heartbeat_interval: heartbeat_interval?,
            common: common?,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
