//! The whole proxy: both ports, from ready to drained.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use prism_process::notify::{self, NotifyError};
use prism_process::{Exit, Failure, ListenError, Shutdown, listen};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic_health::server::health_reporter;

use crate::data::{self, DataPlane};
use crate::drain::drain;
use crate::routes::{Router, Routes};
use crate::settings::{ProxySettings, Settings};
use crate::upstream::Backend;
use crate::{control, probe};

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
    fn addresses(&self) -> io::Result<[(&'static str, SocketAddr); 2]> {
        Ok([
            ("DATA", self.data.local_addr()?),
            ("CONTROL", self.control.local_addr()?),
        ])
    }
}

/// Listens, says that it is ready, and serves until a signal has drained it.
pub async fn serve(settings: Settings) -> Result<(), ServeError> {
    let shutdown = Shutdown::on_signals()?;
    let ports = Ports {
        data: listen(settings.listen)?,
        control: listen(settings.control_listen)?,
    };
    let addresses = ports.addresses()?;
    // Connections wait in the listeners until they are served, a moment from now.
    notify::ready(&addresses)?;
    tracing::info!(data = %addresses[0].1, control = %addresses[1].1, "ready");
    run(ports, settings.proxy, shutdown).await
}

/// Serves on both ports until the shutdown has begun and the drain is over.
pub async fn run(
    ports: Ports,
    settings: ProxySettings,
    shutdown: Shutdown,
) -> Result<(), ServeError> {
    let mut tasks = JoinSet::new();
    let router = Arc::new(Router::new(Routes::new()));
    add_static_routes(&router, &settings, &mut tasks);
    let plane = Arc::new(DataPlane::new(Arc::clone(&router)));
    tasks.spawn(data::serve(ports.data, Arc::clone(&plane)));
    let (reporter, health) = health_reporter();
    let drained = async {
        shutdown.draining().await;
        tracing::info!(reason = ?shutdown.reason(), "draining");
        drain(&plane, &settings).await;
    };
    tokio::select! {
        () = drained => Ok(()),
        never = control::publish(&router, &reporter, &shutdown) => match never {},
        broken = control::serve(ports.control, health) => Ok(broken?),
    }
}

fn add_static_routes(router: &Arc<Router>, settings: &ProxySettings, tasks: &mut JoinSet<()>) {
    for route in &settings.backends {
        let backend = Arc::new(Backend::new(route.address.as_str(), 1));
        router.change(|routes| {
            routes.configure(&route.name, &route.namespace, Arc::clone(&backend));
        });
        tasks.spawn(probe::watch(Arc::clone(router), route.clone(), backend));
    }
}
