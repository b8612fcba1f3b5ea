//! A proxy's control port that does what the test tells it.

use std::net::SocketAddr;

use prism_api::interfaces::pattern_message::Message;
use prism_api::interfaces::proxy_command::Command;
use prism_api::interfaces::proxy_control_plane_server::{
    ProxyControlPlane, ProxyControlPlaneServer,
};
use prism_api::interfaces::{
    HealthCheckRequest, InitializeRequest, PatternMessage, ProxyCommand, RegisterRequest,
    RegisterResponse, StartRequest,
};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use crate::harness::soon;

type Commands = ReceiverStream<Result<ProxyCommand, Status>>;

/// The port; dropped, it is closed and its streams break.
pub(crate) struct ScriptedProxy {
    pub(crate) address: SocketAddr,
    streams: mpsc::Receiver<Registering>,
    server: JoinHandle<()>,
}

impl ScriptedProxy {
    pub(crate) fn start() -> Self {
        Self::on(prism_process::listen(([127, 0, 0, 1], 0).into()).unwrap())
    }

    pub(crate) fn on(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let (arrived, streams) = mpsc::channel(8);
        let service = ProxyControlPlaneServer::new(Arrivals { arrived });
        let server = Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpIncoming::from(listener));
        Self {
            address,
            streams,
            server: tokio::spawn(async { server.await.unwrap() }),
        }
    }

    /// The next runner that registers.
    pub(crate) async fn registering(&mut self) -> Registering {
        soon(self.streams.recv()).await.unwrap()
    }

    /// The next runner that registers, taken under this name.
    pub(crate) async fn registered(&mut self, instance: &str) -> Registered {
        self.registering().await.accept(instance).await
    }
}

impl Drop for ScriptedProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A runner that waits to be acknowledged.
pub(crate) struct Registering {
    pub(crate) request: RegisterRequest,
    correlation_id: String,
    stream: Registered,
}

impl Registering {
    pub(crate) async fn accept(self, instance: &str) -> Registered {
        let ack = RegisterResponse {
            success: true,
            instance_id: instance.to_owned(),
            ..Default::default()
        };
        self.answer(ack).await
    }

    pub(crate) async fn refuse(self, error: &str) {
        let ack = RegisterResponse {
            error: error.to_owned(),
            ..Default::default()
        };
        self.answer(ack).await;
    }

    pub(crate) async fn fail(self, status: Status) {
        self.stream.commands.send(Err(status)).await.unwrap();
    }

    async fn answer(self, ack: RegisterResponse) -> Registered {
        self.stream
            .send(&self.correlation_id, Command::RegisterAck(ack))
            .await;
        self.stream
    }
}

/// A runner's stream after the acknowledgement; dropped, it is closed.
pub(crate) struct Registered {
    commands: mpsc::Sender<Result<ProxyCommand, Status>>,
    messages: Streaming<PatternMessage>,
}

impl Registered {
    /// Gives an order, and returns the answer to it.
    pub(crate) async fn order(&mut self, correlation_id: &str, command: Command) -> Message {
        self.send(correlation_id, command).await;
        let answer = self.message().await.unwrap();
        assert_eq!(answer.correlation_id, correlation_id);
        answer.message.unwrap()
    }

    /// Leads the runner up to the first health check, as a proxy does once it routes calls to it.
    pub(crate) async fn lead(&mut self) {
        let initialize = Command::Initialize(InitializeRequest::default());
        self.order("1", initialize).await;
        self.order("2", Command::Start(StartRequest {})).await;
        self.check_health().await;
    }

    /// Asks whether the runner is well.
    pub(crate) async fn check_health(&mut self) {
        let check = Command::HealthCheck(HealthCheckRequest {});
        self.order("3", check).await;
    }

    pub(crate) async fn send(&self, correlation_id: &str, command: Command) {
        let command = ProxyCommand {
            correlation_id: correlation_id.to_owned(),
            command: Some(command),
        };
        self.commands.send(Ok(command)).await.unwrap();
    }

    /// The next message; none once the runner has closed its side.
    pub(crate) async fn message(&mut self) -> Option<PatternMessage> {
        soon(self.messages.message()).await.unwrap()
    }
}

struct Arrivals {
    arrived: mpsc::Sender<Registering>,
}

#[tonic::async_trait]
impl ProxyControlPlane for Arrivals {
    type ManagePatternStream = Commands;

    async fn manage_pattern(
        &self,
        request: Request<Streaming<PatternMessage>>,
    ) -> Result<Response<Commands>, Status> {
        let mut messages = request.into_inner();
        let PatternMessage {
            correlation_id,
            message,
        } = messages.message().await?.unwrap();
        let Some(Message::Register(request)) = message else {
            panic!("{message:?} came before register")
        };
        let (commands, outgoing) = mpsc::channel(8);
        let stream = Registered { commands, messages };
        self.arrived
            .send(Registering {
                request,
                correlation_id,
                stream,
            })
            .await
            .unwrap();
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }
}
