//! How the runner stands with each proxy, for its health to tell.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prism_process::config::PeerAddress;

/// How the runner stands with a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The proxy knows it by this name.
    Registered(String),
    /// The proxy is away, and why.
    Away(String),
    /// The proxy does not take it, and why.
    Refused(String),
    /// It has left, to drain.
    Left,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registered(instance) => write!(f, "registered as {instance}"),
            Self::Away(reason) => write!(f, "away: {reason}"),
            Self::Refused(reason) => write!(f, "refused: {reason}"),
            Self::Left => f.write_str("left"),
        }
    }
}

/// Every proxy's standing; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roster {
    standings: Arc<Mutex<BTreeMap<String, Standing>>>,
}

impl Roster {
    /// Notes a standing, and logs it if it is news.
    pub(super) fn note(&self, proxy: &PeerAddress, standing: Standing) {
        let mut standings = self
            .standings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if standings.get(proxy.as_str()) == Some(&standing) {
            return;
        }
        match &standing {
            Standing::Registered(_) | Standing::Left => tracing::info!(%proxy, "proxy: {standing}"),
            Standing::Away(_) | Standing::Refused(_) => tracing::warn!(%proxy, "proxy: {standing}"),
        }
        standings.insert(proxy.as_str().to_owned(), standing);
    }

    /// One entry for each proxy.
    pub(crate) fn describe(&self) -> HashMap<String, String> {
        let standings = self
            .standings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        standings
            .iter()
            .map(|(proxy, standing)| (format!("proxy {proxy}"), standing.to_string()))
            .collect()
    }
}
