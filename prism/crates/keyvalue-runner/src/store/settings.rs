//! Which store there is to be, as a command line or a launcher says it.

use std::num::NonZeroUsize;

use prism_process::Options;
use prism_process::config::Value;
use prost_types::Struct;

use super::given::{BadStore, Given};

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

/// What the command line says of every store, whichever is then chosen.
#[derive(Debug, Clone)]
pub struct StoreFlags {
    /// The store, unless a launcher names one.
    pub kind: StoreKind,
    /// The most keys of a namespace.
    pub max_keys: NonZeroUsize,
}

impl StoreFlags {
    pub(crate) fn read(options: &mut Options) -> Option<Self> {
        let kind = options.one("store", "memstore", "Where the records are kept");
        let max_keys = options.one(
            "max-keys",
            "10000",
            "The most keys that a namespace may have",
        );
        Some(Self {
            kind: kind?,
            max_keys: max_keys?,
        })
    }
}

/// A store and all that it needs to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreSettings {
    /// In the memory of the runner.
    Memstore {
        /// The most keys of a namespace.
        max_keys: NonZeroUsize,
    },
}

impl StoreSettings {
    /// The store that the command line asks for.
    #[must_use]
    pub fn from_flags(flags: &StoreFlags) -> Self {
        match flags.kind {
            StoreKind::Memstore => Self::Memstore {
                max_keys: flags.max_keys,
            },
        }
    }

    /// The store that a launcher's configuration asks for; what it leaves open is as the flags say.
    pub fn from_struct(config: &Struct, flags: &StoreFlags) -> Result<Self, BadStore> {
        let mut given = Given::read(config)?;
        let settings = match given.kind.unwrap_or(StoreKind::Memstore) {
            StoreKind::Memstore => Self::Memstore {
                max_keys: given.take("max_keys")?.unwrap_or(flags.max_keys),
            },
        };
        given.finish()?;
        Ok(settings)
    }

    /// Which of the stores it is.
    #[must_use]
    pub fn kind(&self) -> StoreKind {
        match self {
            Self::Memstore { .. } => StoreKind::Memstore,
        }
    }
}
