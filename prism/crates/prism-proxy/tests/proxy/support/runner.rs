//! A runner that registers, and says only what the test has it say.

use std::net::SocketAddr;

use prism_api::interfaces::pattern_message::Message;
use prism_api::interfaces::proxy_command::Command;
use prism_api::interfaces::proxy_control_plane_client::ProxyControlPlaneClient;
use prism_api::interfaces::{
    HealthCheckResponse, HealthStatus, InitializeResponse, InterfaceDeclaration, PatternMessage,
    PatternMetadata, ProxyCommand, RegisterRequest, StartResponse,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use tonic::{Status, Streaming};

use super::{Proxy, SERVICE, soon};

/// One runner's stream.
pub(crate) struct Runner {
    said: mpsc::Sender<PatternMessage>,
    commands: Streaming<ProxyCommand>,
}

/// How a runner registers.
#[derive(Clone, Copy)]
pub(crate) struct Role {
    pub(crate) namespace: &'static str,
    pub(crate) store: &'static str,
    pub(crate) service: &'static str,
}

/// A runner of `default` with a store of its own.
pub(crate) const ROLE: Role = Role {
    namespace: "default",
    store: "own",
    service: SERVICE,
};

impl Runner {
    /// A stream on which nothing was said yet.
    pub(crate) async fn dial(proxy: &Proxy) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{}", proxy.control)).unwrap();
        let channel = endpoint.connect().await.unwrap();
        let (said, says) = mpsc::channel(8);
        let answer = ProxyControlPlaneClient::new(channel)
            .manage_pattern(ReceiverStream::new(says))
            .await;
        Self {
            said,
            commands: answer.unwrap().into_inner(),
        }
    }

    /// Registers, and leads itself to where calls are routed to `backend`.
    pub(crate) async fn serve(proxy: &Proxy, role: Role, backend: SocketAddr) -> Self {
        let mut runner = Self::dial(proxy).await;
        runner.register(role).await.unwrap();
        runner.start(backend).await;
        runner
    }

    /// Registers; the instance id, or why not.
    pub(crate) async fn register(&mut self, role: Role) -> Result<String, String> {
        self.say("mine", Message::Register(registration(role)))
            .await;
        let ProxyCommand {
            correlation_id,
            command,
        } = self.next().await;
        assert_eq!(correlation_id, "mine");
        match command {
            Some(Command::RegisterAck(ack)) if ack.success => Ok(ack.instance_id),
            Some(Command::RegisterAck(ack)) => Err(ack.error),
            other => panic!("{other:?} instead of an acknowledgement"),
        }
    }

    /// Obeys initialize and start, and says that it is well.
    pub(crate) async fn start(&mut self, backend: SocketAddr) {
        self.obey_start(backend).await;
        self.well().await;
    }

    /// Obeys initialize and start.
    pub(crate) async fn obey_start(&mut self, backend: SocketAddr) {
        let initialize = self.next().await.correlation_id;
        let initialized = InitializeResponse {
            success: true,
            ..InitializeResponse::default()
        };
        self.say(&initialize, Message::InitializeResponse(initialized))
            .await;
        let start = self.next().await.correlation_id;
        let started = StartResponse {
            success: true,
            data_endpoint: backend.to_string(),
            ..StartResponse::default()
        };
        self.say(&start, Message::StartResponse(started)).await;
    }

    /// Answers the next health check: it is well.
    pub(crate) async fn well(&mut self) {
        let check = self.next().await;
        assert!(matches!(check.command, Some(Command::HealthCheck(_))));
        let well = HealthCheckResponse {
            status: HealthStatus::Healthy.into(),
            ..HealthCheckResponse::default()
        };
        self.say(&check.correlation_id, Message::HealthResponse(well))
            .await;
    }

    pub(crate) async fn say(&self, correlation_id: &str, message: Message) {
        let message = PatternMessage {
            correlation_id: correlation_id.to_owned(),
            message: Some(message),
        };
        self.said.send(message).await.unwrap();
    }

    /// The next command.
    pub(crate) async fn next(&mut self) -> ProxyCommand {
        let command = soon("a command", self.commands.message()).await;
        command.unwrap().expect("a command before the end")
    }

    /// The next command, or none if the stream ends first, however it does.
    pub(crate) async fn command_or_end(&mut self) -> Option<ProxyCommand> {
        let command = soon("a command or the end", self.commands.message()).await;
        command.ok().flatten()
    }

    /// How the stream ends.
    pub(crate) async fn end(mut self) -> Result<(), Status> {
        loop {
            match soon("the end of the stream", self.commands.message()).await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(status) => return Err(status),
            }
        }
    }

    /// Goes without a word, like a process that is killed.
    pub(crate) fn vanish(self) {
        drop(self);
    }
}

pub(crate) fn registration(role: Role) -> RegisterRequest {
    let extra = [("namespace", role.namespace), ("store", role.store)];
    RegisterRequest {
        pattern_name: "keyvalue".to_owned(),
        metadata: Some(PatternMetadata {
            interfaces: vec![InterfaceDeclaration {
                name: role.service.to_owned(),
                ..InterfaceDeclaration::default()
            }],
            extra: extra
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..PatternMetadata::default()
        }),
        ..RegisterRequest::default()
    }
}
