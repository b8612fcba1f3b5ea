//! Who the runner says it is.

use prism_api::interfaces::{PatternMetadata, RegisterRequest};

use crate::assignment::Assignment;
use crate::data::Serves;
use crate::interfaces;
use crate::store::{StoreKind, StoreSettings};

/// What the runner is, wherever it registers.
const PATTERN: &str = "keyvalue";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What sets this runner apart from others.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) serves: Serves,
    pub(crate) store: StoreSettings,
    /// Where the runner is to be called for its data.
    pub(crate) endpoint: String,
}

impl Identity {
    pub(crate) fn new(assignment: &Assignment, endpoint: String) -> Self {
        Self {
            serves: assignment.serves.clone(),
            store: assignment.store.clone(),
            endpoint,
        }
    }

    pub(crate) fn registration(&self) -> RegisterRequest {
        RegisterRequest {
            pattern_name: PATTERN.to_owned(),
            pattern_version: VERSION.to_owned(),
            process_id: Self::pid(),
            metadata: Some(self.metadata()),
        }
    }

    pub(crate) fn pid() -> i32 {
        i32::try_from(std::process::id()).unwrap_or_default()
    }

    pub(crate) fn metadata(&self) -> PatternMetadata {
        let extra = [
            ("namespace", self.serves.to_string()),
            ("store", self.sharing().to_owned()),
        ];
        PatternMetadata {
            extra: extra.map(|(name, value)| (name.to_owned(), value)).into(),
            ..Self::pattern()
        }
    }

    /// What every runner is, whatever it comes to serve.
    pub(crate) fn pattern() -> PatternMetadata {
        PatternMetadata {
            name: PATTERN.to_owned(),
            version: VERSION.to_owned(),
            interfaces: interfaces::declarations(),
            ..Default::default()
        }
    }

    /// Whether other runners see the same records.
    fn sharing(&self) -> &'static str {
        match self.store.kind() {
            StoreKind::Memstore => "own",
            StoreKind::Redis => "shared",
        }
    }
}
