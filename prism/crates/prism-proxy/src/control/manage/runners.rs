//! The runners that are registered, for whoever has to part with one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::state::Farewell;

/// Every registered runner by its instance id; clones share it.
#[derive(Clone, Default)]
pub struct Runners {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    registered: Mutex<BTreeMap<String, mpsc::UnboundedSender<Farewell>>>,
    count: AtomicU64,
}

/// A runner that is not registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no runner {0} is registered")]
pub struct UnknownRunner(pub String);

impl Runners {
    /// The instance ids of the runners that are registered now.
    #[must_use]
    pub fn instances(&self) -> Vec<String> {
        self.registered().keys().cloned().collect()
    }

    /// Parts with a runner: no new calls, a drain, and a last command. Its process ends with it.
    ///
    /// A proxy that stops itself never does this: the runner is not its own, and registers with the next.
    pub fn dismiss(&self, instance: &str, farewell: Farewell) -> Result<(), UnknownRunner> {
        self.registered()
            .get(instance)
            .and_then(|session| session.send(farewell).ok())
            .ok_or_else(|| UnknownRunner(instance.to_owned()))
    }

    /// A name that no other runner of this proxy has or had.
    pub(super) fn name(&self, pattern: &str) -> String {
        let number = self.shared.count.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{pattern}-{number}")
    }

    pub(super) fn add(&self, instance: &str) -> mpsc::UnboundedReceiver<Farewell> {
        let (dismiss, dismissed) = mpsc::unbounded_channel();
        self.registered().insert(instance.to_owned(), dismiss);
        dismissed
    }

    pub(super) fn remove(&self, instance: &str) {
        self.registered().remove(instance);
    }

    fn registered(&self) -> MutexGuard<'_, BTreeMap<String, mpsc::UnboundedSender<Farewell>>> {
        self.shared
            .registered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Runners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runners").field(&self.instances()).finish()
    }
}
