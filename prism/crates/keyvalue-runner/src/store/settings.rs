//! Which store there is to be, as a command line or a launcher says it.

use std::num::NonZeroUsize;

use prism_process::Options;
use prism_process::config::Value;
use prost_types::Struct;
use redis_store::RedisAddress;

use super::given::{BadStore, Given};
use super::redis_url::RedisUrl;

/// The stores there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// In the memory of the runner.
    Memstore,
    /// In a Redis, which other runners may share.
    Redis,
}

impl StoreKind {
    /// The name by which a configuration asks for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Memstore => "memstore",
            Self::Redis => "redis",
        }
    }
}

impl Value for StoreKind {
    const SHAPE: &'static str = "memstore|redis";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "memstore" => Ok(Self::Memstore),
            "redis" => Ok(Self::Redis),
            _ => Err("is not a store of this runner: it has memstore and redis".to_owned()),
        }
    }
}

/// What the command line says of every store, whichever is then chosen.
#[derive(Debug, Clone)]
pub struct StoreFlags {
    /// The store, unless a launcher names one.
    pub kind: StoreKind,
    /// The most keys of a namespace in memstore.
    pub max_keys: NonZeroUsize,
    /// Where Redis is.
    pub redis_url: Option<RedisUrl>,
}

impl StoreFlags {
    pub(crate) fn read(options: &mut Options) -> Option<Self> {
        let kind = options.one("store", "memstore", "Where the records are kept");
        let max_keys = options.one(
            "max-keys",
            "10000",
            "The most keys that a namespace may have in memstore",
        );
        if kind == Some(StoreKind::Redis)
            && let Some(given) = options.given_as("max-keys")
        {
            options.refuse(format!(
                "{given} goes with --store memstore: a Redis has a limit of its own"
            ));
        }
        let redis_url = options.optional("redis-url", "The Redis of --store redis");
        Some(Self {
            kind: kind?,
            max_keys: max_keys?,
            redis_url: redis_url?,
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
    /// In a Redis.
    Redis(RedisAddress),
}

impl StoreSettings {
    /// The store that the command line asks for, or what in it does not go together.
    pub fn from_flags(flags: &StoreFlags) -> Result<Self, &'static str> {
        match (flags.kind, &flags.redis_url) {
            (StoreKind::Memstore, None) => Ok(Self::Memstore {
                max_keys: flags.max_keys,
            }),
            (StoreKind::Memstore, Some(_)) => Err("--redis-url goes with --store redis"),
            (StoreKind::Redis, Some(url)) => Ok(Self::Redis(url.0.clone())),
            (StoreKind::Redis, None) => Err("--store redis needs --redis-url redis://HOST:PORT"),
        }
    }

    /// The store that a launcher's configuration asks for; what it leaves open is as the flags say.
    pub fn from_struct(config: &Struct, flags: &StoreFlags) -> Result<Self, BadStore> {
        let mut given = Given::read(config)?;
        let settings = match given.kind.unwrap_or(StoreKind::Memstore) {
            StoreKind::Memstore => Self::Memstore {
                max_keys: given.take("max_keys")?.unwrap_or(flags.max_keys),
            },
            StoreKind::Redis => Self::Redis(redis(&mut given, flags)?),
        };
        given.finish()?;
        Ok(settings)
    }

    /// Which of the stores it is.
    #[must_use]
    pub fn kind(&self) -> StoreKind {
        match self {
            Self::Memstore { .. } => StoreKind::Memstore,
            Self::Redis(_) => StoreKind::Redis,
        }
    }
}

/// The address of a Redis as it was handed over, with a login of its own where that was.
fn redis(given: &mut Given<'_>, flags: &StoreFlags) -> Result<RedisAddress, BadStore> {
    let url: Option<RedisUrl> = given.take("url")?;
    let url = url.or_else(|| flags.redis_url.clone());
    let RedisUrl(mut address) = url.ok_or_else(|| Given::missing("url"))?;
    if let Some(username) = given.take::<String>("username")? {
        address = address.with_username(&username);
    }
    if let Some(password) = given.take::<String>("password")? {
        address = address.with_password(&password);
    }
    Ok(address)
}
