//! The runner while it serves, and its drain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use keyvalue_store::Namespace;
use prism_process::config::PeerAddress;
use prism_process::{Shutdown, dump, notify};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::assignment::Assignment;
use crate::config::Config;
use crate::data::{Data, Serves};
use crate::drain::{Drain, Drained};
use crate::dump::Doing;
use crate::error::RunError;
use crate::gate::Gate;
use crate::health::Health;
use crate::launched::Link;
use crate::lifecycle::{Identity, Lifecycle};
use crate::news::News;
use crate::records::Records;
use crate::registration::{Hopeless, Joining, Registrations, Roster};
use crate::server::{self, Services};

/// How long proxies may take to route no more calls here; calls are served meanwhile.
const LEAVE_LIMIT: Duration = Duration::from_millis(500);
/// How long a call may be under way from a proxy that has just stopped routing here.
const SETTLE: Duration = Duration::from_millis(20);
/// How long the last words to proxies and launcher may take.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);
/// How long clients may take to close their connections once nothing is left to say on them.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// How long removing the records of a namespace may take: whoever asked for it waits no longer.
const PURGE_LIMIT: Duration = Duration::from_secs(30);

/// All that a start needs.
pub(crate) struct Start {
    pub(crate) config: Config,
    pub(crate) assignment: Assignment,
    pub(crate) endpoint: SocketAddr,
    /// The endpoint as others are told of it.
    pub(crate) told: String,
    pub(crate) listener: TcpListener,
    pub(crate) records: Records,
    pub(crate) shutdown: Shutdown,
    pub(crate) link: Option<Link>,
}

/// Everything that runs, and the handles to end it.
pub(crate) struct Running {
    lifecycle: Lifecycle,
    health: Health,
    /// Keeps the health true while the runner serves.
    following: JoinSet<()>,
    records: Records,
    registrations: Registrations,
    /// The proxies to be registered with.
    wanted: watch::Receiver<Vec<PeerAddress>>,
    /// The conversation with the launcher, if there is one.
    launcher: Option<JoinHandle<()>>,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
    close: oneshot::Sender<()>,
    /// Held, so that dumps tell of it.
    _doing: Arc<Doing>,
}

impl Running {
    pub(crate) async fn start(start: Start) -> Self {
        let lifecycle = start.lifecycle();
        let doing = Arc::new(Doing {
            gate: lifecycle.gate.clone(),
            roster: lifecycle.roster.clone(),
        });
        dump::register(&doing);
        let mut condition = start.records.condition();
        let health = Health::not_serving().await;
        let Start {
            config,
            assignment,
            endpoint,
            listener,
            records,
            link,
            ..
        } = start;
        let services = Services {
            data: Data::new(records.clone(), assignment.serves.clone()),
            gate: lifecycle.gate.clone(),
            lifecycle: lifecycle.clone(),
            health: health.clone(),
            max_message_bytes: config.max_message_bytes.0,
        };
        let (close, closing) = oneshot::channel();
        let server = tokio::spawn(server::serve(listener, services, async {
            closing.await.unwrap_or_default();
        }));
        let mut registrations = Registrations::none(Joining {
            lifecycle: lifecycle.clone(),
            heartbeat_interval: config.heartbeat_interval,
            hopeless: link.as_ref().map_or(Hopeless::Ends, |_| Hopeless::AsksOn),
        });
        registrations.settle(&assignment.proxies);
        let (wants, wanted) = watch::channel(assignment.proxies);
        let launcher = link.map(|link| tokio::spawn(link.keep(lifecycle.clone(), wants)));
        let begun = condition.borrow_and_update().clone();
        health.serving(&begun).await;
        let follow = health.clone().follow(condition, lifecycle.news.clone());
        let following = JoinSet::from_iter([follow]);
        if let Err(error) = notify::ready(&[("data", endpoint)]) {
            // Its clients are there, whether or not the one who started it still is.
            tracing::warn!("{error}");
        }
        let store = assignment.store.kind().name();
        tracing::info!(%endpoint, namespace = %assignment.serves, store, "serving");
        Self {
            lifecycle,
            health,
            following,
            records,
            registrations,
            wanted,
            launcher,
            server,
            close,
            _doing: doing,
        }
    }

    /// Waits for the drain to begin, or for what makes going on pointless.
    pub(crate) async fn until_drain(&mut self) -> Result<(), RunError> {
        loop {
            tokio::select! {
                () = self.lifecycle.drain.begun() => return Ok(()),
                error = self.registrations.failure() => return Err(error),
                ended = &mut self.server => return Err(RunError::Server(describe(ended))),
                Ok(()) = self.wanted.changed() => {
                    let wanted = self.wanted.borrow_and_update().clone();
                    self.registrations.settle(&wanted);
                }
            }
        }
    }

    /// Leaves the proxies, refuses new calls, waits for those inside, and closes.
    pub(crate) async fn drain(mut self) {
        let Lifecycle { drain, gate, .. } = self.lifecycle.clone();
        let deadline = Instant::now() + drain.limit();
        tracing::info!(reason = drain.reason(), limit = ?drain.limit(), "draining");
        self.lifecycle.news.tell();
        // Awaited, so that nobody says again that it serves.
        self.following.shutdown().await;
        self.health.draining().await;
        if let Err(error) = notify::stopping() {
            // Whoever waited for the start need not wait for the end.
            tracing::debug!("{error}");
        }
        let finished_before = gate.finished();
        self.leave_proxies().await;
        let drained = empty(&gate, deadline, finished_before).await;
        report(&drained);
        let purged = self.purge(&drain).await;
        drain.finish(Drained { purged, ..drained });
        let _ = timeout(FAREWELL_LIMIT, self.say_farewell()).await;
        let _ = self.close.send(());
        let _ = timeout(CLOSE_LIMIT, self.server).await;
    }

    /// Waits until no proxy routes calls here; they are served meanwhile, for refusing them would be a loss.
    async fn leave_proxies(&self) {
        if self.registrations.is_empty() {
            return;
        }
        let _ = timeout(LEAVE_LIMIT, self.registrations.unrouted()).await;
        sleep(SETTLE).await;
    }

    /// Removes the records, if somebody asked: nobody uses them any more.
    async fn purge(&self, drain: &Drain) -> Option<Result<usize, String>> {
        let Serves::One(namespace) = &self.lifecycle.identity.serves else {
            return None;
        };
        if !drain.settle_purge() {
            return None;
        }
        Some(purge(&self.records, namespace).await)
    }

    async fn say_farewell(&mut self) {
        let told = async {
            if let Some(launcher) = &mut self.launcher {
                let _ = launcher.await;
            }
        };
        tokio::join!(self.registrations.ended(), told);
    }
}

impl Start {
    fn lifecycle(&self) -> Lifecycle {
        let news = News::default();
        Lifecycle {
            identity: Identity::new(&self.assignment, self.told.clone()),
            drain: Drain::new(self.shutdown.clone(), self.config.common.drain_timeout),
            roster: Roster::new(news.clone()),
            gate: Gate::open(),
            condition: self.records.condition(),
            news,
        }
    }
}

/// Lets nobody in, and the calls inside out until the deadline; then it ends them.
async fn empty(gate: &Gate, deadline: Instant, finished_before: usize) -> Drained {
    gate.refuse();
    let emptied = timeout_at(deadline, gate.empty()).await.is_ok();
    // Counted before the end: a call that is ended goes out as one that finished does.
    let drained = Drained {
        finished: gate.finished().saturating_sub(finished_before),
        aborted: if emptied { 0 } else { gate.inside() },
        purged: None,
    };
    gate.end();
    drained
}

fn report(drained: &Drained) {
    let Drained {
        finished, aborted, ..
    } = drained;
    if *aborted > 0 {
        tracing::warn!(finished, aborted, "drained: calls ran out of time");
    } else {
        tracing::info!(finished, aborted, "drained");
    }
}

async fn purge(records: &Records, namespace: &Namespace) -> Result<usize, String> {
    let removed = timeout(PURGE_LIMIT, records.remove_namespace(namespace)).await;
    let purged = match removed {
        Ok(removed) => removed.map_err(|error| error.to_string()),
        Err(_) => Err(format!("the keys were not removed within {PURGE_LIMIT:?}")),
    };
    match &purged {
        Ok(keys) => tracing::info!(%namespace, keys, "purged"),
        Err(error) => tracing::warn!(%namespace, error, "not purged"),
    }
    purged
}

fn describe(ended: Result<Result<(), tonic::transport::Error>, tokio::task::JoinError>) -> String {
    match ended {
        Ok(Ok(())) => "nothing asked it to".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    }
}
