//! The whole proxy: both ports, from ready to drained.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use prism_process::notify::{self, NotifyError};
use prism_process::{Exit, Failure, ListenError, Shutdown, dump, listen};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic_health::server::{HealthReporter, health_reporter};

use crate::admin::{Endpoints, Holdings, Link, TakeAssignments};
use crate::control::{self, ManageRunners, ProxyAlive, Runners, Sessions};
use crate::data::{self, DataPlane, Workers};
use crate::drain::drain;
use crate::dump::Doing;
use crate::probe::{self, Probe};
use crate::routes::{Router, Routes};
use crate::settings::{ProxySettings, Settings};
use crate::upstream::Backend;

/// How long the streams of runners may take to end when the proxy goes.
const FAREWELL: Duration = Duration::from_millis(50);

/// Why the proxy ended otherwise than by a drain.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A port can't be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Whoever waits for it to be ready can't be told.
    #[error(transparent)]
    Notify(#[from] NotifyError),
    /// The system refused something that a server needs.
    #[error("cannot serve: {0}")]
    Io(#[from] io::Error),
    /// The control port broke.
    #[error("the control port broke: {0}")]
    Control(#[from] tonic::transport::Error),
}

impl Failure for ServeError {
    fn exit(&self) -> Exit {
        match self {
            Self::Listen(error) => error.exit(),
            Self::Notify(error) => error.exit(),
            Self::Io(_) | Self::Control(_) => Exit::Internal,
        }
    }
}

/// The two listeners of a proxy.
#[derive(Debug)]
pub struct Ports {
    /// Where calls come in.
    pub data: TcpListener,
    /// Where health and runners come in.
    pub control: TcpListener,
}

impl Ports {
    fn endpoints(&self) -> io::Result<Endpoints> {
        Ok(Endpoints {
            data: self.data.local_addr()?,
            control: self.control.local_addr()?,
        })
    }
}

/// Listens, says that it is ready, and serves until a signal has drained it.
pub async fn serve(settings: Settings) -> Result<(), ServeError> {
    let shutdown = Shutdown::on_signals()?;
    let ports = Ports {
        data: listen(settings.listen)?,
        control: listen(settings.control_listen)?,
    };
    let Endpoints { data, control } = ports.endpoints()?;
    // Connections wait in the listeners until they are served, a moment from now.
    notify::ready(&[("DATA", data), ("CONTROL", control)])?;
    tracing::info!(%data, %control, "ready");
    Proxy::new(settings.proxy).run(ports, shutdown).await
}

/// The proxy, apart from its ports.
#[derive(Debug)]
pub struct Proxy {
    settings: ProxySettings,
    router: Arc<Router>,
    plane: Arc<DataPlane>,
    runners: Runners,
    /// Held, so that dumps tell of it.
    _doing: Arc<Doing>,
}

impl Proxy {
    /// A proxy that is yet to run.
    #[must_use]
    pub fn new(settings: ProxySettings) -> Self {
        let table = match settings.admin {
            Some(_) => Routes::of_assigned(),
            None => Routes::new(),
        };
        let router = Arc::new(Router::new(table));
        let plane = Arc::new(DataPlane::new(Arc::clone(&router)));
        let doing = Arc::new(Doing {
            plane: Arc::clone(&plane),
            router: Arc::clone(&router),
        });
        dump::register(&doing);
        Self {
            plane,
            runners: Runners::default(),
            _doing: doing,
            router,
            settings,
        }
    }

    /// The runners that register with it.
    #[must_use]
    pub fn runners(&self) -> Runners {
        self.runners.clone()
    }

    /// Serves on both ports until the shutdown has begun and the drain is over.
    pub async fn run(self, ports: Ports, shutdown: Shutdown) -> Result<(), ServeError> {
        let mut tasks = JoinSet::new();
        let endpoints = ports.endpoints()?;
        self.add_static_routes(&mut tasks);
        let workers = Workers::start(&self.plane, self.settings.workers)?;
        tasks.spawn(data::serve(ports.data, Arc::clone(&self.plane), workers));
        let (reporter, health) = health_reporter();
        let alive = ProxyAlive::new();
        let assignments = self.join(&mut tasks, endpoints, (&reporter, &shutdown));
        let mut control = pin!(control::serve(
            ports.control,
            health,
            self.managed(&alive, &shutdown),
            assignments,
            Arc::clone(&self.plane),
        ));
        tokio::select! {
            never = control::publish(&self.router, &reporter, &shutdown) => match never {},
            broken = &mut control => return Ok(broken?),
            () = self.drained(&shutdown) => {}
        }
        drop(alive);
        // Runners hear that the proxy goes; it does not wait for those that do not listen.
        let _ = timeout(FAREWELL, control).await;
        Ok(())
    }

    /// Joins the admin, if there is one; returns what the admin is served.
    fn join(
        &self,
        tasks: &mut JoinSet<()>,
        endpoints: Endpoints,
        (health, shutdown): (&HealthReporter, &Shutdown),
    ) -> Option<TakeAssignments> {
        let settings = self.settings.admin.clone()?;
        let holdings = Arc::new(Holdings::new(Arc::clone(&self.router)));
        let assignments = TakeAssignments {
            holdings: Arc::clone(&holdings),
            proxy_id: settings.proxy_id.clone(),
            shutdown: shutdown.clone(),
        };
        let link = Link {
            settings,
            endpoints,
            holdings,
            health: health.clone(),
            shutdown: shutdown.clone(),
        };
        tasks.spawn(link.keep());
        Some(assignments)
    }

    async fn drained(&self, shutdown: &Shutdown) {
        shutdown.draining().await;
        tracing::info!(reason = ?shutdown.reason(), "draining");
        drain(&self.plane, &self.settings).await;
    }

    fn managed(&self, alive: &ProxyAlive, shutdown: &Shutdown) -> ManageRunners {
        ManageRunners {
            sessions: Sessions {
                router: Arc::clone(&self.router),
                runners: self.runners.clone(),
                settings: self.settings.runners,
                pools: self.pools(),
                proxy: alive.life(),
            },
            shutdown: shutdown.clone(),
        }
    }

    /// Pools of connections to a runner: one for each thread that serves calls, and the last for probes.
    fn pools(&self) -> usize {
        self.settings.workers.map_or(1, |workers| workers.get() + 1)
    }

    fn add_static_routes(&self, tasks: &mut JoinSet<()>) {
        for route in &self.settings.backends {
            let backend = Arc::new(Backend::new(route.address.as_str(), self.pools()));
            self.router.change(|routes| {
                routes.configure(&route.name, &route.namespace, Arc::clone(&backend));
            });
            tasks.spawn(probe::watch(Probe {
                router: Arc::clone(&self.router),
                route: route.clone(),
                backend,
                worker: self.pools() - 1,
            }));
        }
    }
}
