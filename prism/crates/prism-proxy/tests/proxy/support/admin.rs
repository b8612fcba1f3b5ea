//! An admin that answers as the test says, and what it tells a proxy.

use std::net::SocketAddr;
use std::time::Duration;

use prism_api::prism::control_plane_client::ControlPlaneClient;
use prism_api::prism::control_plane_server::{ControlPlane, ControlPlaneServer};
use prism_api::prism::{
    CreateNamespaceRequest, CreateNamespaceResponse, HeartbeatAck, LauncherHeartbeatRequest,
    LauncherRegistration, LauncherRegistrationAck, NamespaceAssignment, NamespaceAssignmentAck,
    NamespaceRevocation, NamespaceRevocationAck, ProcessAssignment, ProcessAssignmentAck,
    ProcessRevocation, ProcessRevocationAck, ProxyHeartbeat, ProxyRegistration,
    ProxyRegistrationAck,
};
use prism_process::config::{PeerAddress, Value};
use prism_proxy::{AdminSettings, ProxyId};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

use super::{Proxy, soon};

/// What the proxies of tests are called.
pub(crate) const PROXY_ID: &str = "proxy-1";

/// How often a proxy is heard of: more often than a test has patience for.
pub(crate) const INTERVAL: Duration = Duration::from_millis(20);

/// How the admin answers.
#[derive(Clone, Default)]
pub(crate) struct Script {
    /// What a proxy is to hold.
    pub(crate) welcome: Vec<NamespaceAssignment>,
    /// It takes no proxy in, for this reason.
    pub(crate) refusal: Option<Status>,
    /// It finds fault with every heartbeat.
    pub(crate) fault: Option<Status>,
    /// It knows nobody that sends a heartbeat.
    pub(crate) forgetful: bool,
    /// It answers nothing.
    pub(crate) hangs: bool,
    /// It answers no registration.
    pub(crate) ponders: bool,
}

/// An admin on a port of its own.
pub(crate) struct Admin {
    pub(crate) address: SocketAddr,
    script: watch::Sender<Script>,
    registrations: mpsc::UnboundedReceiver<ProxyRegistration>,
    heartbeats: mpsc::UnboundedReceiver<ProxyHeartbeat>,
    /// Its own, so that all of it can go at once.
    runtime: Option<Runtime>,
}

impl Admin {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, script)
    }

    /// An admin on the port that another one had.
    pub(crate) fn at(address: SocketAddr, script: Script) -> Self {
        Self::on(prism_process::listen(address).unwrap(), script)
    }

    /// An admin that wants its proxy to hold these namespaces.
    pub(crate) async fn wanting(namespaces: &[&str]) -> Self {
        Self::start(Script {
            welcome: namespaces.iter().map(|name| assignment(name, 1)).collect(),
            ..Script::default()
        })
        .await
    }

    fn on(listener: TcpListener, script: Script) -> Self {
        let address = listener.local_addr().unwrap();
        // It belongs to the runtime of the test until it is taken out of it.
        let listener = listener.into_std().unwrap();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (script, read) = watch::channel(script);
        let (registered, registrations) = mpsc::unbounded_channel();
        let (beaten, heartbeats) = mpsc::unbounded_channel();
        let desk = Desk {
            script: read,
            registered,
            beaten,
        };
        runtime.spawn(serve(listener, desk));
        Self {
            address,
            script,
            registrations,
            heartbeats,
            runtime: Some(runtime),
        }
    }

    /// How a proxy is told of this admin.
    pub(crate) fn settings(&self) -> AdminSettings {
        admin_settings(self.address)
    }

    pub(crate) fn play(&self, change: impl FnOnce(&mut Script)) {
        self.script.send_modify(change);
    }

    /// The next registration.
    pub(crate) async fn registration(&mut self) -> ProxyRegistration {
        let next = soon("a registration", self.registrations.recv()).await;
        next.unwrap()
    }

    /// The next heartbeat.
    pub(crate) async fn heartbeat(&mut self) -> ProxyHeartbeat {
        soon("a heartbeat", self.heartbeats.recv()).await.unwrap()
    }

    /// The first heartbeat that is as the test waits for it to be.
    pub(crate) async fn heartbeat_with(
        &mut self,
        what: &str,
        fits: impl Fn(&ProxyHeartbeat) -> bool,
    ) -> ProxyHeartbeat {
        soon(what, async {
            loop {
                let heartbeat = self.heartbeats.recv().await.unwrap();
                if fits(&heartbeat) {
                    return heartbeat;
                }
            }
        })
        .await
    }

    /// How many registrations came that nobody looked at.
    pub(crate) fn registrations_waiting(&self) -> usize {
        self.registrations.len()
    }

    /// How many heartbeats came that nobody looked at.
    pub(crate) fn heartbeats_waiting(&self) -> usize {
        self.heartbeats.len()
    }

    fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A test has no time to wait for it, and no right to.
            runtime.shutdown_background();
        }
    }

    /// Closes the port and every connection at once, like a process that is killed.
    pub(crate) async fn kill(mut self) -> SocketAddr {
        self.end();
        soon("the end of the admin", async {
            while TcpStream::connect(self.address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        self.address
    }
}

/// How a proxy is told of an admin that may not be there.
pub(crate) fn admin_settings(address: SocketAddr) -> AdminSettings {
    AdminSettings {
        address: PeerAddress::parse(&address.to_string()).unwrap(),
        proxy_id: ProxyId::parse(PROXY_ID).unwrap(),
        heartbeat_interval: INTERVAL,
        advertise: None,
    }
}

/// A namespace as it is assigned.
pub(crate) fn assignment(namespace: &str, version: i64) -> NamespaceAssignment {
    NamespaceAssignment {
        namespace: namespace.to_owned(),
        version,
        ..NamespaceAssignment::default()
    }
}

/// What an admin tells a proxy.
#[derive(Clone)]
pub(crate) struct Orders(pub(crate) ControlPlaneClient<Channel>);

impl Orders {
    pub(crate) async fn to(proxy: &Proxy) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{}", proxy.control)).unwrap();
        Self(ControlPlaneClient::new(endpoint.connect().await.unwrap()))
    }

    pub(crate) async fn assign(&mut self, assignment: NamespaceAssignment) -> Result<(), Status> {
        let answer = soon("an answer", self.0.assign_namespace(assignment)).await;
        answer.map(|ack| assert!(ack.into_inner().success))
    }

    /// Revokes a namespace; when that was done, in milliseconds since the epoch.
    pub(crate) async fn revoke(&mut self, namespace: &str, seconds: i32) -> Result<i64, Status> {
        let revocation = revocation(namespace, seconds);
        let ack = soon("an answer", self.0.revoke_namespace(revocation)).await?;
        let ack = ack.into_inner();
        assert!(ack.success);
        Ok(ack.revoked_at)
    }
}

/// A namespace as it is revoked.
pub(crate) fn revocation(namespace: &str, seconds: i32) -> NamespaceRevocation {
    NamespaceRevocation {
        proxy_id: PROXY_ID.to_owned(),
        namespace: namespace.to_owned(),
        graceful_timeout_seconds: seconds,
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.end();
    }
}

async fn serve(listener: std::net::TcpListener, desk: Desk) {
    let listener = TcpListener::from_std(listener).unwrap();
    let service = ControlPlaneServer::new(desk)
        .max_encoding_message_size(usize::MAX)
        .max_decoding_message_size(usize::MAX);
    Server::builder()
        .add_service(service)
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await
        .unwrap();
}

/// Where calls of the proxy arrive.
struct Desk {
    script: watch::Receiver<Script>,
    registered: mpsc::UnboundedSender<ProxyRegistration>,
    beaten: mpsc::UnboundedSender<ProxyHeartbeat>,
}

type Answer<T> = Result<Response<T>, Status>;

fn no<T>() -> Answer<T> {
    Err(Status::unimplemented("no proxy asks for this"))
}

#[tonic::async_trait]
impl ControlPlane for Desk {
    async fn register_proxy(
        &self,
        request: Request<ProxyRegistration>,
    ) -> Answer<ProxyRegistrationAck> {
        let _ = self.registered.send(request.into_inner());
        let mut script = self.script.clone();
        let decided = script.wait_for(|script| !script.hangs && !script.ponders);
        let script = decided.await.unwrap().clone();
        if let Some(refusal) = script.refusal {
            return Err(refusal);
        }
        Ok(Response::new(ProxyRegistrationAck {
            success: true,
            initial_namespaces: script.welcome,
            ..ProxyRegistrationAck::default()
        }))
    }

    async fn heartbeat(&self, request: Request<ProxyHeartbeat>) -> Answer<HeartbeatAck> {
        let _ = self.beaten.send(request.into_inner());
        let mut script = self.script.clone();
        let answers = script.wait_for(|script| !script.hangs).await;
        let (forgetful, fault) = {
            let script = answers.unwrap();
            (script.forgetful, script.fault.clone())
        };
        if let Some(fault) = fault {
            return Err(fault);
        }
        Ok(Response::new(HeartbeatAck {
            success: !forgetful,
            message: if forgetful { "register again" } else { "" }.to_owned(),
            server_timestamp: 1,
        }))
    }

    async fn assign_namespace(
        &self,
        _: Request<NamespaceAssignment>,
    ) -> Answer<NamespaceAssignmentAck> {
        no()
    }

    async fn revoke_namespace(
        &self,
        _: Request<NamespaceRevocation>,
    ) -> Answer<NamespaceRevocationAck> {
        no()
    }

    async fn create_namespace(
        &self,
        _: Request<CreateNamespaceRequest>,
    ) -> Answer<CreateNamespaceResponse> {
        no()
    }

    async fn register_launcher(
        &self,
        _: Request<LauncherRegistration>,
    ) -> Answer<LauncherRegistrationAck> {
        no()
    }

    async fn launcher_heartbeat(
        &self,
        _: Request<LauncherHeartbeatRequest>,
    ) -> Answer<HeartbeatAck> {
        no()
    }

    async fn assign_process(&self, _: Request<ProcessAssignment>) -> Answer<ProcessAssignmentAck> {
        no()
    }

    async fn revoke_process(&self, _: Request<ProcessRevocation>) -> Answer<ProcessRevocationAck> {
        no()
    }
}
