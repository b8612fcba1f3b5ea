//! What moves a runner's session on.
//!
//! ## New => Claiming => Initializing => Starting => Running => Draining => Stopping => Ended
//!
//! Every state may end at once: by the end of the stream, an answer that fails, that does not belong there,
//! or that does not come in time. Nothing here waits, sends or looks at a clock.

use std::time::Duration;

use prism_api::interfaces::pattern_message::Message;
use prism_api::interfaces::{HealthStatus, InitializeResponse, PatternMessage, StartResponse};
use prism_process::config::{PeerAddress, Value};
use tonic::Status;

use super::commands;
use super::registration::Registration;
use super::state::{Action, Event, Farewell, LastCommand, State};

impl State {
    /// The next state, and what has to be done to get there.
    pub(super) fn step(self, event: Event) -> (Self, Vec<Action>) {
        match (self, event) {
            (Self::Ended, _) => (Self::Ended, Vec::new()),
            (_, Event::HungUp) => end(Ok(())),
            (_, Event::ProxyGone) => end(Err(Status::unavailable(
                "the proxy has stopped: register again",
            ))),
            (state, Event::Overdue) => end(Err(state.overdue())),
            (_, Event::HeartbeatsMissed) => end(Err(Status::deadline_exceeded(
                "three heartbeats in a row did not come",
            ))),
            (Self::New, Event::Said(message)) => register(message),
            (state @ Self::Claiming { .. }, Event::Claimed(instance)) => state.claimed(&instance),
            (Self::Claiming { correlation_id, .. }, Event::Taken(taken)) => (
                Self::Ended,
                vec![
                    Action::Send(commands::acknowledge(&correlation_id, Err(&taken))),
                    Action::End(Ok(())),
                ],
            ),
            (state, Event::Said(message)) => state.hear(message),
            (state, Event::HealthDue) => state.check_health(),
            (state, Event::Dismissed(farewell)) => state.dismiss(farewell),
            (state, Event::Claimed(_) | Event::Taken(_)) => (state, Vec::new()),
        }
    }

    fn claimed(self, instance: &str) -> (Self, Vec<Action>) {
        let Self::Claiming {
            correlation_id,
            registration,
        } = self
        else {
            return (self, Vec::new());
        };
        let actions = vec![
            Action::Send(commands::acknowledge(&correlation_id, Ok(instance))),
            Action::Send(commands::initialize(&registration)),
            Action::Expect(Duration::ZERO),
        ];
        (Self::Initializing, actions)
    }

    /// Takes what a registered runner says.
    fn hear(self, said: PatternMessage) -> (Self, Vec<Action>) {
        let id = said.correlation_id;
        match (self, said.message) {
            (state, Some(Message::Heartbeat(beat))) => state.beat(beat.status()),
            (Self::Initializing, Some(Message::InitializeResponse(answer)))
                if id == commands::INITIALIZE =>
            {
                initialized(&answer)
            }
            (Self::Starting, Some(Message::StartResponse(answer))) if id == commands::START => {
                started(&answer)
            }
            (
                Self::Running {
                    checks,
                    asked: true,
                },
                Some(Message::HealthResponse(answer)),
            ) if id == health_id(checks) => checked(checks, answer.status()),
            // An answer to a health check that crossed the drain.
            (state @ Self::Draining(_), Some(Message::HealthResponse(_))) => (state, Vec::new()),
            (Self::Draining(farewell), Some(Message::DrainResponse(_)))
                if id == commands::DRAIN =>
            {
                last_command(&farewell)
            }
            (Self::Stopping, Some(Message::StopResponse(_))) if id == commands::STOP => end(Ok(())),
            (state, message) => end(Err(state.unexpected(message.as_ref(), &id))),
        }
    }

    fn check_health(self) -> (Self, Vec<Action>) {
        match self {
            Self::Running {
                checks,
                asked: false,
            } => {
                let checks = checks + 1;
                (
                    Self::Running {
                        checks,
                        asked: true,
                    },
                    vec![
                        Action::Send(commands::check_health(&health_id(checks))),
                        Action::Expect(Duration::ZERO),
                    ],
                )
            }
            state => (state, Vec::new()),
        }
    }

    fn beat(self, status: HealthStatus) -> (Self, Vec<Action>) {
        let mut actions = vec![Action::Beat];
        if matches!(self, Self::Running { .. }) {
            actions.extend(health(status));
        }
        (self, actions)
    }

    /// A runner that serves drains first; one that does not has nothing to drain.
    fn dismiss(self, farewell: Farewell) -> (Self, Vec<Action>) {
        match self {
            Self::Running { .. } => {
                let actions = vec![
                    Action::Unroute,
                    Action::Send(commands::drain(farewell.grace, &farewell.reason)),
                    Action::Expect(farewell.grace),
                ];
                (Self::Draining(farewell), actions)
            }
            Self::Initializing | Self::Starting => last_command(&farewell),
            Self::Draining(_) | Self::Stopping => (self, Vec::new()),
            Self::New | Self::Claiming { .. } | Self::Ended => end(Ok(())),
        }
    }
}

fn register(said: PatternMessage) -> (State, Vec<Action>) {
    let Some(Message::Register(request)) = said.message else {
        return end(Err(
            State::New.unexpected(said.message.as_ref(), &said.correlation_id)
        ));
    };
    match Registration::try_from(request) {
        Ok(registration) => {
            let action = Action::Claim(registration.clone());
            let correlation_id = said.correlation_id;
            (
                State::Claiming {
                    correlation_id,
                    registration,
                },
                vec![action],
            )
        }
        Err(status) => end(Err(status)),
    }
}

fn initialized(answer: &InitializeResponse) -> (State, Vec<Action>) {
    match succeeded("initialize", answer.success, &answer.error) {
        Ok(()) => {
            let actions = vec![
                Action::Send(commands::start()),
                Action::Expect(Duration::ZERO),
            ];
            (State::Starting, actions)
        }
        Err(status) => end(Err(status)),
    }
}

/// The first health check follows the route at once: by it the runner knows that calls come.
fn started(answer: &StartResponse) -> (State, Vec<Action>) {
    let endpoint = match endpoint(answer) {
        Ok(endpoint) => endpoint,
        Err(status) => return end(Err(status)),
    };
    let running = State::Running {
        checks: 0,
        asked: false,
    };
    let (running, check) = running.check_health();
    let routed = [Action::Route(endpoint)].into_iter().chain(check);
    (running, routed.collect())
}

fn checked(checks: u64, status: HealthStatus) -> (State, Vec<Action>) {
    let running = State::Running {
        checks,
        asked: false,
    };
    let actions = [Action::Rest].into_iter().chain(health(status));
    (running, actions.collect())
}

fn last_command(farewell: &Farewell) -> (State, Vec<Action>) {
    let command = match farewell.last {
        LastCommand::Stop => commands::stop(farewell.grace),
        LastCommand::Shutdown => commands::shut_down(farewell.grace, &farewell.reason),
    };
    let actions = vec![
        Action::Unroute,
        Action::Send(command),
        Action::Expect(farewell.grace),
    ];
    (State::Stopping, actions)
}

fn end(outcome: Result<(), Status>) -> (State, Vec<Action>) {
    (State::Ended, vec![Action::End(outcome)])
}

fn succeeded(step: &str, success: bool, error: &str) -> Result<(), Status> {
    if success {
        Ok(())
    } else {
        Err(Status::failed_precondition(format!(
            "{step} failed: {error}"
        )))
    }
}

fn endpoint(answer: &StartResponse) -> Result<String, Status> {
    succeeded("start", answer.success, &answer.error)?;
    PeerAddress::parse(&answer.data_endpoint)
        .map(|address| address.as_str().to_owned())
        .map_err(|reason| {
            Status::invalid_argument(format!(
                "start_response.data_endpoint {:?} {reason}",
                answer.data_endpoint
            ))
        })
}

/// A runner that does not say how it is counts as it did before.
fn health(status: HealthStatus) -> Option<Action> {
    match status {
        HealthStatus::Unspecified => None,
        HealthStatus::Healthy | HealthStatus::Degraded => Some(Action::Health(true)),
        HealthStatus::Unhealthy => Some(Action::Health(false)),
    }
}

fn health_id(check: u64) -> String {
    format!("health-{check}")
}

#[cfg(test)]
mod tests;
