//! From a proxy's address to a registration that it has acknowledged.

use std::time::Duration;

use prism_api::interfaces::pattern_message::Message;
use prism_api::interfaces::proxy_command::Command;
use prism_api::interfaces::proxy_control_plane_client::ProxyControlPlaneClient;
use prism_api::interfaces::{PatternMessage, ProxyCommand, RegisterRequest};
use prism_process::config::PeerAddress;
use prism_process::peer::cause;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use tonic::{Code, Status, Streaming};

/// A proxy on the same network answers far sooner; one that hangs is tried anew.
const LIMIT: Duration = Duration::from_secs(5);
/// A proxy whose machine is gone is noticed after these two.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// More than are ever under way: answers are sent one at a time.
const QUEUE: usize = 8;
/// The correlation id of the registration.
const REGISTER: &str = "register";

/// A registration's stream, both ways.
pub(super) struct Stream {
    pub(super) outgoing: mpsc::Sender<PatternMessage>,
    pub(super) incoming: Streaming<ProxyCommand>,
    /// What the proxy calls this runner.
    pub(super) instance: String,
}

/// Why a registration did not come about.
#[derive(Debug)]
pub(super) enum Failed {
    /// The proxy is away.
    Away(String),
    /// The proxy does not take the runner now.
    Refused(String),
    /// The proxy will never take it.
    Hopeless(String),
}

pub(super) async fn register(
    proxy: &PeerAddress,
    request: RegisterRequest,
) -> Result<Stream, Failed> {
    let registered = timeout(LIMIT, try_register(proxy, request)).await;
    registered.unwrap_or_else(|_| Err(Failed::Away(format!("no answer within {LIMIT:?}"))))
}

async fn try_register(proxy: &PeerAddress, request: RegisterRequest) -> Result<Stream, Failed> {
    let (outgoing, messages) = mpsc::channel(QUEUE);
    let register = PatternMessage {
        correlation_id: REGISTER.to_owned(),
        message: Some(Message::Register(request)),
    };
    // Queued before the call: a proxy may wait for it before it answers anything at all.
    outgoing
        .send(register)
        .await
        .map_err(|_| Failed::Away("the stream is closed".to_owned()))?;
    let mut client = ProxyControlPlaneClient::new(connect(proxy).await?);
    let answer = client
        .manage_pattern(ReceiverStream::new(messages))
        .await
        .map_err(|status| failed(&status))?;
    let mut incoming = answer.into_inner();
    let instance = acknowledged(incoming.message().await.map_err(|status| failed(&status))?)?;
    Ok(Stream {
        outgoing,
        incoming,
        instance,
    })
}

async fn connect(proxy: &PeerAddress) -> Result<tonic::transport::Channel, Failed> {
    let endpoint = Endpoint::from_shared(format!("http://{proxy}"))
        .map_err(|error| Failed::Hopeless(error.to_string()))?
        .tcp_nodelay(true)
        .http2_keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .keep_alive_while_idle(true);
    endpoint
        .connect()
        .await
        .map_err(|error| Failed::Away(cause(&error)))
}

fn acknowledged(command: Option<ProxyCommand>) -> Result<String, Failed> {
    match command.and_then(|command| command.command) {
        Some(Command::RegisterAck(ack)) if ack.success => Ok(ack.instance_id),
        Some(Command::RegisterAck(ack)) => Err(Failed::Refused(ack.error)),
        Some(_) => Err(Failed::Hopeless(
            "it gives orders before it acknowledges".to_owned(),
        )),
        None => Err(Failed::Away("it closed the stream".to_owned())),
    }
}

/// A status that would be the same the next time is final.
fn failed(status: &Status) -> Failed {
    let reason = format!("{:?}: {}", status.code(), status.message());
    match status.code() {
        Code::Unimplemented => Failed::Hopeless(format!("{reason} (is this its control port?)")),
        Code::InvalidArgument => Failed::Hopeless(reason),
        Code::FailedPrecondition | Code::PermissionDenied => Failed::Refused(reason),
        _ => Failed::Away(reason),
    }
}
