//! A launcher that does what the test tells it.

use std::net::SocketAddr;

use keyvalue_runner::{AssignedBy, Config};
use prism_api::interfaces::HealthStatus;
use prism_api::launcher::launcher_control_server::{LauncherControl, LauncherControlServer};
use prism_api::launcher::{
    ProcessHandshakeRequest, ProcessHandshakeResponse, ProcessHeartbeatRequest,
    ProcessHeartbeatResponse, ProcessStoppingRequest, ProcessStoppingResponse,
};
use prism_process::config::{Asked, load};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::harness::{Runner, soon};
use crate::launcher_answers::{accepted, known};

pub(crate) const PROCESS_ID: &str = "ns:orders:keyvalue";
pub(crate) const TOKEN: &str = "5ec2e7";

/// The launcher's port; dropped, it is closed and its connections break, as when a process is killed.
pub(crate) struct ScriptedLauncher {
    pub(crate) address: SocketAddr,
    asked: mpsc::Receiver<Call>,
    /// Its own, so that its end is the end of every connection.
    runtime: Option<Runtime>,
}

/// A call that waits for its answer.
pub(crate) struct Said<Q, A> {
    pub(crate) request: Q,
    answer: oneshot::Sender<Result<A, Status>>,
}

impl<Q, A> Said<Q, A> {
    pub(crate) fn answer(self, answer: A) -> Q {
        // A runner that has gone away needs none.
        let _ = self.answer.send(Ok(answer));
        self.request
    }

    pub(crate) fn fail(self, status: Status) -> Q {
        let _ = self.answer.send(Err(status));
        self.request
    }
}

pub(crate) type Handshake = Said<ProcessHandshakeRequest, ProcessHandshakeResponse>;
pub(crate) type Heartbeat = Said<ProcessHeartbeatRequest, ProcessHeartbeatResponse>;
pub(crate) type Stopping = Said<ProcessStoppingRequest, ProcessStoppingResponse>;

/// What a runner says to its launcher.
pub(crate) enum Call {
    Handshake(Handshake),
    Heartbeat(Heartbeat),
    Stopping(Stopping),
}

impl ScriptedLauncher {
    pub(crate) fn start() -> Self {
        Self::at(([127, 0, 0, 1], 0).into())
    }

    pub(crate) fn at(address: SocketAddr) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = {
            let _within = runtime.enter();
            prism_process::listen(address).unwrap()
        };
        let address = listener.local_addr().unwrap();
        let (asked, calls) = mpsc::channel(8);
        let server = Server::builder()
            .add_service(LauncherControlServer::new(Calls { asked }))
            .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)));
        runtime.spawn(async { server.await.unwrap() });
        Self {
            address,
            asked: calls,
            runtime: Some(runtime),
        }
    }

    /// Closes the port and every connection at once, like a process that is killed.
    pub(crate) async fn kill(self) -> SocketAddr {
        let address = self.address;
        drop(self);
        soon(async { while TcpStream::connect(address).await.is_ok() {} }).await;
        address
    }

    /// The configuration of a runner that this launcher started, with more words on its command line.
    pub(crate) fn config(&self, words: &[&str]) -> Config {
        launched_config(self.address, words)
    }

    /// The next thing that a runner says.
    pub(crate) async fn call(&mut self) -> Call {
        soon(self.asked.recv()).await.unwrap()
    }

    /// Whether the runner has said nothing that was not heard yet.
    pub(crate) fn is_silent(&mut self) -> bool {
        self.asked.is_empty()
    }

    /// The next handshake; what else comes before it is an error of the test's.
    pub(crate) async fn handshake(&mut self) -> Handshake {
        match self.call().await {
            Call::Handshake(handshake) => handshake,
            Call::Heartbeat(_) => panic!("a heartbeat came before the handshake"),
            Call::Stopping(_) => panic!("the runner stops before the handshake"),
        }
    }

    /// The next heartbeat, which waits for its answer.
    pub(crate) async fn heartbeat(&mut self) -> Heartbeat {
        match self.call().await {
            Call::Heartbeat(heartbeat) => heartbeat,
            Call::Handshake(_) => panic!("another handshake came before the heartbeat"),
            Call::Stopping(_) => panic!("the runner stops before the heartbeat"),
        }
    }

    /// The next heartbeat, heard.
    pub(crate) async fn beat(&mut self) -> ProcessHeartbeatRequest {
        self.heartbeat().await.answer(known())
    }

    /// Hears heartbeats until one says that the runner is so.
    pub(crate) async fn beat_of(&mut self, status: HealthStatus) -> ProcessHeartbeatRequest {
        self.beat_until(|beat| beat.status() == status).await
    }

    /// Hears heartbeats until one is as it should be.
    pub(crate) async fn beat_until(
        &mut self,
        is_expected: impl Fn(&ProcessHeartbeatRequest) -> bool,
    ) -> ProcessHeartbeatRequest {
        // One patience for all: heartbeats that are never right would come for ever.
        soon(async {
            loop {
                let beat = self.beat().await;
                if is_expected(&beat) {
                    return beat;
                }
            }
        })
        .await
    }

    /// The last word; heartbeats before it are heard.
    pub(crate) async fn stopping(&mut self) -> ProcessStoppingRequest {
        soon(async {
            loop {
                match self.call().await {
                    Call::Stopping(stopping) => return stopping.answer(ProcessStoppingResponse {}),
                    Call::Heartbeat(heartbeat) => drop(heartbeat.answer(known())),
                    Call::Handshake(_) => panic!("a handshake came before the last word"),
                }
            }
        })
        .await
    }
}

impl Drop for ScriptedLauncher {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A runner that was taken in, with no proxy, and has said so.
pub(crate) async fn running(launcher: &mut ScriptedLauncher) -> Runner {
    let runner = Runner::of(launcher.config(&["--drain-timeout", "1h"])).await;
    launcher.handshake().await.answer(accepted(&[]));
    launcher.beat().await;
    runner
}

/// The configuration of a runner that was launched from this address.
pub(crate) fn launched_config(launcher: SocketAddr, words: &[&str]) -> Config {
    let launcher = launcher.to_string();
    let own = ["--launcher", &launcher, "--process-id", PROCESS_ID];
    let words = own.iter().chain(words).map(Into::into);
    let program = prism_process::program!("a test");
    let token = |name: &str| (name == "PRISM_LAUNCH_TOKEN").then(|| TOKEN.into());
    match load::<Config>(program, words.collect::<Vec<_>>().into_iter(), token) {
        Ok(Asked::Serve(config)) => {
            assert!(matches!(config.assigned_by, AssignedBy::Launcher(_)));
            config
        }
        other => panic!("{other:?}"),
    }
}

struct Calls {
    asked: mpsc::Sender<Call>,
}

impl Calls {
    async fn ask<Q, A>(
        &self,
        request: Request<Q>,
        call: fn(Said<Q, A>) -> Call,
    ) -> Result<Response<A>, Status> {
        let (answer, answered) = oneshot::channel();
        let request = request.into_inner();
        let gone = |_| Status::internal("the test is over");
        let asked = self.asked.send(call(Said { request, answer })).await;
        asked.map_err(|_| Status::internal("the test is over"))?;
        answered.await.map_err(gone)?.map(Response::new)
    }
}

#[tonic::async_trait]
impl LauncherControl for Calls {
    async fn process_handshake(
        &self,
        request: Request<ProcessHandshakeRequest>,
    ) -> Result<Response<ProcessHandshakeResponse>, Status> {
        self.ask(request, Call::Handshake).await
    }

    async fn process_heartbeat(
        &self,
        request: Request<ProcessHeartbeatRequest>,
    ) -> Result<Response<ProcessHeartbeatResponse>, Status> {
        self.ask(request, Call::Heartbeat).await
    }

    async fn process_stopping(
        &self,
        request: Request<ProcessStoppingRequest>,
    ) -> Result<Response<ProcessStoppingResponse>, Status> {
        self.ask(request, Call::Stopping).await
    }
}
