//! The runner from start to end.

use std::time::Duration;

use prism_process::{Shutdown, listen, notify};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::config::Config;
use crate::data::Data;
use crate::drain::{Drain, Drained};
use crate::error::RunError;
use crate::gate::Gate;
use crate::health::Health;
use crate::lifecycle::{Identity, Lifecycle};
use crate::records::Records;
use crate::registration::{Registration, Roster};
use crate::server::{self, Services};
use crate::store;

/// How long proxies may take to route no more calls here; calls are served meanwhile.
const LEAVE_LIMIT: Duration = Duration::from_millis(500);
/// How long a call may be under way from a proxy that has just stopped routing here.
const SETTLE: Duration = Duration::from_millis(20);
/// How long the last words to proxies may take.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);
/// How long clients may take to close their connections once nothing is left to say on them.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// Serves as configured until a signal or an order ends it.
pub async fn serve(config: Config) -> Result<(), RunError> {
    let shutdown = Shutdown::on_signals().map_err(|cause| RunError::System {
        what: "listen for signals",
        cause,
    })?;
    let listener = listen(config.listen)?;
    let records = store::open(&config.store).await;
    run(config, listener, records, shutdown).await
}

/// Serves records on a listener until the shutdown, and through the drain.
pub async fn run(
    config: Config,
    listener: TcpListener,
    records: Records,
    shutdown: Shutdown,
) -> Result<(), RunError> {
    let mut running = Running::start(&config, listener, records, shutdown).await?;
    running.until_drain().await?;
    running.drain().await;
    Ok(())
}

/// Everything that runs, and the handles to end it.
struct Running {
    drain: Drain,
    health: Health,
    /// Keeps the health true while the runner serves.
    following: JoinSet<()>,
    gate: Gate,
    registrations: JoinSet<Result<(), RunError>>,
    /// Closed when no proxy routes calls here any more.
    routes: watch::Sender<()>,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
    close: oneshot::Sender<()>,
}

impl Running {
    async fn start(
        config: &Config,
        listener: TcpListener,
        records: Records,
        shutdown: Shutdown,
    ) -> Result<Self, RunError> {
        let endpoint = listener.local_addr().map_err(|cause| RunError::System {
            what: "tell its own address",
            cause,
        })?;
        let drain = Drain::new(shutdown, config.common.drain_timeout);
        let identity = Identity::new(config, endpoint);
        let (health, gate) = (Health::not_serving().await, Gate::open());
        let mut condition = records.condition();
        let lifecycle = Lifecycle {
            identity,
            drain: drain.clone(),
            roster: Roster::default(),
            gate: gate.clone(),
            condition: condition.clone(),
        };
        let services = Services {
            data: Data::new(records, config.serves.clone()),
            gate: gate.clone(),
            lifecycle: lifecycle.clone(),
            health: health.clone(),
            max_message_bytes: config.max_message_bytes.0,
        };
        let (close, closing) = oneshot::channel();
        let server = tokio::spawn(server::serve(listener, services, async {
            closing.await.unwrap_or_default();
        }));
        let routes = watch::Sender::new(());
        let registrations = register(config, &lifecycle, &routes);
        let begun = condition.borrow_and_update().clone();
        health.serving(&begun).await;
        let following = JoinSet::from_iter([health.clone().follow(condition)]);
        if let Err(error) = notify::ready(&[("data", endpoint)]) {
            // Its clients are there, whether or not the one who started it still is.
            tracing::warn!("{error}");
        }
        tracing::info!(%endpoint, namespace = %config.serves, store = config.store.kind().name(), "serving");
        Ok(Self {
            drain,
            health,
            following,
            gate,
            registrations,
            routes,
            server,
            close,
        })
    }

    /// Waits for the drain to begin, or for what makes going on pointless.
    async fn until_drain(&mut self) -> Result<(), RunError> {
        tokio::select! {
            () = self.drain.begun() => Ok(()),
            error = first_failure(&mut self.registrations) => Err(error),
            ended = &mut self.server => Err(RunError::Server(describe(ended))),
        }
    }

    /// Leaves the proxies, refuses new calls, waits for those inside, and closes.
    async fn drain(mut self) {
        let deadline = Instant::now() + self.drain.limit();
        tracing::info!(reason = self.drain.reason(), limit = ?self.drain.limit(), "draining");
        // Awaited, so that nobody says again that it serves.
        self.following.shutdown().await;
        self.health.draining().await;
        if let Err(error) = notify::stopping() {
            // Whoever waited for the start need not wait for the end.
            tracing::debug!("{error}");
        }
        let finished_before = self.gate.finished();
        self.leave_proxies().await;
        let drained = empty(&self.gate, deadline, finished_before).await;
        report(drained);
        self.drain.finish(drained);
        let _ = timeout(FAREWELL_LIMIT, async {
            while self.registrations.join_next().await.is_some() {}
        })
        .await;
        let _ = self.close.send(());
        let _ = timeout(CLOSE_LIMIT, self.server).await;
    }

    /// Waits until no proxy routes calls here; they are served meanwhile, for refusing them would be a loss.
    async fn leave_proxies(&self) {
        if self.registrations.is_empty() {
            return;
        }
        let _ = timeout(LEAVE_LIMIT, self.routes.closed()).await;
        sleep(SETTLE).await;
    }
}

fn register(
    config: &Config,
    lifecycle: &Lifecycle,
    routes: &watch::Sender<()>,
) -> JoinSet<Result<(), RunError>> {
    let registration = |proxy: &_| Registration {
        proxy: Clone::clone(proxy),
        lifecycle: lifecycle.clone(),
        heartbeat_interval: config.heartbeat_interval,
        hold: Some(routes.subscribe()),
    };
    config
        .proxies
        .iter()
        .map(registration)
        .map(Registration::keep)
        .collect()
}

/// Lets nobody in, and the calls inside out until the deadline; then it ends them.
async fn empty(gate: &Gate, deadline: Instant, finished_before: usize) -> Drained {
    gate.refuse();
    let emptied = timeout_at(deadline, gate.empty()).await.is_ok();
    // Counted before the end: a call that is ended goes out as one that finished does.
    let drained = Drained {
        finished: gate.finished().saturating_sub(finished_before),
        aborted: if emptied { 0 } else { gate.inside() },
    };
    gate.end();
    drained
}

fn report(Drained { finished, aborted }: Drained) {
    if aborted > 0 {
        tracing::warn!(finished, aborted, "drained: calls ran out of time");
    } else {
        tracing::info!(finished, aborted, "drained");
    }
}

/// Completes with the first registration that gave up; never, if none does.
async fn first_failure(registrations: &mut JoinSet<Result<(), RunError>>) -> RunError {
    while let Some(ended) = registrations.join_next().await {
        if let Ok(Err(error)) = ended {
            return error;
        }
    }
    std::future::pending().await
}

fn describe(ended: Result<Result<(), tonic::transport::Error>, tokio::task::JoinError>) -> String {
    match ended {
        Ok(Ok(())) => "nothing asked it to".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    }
}
