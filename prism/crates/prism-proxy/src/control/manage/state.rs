//! Where a runner stands with the proxy, what happens to it, and what is to be done.

use std::time::Duration;

use prism_api::interfaces::pattern_message::Message;
use prism_api::interfaces::{PatternMessage, ProxyCommand};
use tonic::Status;

use super::registration::Registration;
use crate::routes::Taken;

/// Where a runner stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// It has not registered.
    New,
    /// Whether its routes are free is being found out.
    Claiming {
        correlation_id: String,
        registration: Registration,
    },
    /// It takes its configuration.
    Initializing,
    /// It is about to serve.
    Starting,
    /// Calls are routed to it.
    Running {
        /// Health checks so far.
        checks: u64,
        /// Whether the last of them is unanswered.
        asked: bool,
    },
    /// It finishes its calls, and gets no new ones.
    Draining(Farewell),
    /// It ends.
    Stopping,
    /// The stream is over.
    Ended,
}

/// What happens to a session.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// The runner said something.
    Said(PatternMessage),
    /// Its routes are its own now, under this name.
    Claimed(String),
    /// Its routes are another runner's.
    Taken(Taken),
    /// An answer did not come in time.
    Overdue,
    /// It is time to ask how the runner is.
    HealthDue,
    /// Three heartbeats in a row did not come.
    HeartbeatsMissed,
    /// The proxy is done with the runner.
    Dismissed(Farewell),
    /// The stream has ended.
    HungUp,
    /// The proxy has drained and goes; the runner is not its own, and stays.
    ProxyGone,
}

/// How the proxy parts with a runner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    /// How long its calls may take to finish.
    pub grace: Duration,
    /// Why, for the runner's log.
    pub reason: String,
    /// What the runner is told when its calls have finished.
    pub last: LastCommand,
}

/// The last command of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastCommand {
    /// `stop`.
    Stop,
    /// `shutdown`, which carries the reason too.
    Shutdown,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Action {
    /// Find out whether the routes are free, and take them.
    Claim(Registration),
    /// Tell the runner.
    Send(ProxyCommand),
    /// Expect an answer, within the time for a step and this much more.
    Expect(Duration),
    /// Expect nothing any more.
    Rest,
    /// Route calls to this address.
    Route(String),
    /// Route no calls to the runner.
    Unroute,
    /// Note how the runner says it is.
    Health(bool),
    /// A heartbeat came.
    Beat,
    /// End the stream.
    End(Result<(), Status>),
}

impl State {
    /// Why a session ends whose runner does not answer.
    pub(super) fn overdue(&self) -> Status {
        Status::deadline_exceeded(format!("{} did not come in time", self.expected()))
    }

    /// Why a session ends whose runner says what does not belong there.
    pub(super) fn unexpected(&self, message: Option<&Message>, id: &str) -> Status {
        let came = message.map_or("an empty message", name);
        Status::failed_precondition(format!(
            "{came} with correlation id {id:?} came where {} was expected",
            self.expected()
        ))
    }

    fn expected(&self) -> &'static str {
        match self {
            Self::New => "register",
            Self::Initializing => "initialize_response",
            Self::Starting => "start_response",
            Self::Running { asked: true, .. } => "health_response",
            Self::Draining(_) => "drain_response",
            Self::Stopping => "stop_response",
            Self::Running { .. } | Self::Claiming { .. } | Self::Ended => "nothing but a heartbeat",
        }
    }
}

fn name(message: &Message) -> &'static str {
    match message {
        Message::Register(_) => "register",
        Message::InitializeResponse(_) => "initialize_response",
        Message::StartResponse(_) => "start_response",
        Message::DrainResponse(_) => "drain_response",
        Message::StopResponse(_) => "stop_response",
        Message::HealthResponse(_) => "health_response",
        Message::Heartbeat(_) => "heartbeat",
    }
}
