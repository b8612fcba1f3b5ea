//! A proxy in the test's own process.

use std::net::SocketAddr;
use std::time::Duration;

use prism_process::config::Value;
use prism_process::{Reason, Shutdown};
use prism_proxy::{Ports, ProxySettings, RunnerSettings, Runners, ServeError, StaticRoute};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Backend, soon};

/// A running proxy.
pub(crate) struct Proxy {
    pub(crate) data: SocketAddr,
    pub(crate) control: SocketAddr,
    pub(crate) runners: Runners,
    shutdown: Shutdown,
    running: JoinHandle<Result<(), ServeError>>,
}

impl Proxy {
    /// A proxy that nobody has registered with.
    pub(crate) async fn alone() -> Self {
        Self::with(settings()).await
    }

    /// A proxy with a static route to a backend.
    pub(crate) async fn to(backend: &Backend) -> Self {
        Self::to_address(backend.address).await
    }

    pub(crate) async fn to_address(address: SocketAddr) -> Self {
        Self::with(ProxySettings {
            backends: vec![route(&format!("keyvalue=http://{address}"))],
            ..settings()
        })
        .await
    }

    pub(crate) async fn with(settings: ProxySettings) -> Self {
        let ports = Ports {
            data: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            control: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        };
        let shutdown = Shutdown::new();
        let proxy = prism_proxy::Proxy::new(settings);
        Self {
            runners: proxy.runners(),
            data: ports.data.local_addr().unwrap(),
            control: ports.control.local_addr().unwrap(),
            running: tokio::spawn(proxy.run(ports, shutdown.clone())),
            shutdown,
        }
    }

    /// Begins the drain, as SIGTERM does.
    pub(crate) fn terminate(&self) {
        self.shutdown.begin(Reason::Terminated);
    }

    /// Waits until it has stopped.
    pub(crate) async fn stopped(self) {
        soon("the end of the proxy", self.running)
            .await
            .unwrap()
            .unwrap();
    }
}

/// A static route as it is written.
pub(crate) fn route(text: &str) -> StaticRoute {
    StaticRoute::parse(text).unwrap()
}

/// Settings for tests: no routes, and times that tests have patience for.
pub(crate) fn settings() -> ProxySettings {
    ProxySettings {
        backends: Vec::new(),
        workers: None,
        drain_notice: Duration::from_millis(50),
        drain_timeout: Duration::from_secs(3),
        runners: RunnerSettings::default(),
        admin: None,
    }
}
