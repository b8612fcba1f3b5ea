//! How the runner stands with each proxy, for its health to tell.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prism_process::config::PeerAddress;

use crate::news::News;

/// How the runner stands with a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has not been heard of yet.
    Expected,
    /// The proxy knows it by this name.
    Registered(String),
    /// The proxy knows it by this name, and routes calls to it.
    Live(String),
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
            Self::Expected => f.write_str("expected"),
            Self::Registered(instance) | Self::Live(instance) => {
                write!(f, "registered as {instance}")
            }
            Self::Away(reason) => write!(f, "away: {reason}"),
            Self::Refused(reason) => write!(f, "refused: {reason}"),
            Self::Left => f.write_str("left"),
        }
    }
}

/// Every proxy's standing; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Roster {
    standings: Arc<Mutex<BTreeMap<PeerAddress, Standing>>>,
    news: News,
}

impl Roster {
    /// A roster of nobody, which tells its news.
    pub(crate) fn new(news: News) -> Self {
        Self {
            standings: Arc::default(),
            news,
        }
    }

    /// A proxy that the runner is to be registered with.
    pub(super) fn expect(&self, proxy: &PeerAddress) {
        self.held().insert(proxy.clone(), Standing::Expected);
    }

    /// A proxy that is no longer any concern.
    pub(super) fn forget(&self, proxy: &PeerAddress) {
        if self.held().remove(proxy).is_some() {
            tracing::info!(%proxy, "proxy: no longer wanted");
            self.news.tell();
        }
    }

    /// Notes a standing, and logs it if it is news; a proxy that was forgotten stays so.
    pub(super) fn note(&self, proxy: &PeerAddress, standing: Standing) {
        let mut held = self.held();
        let Some(known) = held.get_mut(proxy).filter(|known| **known != standing) else {
            return;
        };
        match &standing {
            Standing::Away(_) | Standing::Refused(_) => tracing::warn!(%proxy, "proxy: {standing}"),
            Standing::Live(_) => tracing::debug!(%proxy, "proxy: routes calls here"),
            _ => tracing::info!(%proxy, "proxy: {standing}"),
        }
        *known = standing;
        drop(held);
        self.news.tell();
    }

    /// Whether every proxy routes calls to the runner.
    pub(crate) fn is_live(&self) -> bool {
        let held = self.held();
        held.values()
            .all(|standing| matches!(standing, Standing::Live(_)))
    }

    /// Whether a proxy does not take the runner.
    pub(crate) fn is_refused(&self) -> bool {
        let held = self.held();
        held.values()
            .any(|standing| matches!(standing, Standing::Refused(_)))
    }

    /// A line for each proxy; `None` while somebody changes the list.
    pub(crate) fn try_describe(&self) -> Option<Vec<String>> {
        let standings = self.standings.try_lock().ok()?;
        let lines = standings.iter();
        Some(
            lines
                .map(|(proxy, standing)| format!("{proxy}: {standing}"))
                .collect(),
        )
    }

    /// One entry for each proxy.
    pub(crate) fn describe(&self) -> HashMap<String, String> {
        let held = self.held();
        held.iter()
            .map(|(proxy, standing)| (format!("proxy {proxy}"), standing.to_string()))
            .collect()
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<PeerAddress, Standing>> {
        self.standings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
