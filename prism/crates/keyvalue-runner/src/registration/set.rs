//! The proxies that the runner is registered with: a set that may change while it serves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use prism_process::config::PeerAddress;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::keep::{Hopeless, Registration};
use crate::error::RunError;
use crate::lifecycle::Lifecycle;

/// How the runner registers, with whichever proxy.
#[derive(Debug, Clone)]
pub(crate) struct Joining {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) hopeless: Hopeless,
}

/// One registration for each proxy of the set.
pub(crate) struct Registrations {
    joining: Joining,
    tasks: JoinSet<Result<(), RunError>>,
    /// A registration whose sender is dropped leaves its proxy.
    held: BTreeMap<PeerAddress, watch::Sender<()>>,
    /// Closed when no proxy routes calls here any more.
    routes: watch::Sender<()>,
}

impl Registrations {
    pub(crate) fn none(joining: Joining) -> Self {
        Self {
            joining,
            tasks: JoinSet::new(),
            held: BTreeMap::new(),
            routes: watch::Sender::new(()),
        }
    }

    /// From now on the runner is to be registered with exactly these; a registration with one of them stays as it is.
    pub(crate) fn settle(&mut self, wanted: &[PeerAddress]) {
        let changes = changes(self.held.keys(), wanted);
        let roster = self.joining.lifecycle.roster.clone();
        for proxy in changes.leave {
            self.held.remove(&proxy);
            roster.forget(&proxy);
        }
        for proxy in changes.join {
            roster.expect(&proxy);
            self.join(proxy);
        }
    }

    /// Completes with the first registration that gave up; never, if none does.
    pub(crate) async fn failure(&mut self) -> RunError {
        while let Some(ended) = self.tasks.join_next().await {
            if let Ok(Err(error)) = ended {
                return error;
            }
        }
        std::future::pending().await
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Completes when no proxy routes calls here.
    pub(crate) async fn unrouted(&self) {
        self.routes.closed().await;
    }

    /// Completes when the last word was said to every proxy.
    pub(crate) async fn ended(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    fn join(&mut self, proxy: PeerAddress) {
        let (held, wanted) = watch::channel(());
        let registration = Registration {
            proxy: proxy.clone(),
            joining: self.joining.clone(),
            hold: Some(self.routes.subscribe()),
            wanted,
        };
        self.tasks.spawn(registration.keep());
        self.held.insert(proxy, held);
    }
}

/// What turns one set into another.
#[derive(Debug, PartialEq, Eq)]
struct Changes {
    leave: BTreeSet<PeerAddress>,
    join: BTreeSet<PeerAddress>,
}

fn changes<'a>(
    held: impl Iterator<Item = &'a PeerAddress>,
    wanted: impl IntoIterator<Item = &'a PeerAddress>,
) -> Changes {
    let (held, wanted) = (
        held.cloned().collect::<BTreeSet<_>>(),
        wanted.into_iter().cloned().collect::<BTreeSet<_>>(),
    );
    Changes {
        leave: &held - &wanted,
        join: &wanted - &held,
    }
}

#[cfg(test)]
mod tests {
    use prism_process::config::Value;

    use super::*;

    fn proxies(ports: &[u16]) -> Vec<PeerAddress> {
        let address = |port| PeerAddress::parse(&format!("127.0.0.1:{port}")).unwrap();
        ports.iter().map(address).collect()
    }

    fn changed(held: &[u16], wanted: &[u16]) -> Changes {
        changes(proxies(held).iter(), &proxies(wanted))
    }

    fn expected(leave: &[u16], join: &[u16]) -> Changes {
        Changes {
            leave: proxies(leave).into_iter().collect(),
            join: proxies(join).into_iter().collect(),
        }
    }

    /// Those gone are left, those new are joined, and the others are in neither.
    #[test]
    fn only_what_differs_changes() {
        assert_eq!(changed(&[1, 2], &[2, 3]), expected(&[1], &[3]));
        assert_eq!(changed(&[1, 2], &[2, 1]), expected(&[], &[]));
        assert_eq!(changed(&[1], &[]), expected(&[1], &[]));
    }

    /// A proxy that is named twice is one proxy.
    #[test]
    fn a_proxy_is_joined_once() {
        assert_eq!(changed(&[], &[1, 1]), expected(&[], &[1]));
    }
}
