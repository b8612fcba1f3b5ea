//! What the runner can be told.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use prism_process::config::{ByteSize, PeerAddress, Value};
use prism_process::{Common, Configuration, Options};

use crate::data::Serves;

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
    pub store: StoreKind,
    /// The most keys of a namespace.
    pub max_keys: NonZeroUsize,
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
        let store = options.one("store", "memstore", "Where the records are kept");
        let max_keys = options.one(
            "max-keys",
            "10000",
            "The most keys that a namespace may have",
        );
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
            store: store?,
            max_keys: max_keys?,
            max_message_bytes: max_message_bytes?,
            heartbeat_interval: heartbeat_interval?,
            common: common?,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

/// The stores there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// In the memory of the runner.
    Memstore,
}

impl StoreKind {
    /// The name by which a configuration asks for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Memstore => "memstore",
        }
    }
}

impl Value for StoreKind {
    const SHAPE: &'static str = "memstore";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "memstore" => Ok(Self::Memstore),
            _ => Err("is not a store of this runner: it has memstore".to_owned()),
        }
    }
}
