//! The proxy's side of its conversation with the admin: registers, sends heartbeats, and begins anew when it must.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prism_api::prism::control_plane_client::ControlPlaneClient;
use prism_api::prism::{HeartbeatAck, ProxyRegistration, ProxyRegistrationAck};
use prism_process::peer::{Connection, cause, is_away, said, timed, within};
use prism_process::{Shutdown, advertised};
use tokio::time::{Instant, sleep, sleep_until};
use tonic::transport::Channel;
use tonic::{Response, Status};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::contact::{Contact, Outcome, Step};
use super::holdings::Holdings;
use super::report::Reporter;
use super::settings::AdminSettings;

/// How long the answer to a registration may take.
const REGISTER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the answer to a heartbeat may take.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(5);

/// The largest answer that is taken: an admin of any size may name all of a proxy's namespaces in it.
const LARGEST_ANSWER: usize = 64 << 20;

/// The name under which health tells whether the admin is there.
const HEALTH: &str = prism_api::prism::control_plane_server::SERVICE_NAME;

/// Where the proxy listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoints {
    pub(crate) data: SocketAddr,
    pub(crate) control: SocketAddr,
}

/// What the conversation is about.
pub(crate) struct Link {
    pub(crate) settings: AdminSettings,
    pub(crate) endpoints: Endpoints,
    pub(crate) holdings: Arc<Holdings>,
    pub(crate) health: HealthReporter,
    pub(crate) shutdown: Shutdown,
}

impl Link {
    /// Talks with the admin until the proxy drains: a proxy that is not heard of gives its namespaces to others.
    pub(crate) async fn keep(self) {
        let shutdown = self.shutdown.clone();
        let mut talk = Talk::new(self);
        tokio::select! {
            () = shutdown.draining() => {}
            () = talk.go_on() => {}
        }
        talk.show(false).await;
    }
}

/// The conversation, and where it stands.
struct Talk {
    link: Link,
    connection: Option<Connection>,
    reporter: Reporter,
    /// When something was last sent.
    sent: Instant,
    /// Why the admin is away, as the log last told.
    complaint: Option<String>,
}

impl Talk {
    fn new(link: Link) -> Self {
        Self {
            reporter: Reporter::new(link.settings.proxy_id.as_str()),
            link,
            connection: None,
            sent: Instant::now(),
            complaint: None,
        }
    }

    async fn go_on(&mut self) {
        self.show(false).await;
        let mut contact = Contact::new(self.link.settings.heartbeat_interval);
        let mut step = Step::Register(Duration::ZERO);
        loop {
            let outcome = match step {
                Step::Register(pause) => self.register_after(pause).await,
                Step::Beat(pause) => self.beat_after(pause).await,
            };
            step = contact.after(&outcome);
        }
    }

    async fn register_after(&mut self, pause: Duration) -> Outcome {
        sleep(pause).await;
        match self.register().await {
            Ok(ack) if ack.success => self.registered(ack).await,
            Ok(ack) => self.away(Outcome::NotRegistered, ack.message).await,
            Err(cause) => self.away(Outcome::NotRegistered, cause).await,
        }
    }

    /// Registers on a connection of its own; the error is for people.
    async fn register(&mut self) -> Result<ProxyRegistrationAck, String> {
        self.connection = None;
        let connection = Connection::open(&self.link.settings.address).await;
        let connection = connection.map_err(|error| cause(&error))?;
        self.link.holdings.begin_registration();
        let mut client = client(&connection);
        let registration = timed(self.registration(), REGISTER_TIMEOUT);
        let answer = within(REGISTER_TIMEOUT, client.register_proxy(registration)).await;
        let answer = answer.map_err(|status| said(&status))?;
        self.connection = Some(connection);
        self.sent = Instant::now();
        Ok(answer.into_inner())
    }

    async fn registered(&mut self, ack: ProxyRegistrationAck) -> Outcome {
        let held = self.link.holdings.welcome(ack.initial_namespaces);
        tracing::info!(
            admin = %self.link.settings.address,
            namespaces = held,
            says = ack.message,
            "registered"
        );
        self.complaint = None;
        self.show(true).await;
        Outcome::Registered
    }

    /// Sends a heartbeat when it is time, or sees before that the admin is lost.
    async fn beat_after(&mut self, pause: Duration) -> Outcome {
        let Some(connection) = &self.connection else {
            return Outcome::Lost;
        };
        tokio::select! {
            () = sleep_until(self.sent + pause) => {}
            () = connection.lost() => {
                return self.away(Outcome::Lost, "the connection was lost".to_owned()).await;
            }
        }
        self.sent = Instant::now();
        let heartbeat = self.reporter.heartbeat(self.link.holdings.namespaces());
        let heartbeat = timed(heartbeat, HEARTBEAT_TIMEOUT);
        let mut client = client(connection);
        let answer = within(HEARTBEAT_TIMEOUT, client.heartbeat(heartbeat)).await;
        self.answered(answer.map(Response::into_inner)).await
    }

    async fn answered(&mut self, answer: Result<HeartbeatAck, Status>) -> Outcome {
        match answer {
            Ok(ack) if ack.success => Outcome::Heard,
            Ok(ack) => {
                tracing::info!(says = ack.message, "the admin does not know us");
                Outcome::Forgotten
            }
            Err(status) if is_away(status.code()) => self.away(Outcome::Lost, said(&status)).await,
            Err(status) => {
                tracing::warn!(%status, "the admin refuses a heartbeat");
                Outcome::Refused
            }
        }
    }

    /// Tells that the admin is away, once for each cause.
    async fn away(&mut self, outcome: Outcome, cause: String) -> Outcome {
        if self.complaint.is_none() {
            self.show(false).await;
        }
        if self.complaint.as_ref() != Some(&cause) {
            let admin = &self.link.settings.address;
            tracing::warn!(%admin, cause, "the admin is away: serving what is known");
            self.complaint = Some(cause);
        }
        outcome
    }

    async fn show(&self, there: bool) {
        let status = if there {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        self.link.health.set_service_status(HEALTH, status).await;
    }

    fn registration(&self) -> ProxyRegistration {
        let Link {
            settings,
            endpoints,
            ..
        } = &self.link;
        let host = settings.advertise.as_ref();
        let interval = settings.heartbeat_interval.as_millis();
        ProxyRegistration {
            proxy_id: settings.proxy_id.to_string(),
            address: advertised(endpoints.data, host),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            metadata: [
                ("control_address", advertised(endpoints.control, host)),
                ("heartbeat_interval_ms", interval.to_string()),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
            ..ProxyRegistration::default()
        }
    }
}

fn client(connection: &Connection) -> ControlPlaneClient<Channel> {
    ControlPlaneClient::new(connection.channel()).max_decoding_message_size(LARGEST_ANSWER)
}
