//! Who the runner says it is.

use std::net::SocketAddr;

use prism_api::interfaces::{PatternMetadata, RegisterRequest};

use crate::config::Config;
use crate::data::Serves;
use crate::interfaces;
use crate::store::StoreKind;

/// What the runner is, wherever it registers.
const PATTERN: &str = "keyvalue";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What sets this runner apart from others.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) serves: Serves,
    pub(crate) store: StoreKind,
    /// Where the runner serves its data.
    pub(crate) endpoint: SocketAddr,
}

impl Identity {
    pub(crate) fn new(config: &Config, endpoint: SocketAddr) -> Self {
        Self {
            serves: config.serves.clone(),
            store: config.store.kind(),
            endpoint,
        }
    }

    pub(crate) fn registration(&self) -> RegisterRequest {
        RegisterRequest {
            pattern_name: PATTERN.to_owned(),
            pattern_version: VERSION.to_owned(),
            process_id: i32::try_from(std::process::id()).unwrap_or_default(),
            metadata: Some(self.metadata()),
        }
    }

    pub(crate) fn metadata(&self) -> PatternMetadata {
        let extra = [
            ("namespace", self.serves.to_string()),
            ("store", self.sharing().to_owned()),
        ];
        PatternMetadata {
            name: PATTERN.to_owned(),
            version: VERSION.to_owned(),
            interfaces: interfaces::declarations(),
            extra: extra.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    }

    /// Whether other runners see the same records.
    fn sharing(&self) -> &'static str {
        match self.store {
            StoreKind::Memstore => "own",
            StoreKind::Redis => "shared",
        }
    }
}
