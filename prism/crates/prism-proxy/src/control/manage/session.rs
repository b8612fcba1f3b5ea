//! One runner's stream: obeys the state machine, and is its clock.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;

use prism_api::interfaces::{PatternMessage, ProxyCommand};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tonic::{Status, Streaming};

use super::held::Held;
use super::registration::Registration;
use super::runners::Runners;
use super::state::{Action, Event, Farewell, State};
use crate::control::life::ProxyLife;
use crate::routes::{Claim, Router};
use crate::settings::RunnerSettings;
use crate::upstream::Backend;

/// Heartbeats that may be missing in a row, the last of which ends the session.
const MISSED_HEARTBEATS: u32 = 3;

/// Where commands go.
pub(super) type Commands = mpsc::Sender<Result<ProxyCommand, Status>>;

/// What every session of a proxy shares.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    pub(crate) router: Arc<Router>,
    pub(crate) runners: Runners,
    pub(crate) settings: RunnerSettings,
    /// Pools of connections that a runner's backend needs.
    pub(crate) pools: usize,
    pub(crate) proxy: ProxyLife,
}

/// One runner's stream.
pub(super) struct Session {
    shared: Sessions,
    said: Streaming<PatternMessage>,
    commands: Commands,
    /// The routes that it has, from a claim on.
    held: Option<Held>,
    clock: Clock,
}

/// When something is due; `None` where nothing is.
struct Clock {
    answer: Option<Instant>,
    health: Option<Instant>,
    heartbeat: Option<Instant>,
}

impl Session {
    pub(super) fn new(
        shared: Sessions,
        said: Streaming<PatternMessage>,
        commands: Commands,
    ) -> Self {
        let clock = Clock {
            answer: Some(Instant::now() + shared.settings.step_timeout),
            health: None,
            heartbeat: None,
        };
        Self {
            shared,
            said,
            commands,
            held: None,
            clock,
        }
    }

    /// Lives the session; at its end its routes are gone.
    pub(super) async fn live(mut self) {
        let mut state = State::New;
        let mut events = VecDeque::new();
        while state != State::Ended {
            let event = match events.pop_front() {
                Some(event) => event,
                None => self.next().await,
            };
            let (next, actions) = state.step(event);
            state = next;
            for action in actions {
                events.extend(self.act(action).await);
            }
        }
    }

    async fn next(&mut self) -> Event {
        tokio::select! {
            biased;
            said = self.said.message() => match said {
                Ok(Some(message)) => Event::Said(message),
                Ok(None) | Err(_) => Event::HungUp,
            },
            () = at(self.clock.answer) => Event::Overdue,
            () = at(self.clock.heartbeat) => Event::HeartbeatsMissed,
            () = at(self.clock.health) => {
                self.clock.health = Some(Instant::now() + self.shared.settings.health_interval);
                Event::HealthDue
            }
            () = self.shared.proxy.ended() => Event::ProxyGone,
            farewell = dismissal(self.held.as_mut()) => Event::Dismissed(farewell),
        }
    }

    async fn act(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Claim(registration) => return Some(self.claim(&registration).await),
            Action::Send(command) => self.send(Ok(command)).await,
            Action::Expect(extra) => {
                self.clock.answer =
                    Some(Instant::now() + self.shared.settings.step_timeout + extra);
            }
            Action::Rest => self.clock.answer = None,
            Action::Route(endpoint) => self.route(endpoint),
            Action::Unroute => self.with_held(Held::unroute),
            Action::Health(healthy) => self.with_held(|held| held.set_healthy(healthy)),
            Action::Beat => self.clock.heartbeat = Some(self.next_heartbeat()),
            Action::End(outcome) => {
                if let Err(status) = outcome {
                    tracing::info!(runner = self.name(), %status, "runner's session ends");
                    self.send(Err(status)).await;
                }
            }
        }
        None
    }

    async fn claim(&mut self, registration: &Registration) -> Event {
        let instance = self.shared.runners.name(&registration.pattern);
        let claim = Claim {
            instance: instance.as_str().into(),
            namespace: registration.namespace.clone(),
            services: registration.services.clone(),
            store: registration.store,
        };
        match self.shared.router.claim(&claim).await {
            Ok(()) => {
                tracing::info!(
                    runner = instance,
                    namespace = &*claim.namespace,
                    "registered"
                );
                self.held = Some(Held::new(&self.shared, instance.clone()));
                Event::Claimed(instance)
            }
            Err(taken) => {
                tracing::warn!(namespace = &*claim.namespace, %taken, "runner refused");
                Event::Taken(taken)
            }
        }
    }

    fn route(&mut self, endpoint: String) {
        tracing::info!(runner = self.name(), endpoint, "routed");
        let backend = Arc::new(Backend::new(endpoint, self.shared.pools));
        self.with_held(|held| held.activate(&backend));
        self.clock.health = Some(Instant::now() + self.shared.settings.health_interval);
        self.clock.heartbeat = Some(self.next_heartbeat());
    }

    fn next_heartbeat(&self) -> Instant {
        Instant::now() + self.shared.settings.heartbeat_interval * MISSED_HEARTBEATS
    }

    /// A runner that takes nothing more is noticed where its messages come in.
    async fn send(&self, command: Result<ProxyCommand, Status>) {
        let _ = self.commands.send(command).await;
    }

    fn with_held(&self, act: impl FnOnce(&Held)) {
        if let Some(held) = &self.held {
            act(held);
        }
    }

    fn name(&self) -> &str {
        self.held.as_ref().map_or("unregistered", Held::instance)
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

async fn dismissal(held: Option<&mut Held>) -> Farewell {
    match held {
        Some(held) => held.dismissed().await,
        None => pending().await,
    }
}
