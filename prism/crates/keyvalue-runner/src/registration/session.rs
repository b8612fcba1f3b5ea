//! A registration while it lasts: the proxy's orders, obeyed in turn, and a heartbeat beside them.

use std::future::pending;
use std::time::Duration;

use keyvalue_store::Condition;
use prism_api::interfaces::pattern_message::Message;
use prism_api::interfaces::proxy_command::Command;
use prism_api::interfaces::{HeartbeatMessage, PatternMessage, ProxyCommand};
use prism_process::config::PeerAddress;
use prism_process::wall_millis;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use super::connect::Stream;
use super::keep::Departure;
use super::roster::Standing;
use super::set::Joining;
use crate::drain::Drained;
use crate::lifecycle::{DrainOrder, Lifecycle, Phase, Refusal};

/// How long a proxy may take to close its side once the runner has closed its own.
const FAREWELL: Duration = Duration::from_millis(500);
/// How long a proxy that had the runner drained may take to say stop.
const STOP_WAIT: Duration = Duration::from_secs(1);

/// ## Registered => Lost | Left | Ordered
#[derive(Debug)]
pub(super) enum Ended {
    /// The stream broke, or the proxy closed it.
    Lost(String),
    /// The runner drains for a reason of its own, or is told to leave.
    Left,
    /// The proxy ordered the drain; it takes its routes out by itself, and waits for this answer.
    Ordered(Owed),
}

/// What is owed to the proxy when the drain has ended.
#[derive(Debug)]
pub(super) struct Owed {
    correlation_id: String,
    answer: Answer,
}

/// The response of an order's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Drain,
    Stop,
}

/// One stream to one proxy, after it acknowledged the runner.
pub(super) struct Session {
    stream: Stream,
    lifecycle: Lifecycle,
    proxy: PeerAddress,
    phase: Phase,
    heartbeats: Interval,
}

impl Session {
    pub(super) fn new(stream: Stream, proxy: &PeerAddress, joining: &Joining) -> Self {
        let interval = joining.heartbeat_interval;
        let mut heartbeats = interval_at(Instant::now() + interval, interval);
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            stream,
            lifecycle: joining.lifecycle.clone(),
            proxy: proxy.clone(),
            phase: Phase::default(),
            heartbeats,
        }
    }

    /// Obeys until the stream ends or the runner is to leave.
    pub(super) async fn last(&mut self, mut departure: Departure) -> Ended {
        let mut condition = self.lifecycle.condition.clone();
        loop {
            tokio::select! {
                command = self.stream.incoming.message() => match command {
                    Ok(Some(command)) => if let Some(owed) = self.obey(command).await { return Ended::Ordered(owed) },
                    Ok(None) => return Ended::Lost("it closed the stream".to_owned()),
                    Err(status) => return Ended::Lost(status.message().to_owned()),
                },
                _ = self.heartbeats.tick() => self.beat().await,
                () = news(&mut condition) => self.beat().await,
                () = departure.due() => return Ended::Left,
            }
        }
    }

    /// Closes the runner's side, and waits until the proxy has taken its routes out and closed the other.
    pub(super) async fn leave(self) {
        let Stream {
            outgoing,
            mut incoming,
            ..
        } = self.stream;
        drop(outgoing);
        let closed = async { while let Ok(Some(_)) = incoming.message().await {} };
        if timeout(FAREWELL, closed).await.is_err() {
            tracing::warn!("a proxy did not close its stream within {FAREWELL:?}");
        }
    }

    /// Answers the order when the drain has ended, and after a Drain waits a moment for the order to stop.
    pub(super) async fn pay(
        mut self,
        Owed {
            correlation_id,
            answer,
        }: Owed,
    ) {
        let drained = self.lifecycle.drained().await;
        self.send(correlation_id, answer.given(Ok(drained.clone())))
            .await;
        if answer == Answer::Drain
            && let Ok(Ok(Some(last))) = timeout(STOP_WAIT, self.stream.incoming.message()).await
            && let Some((_, answer)) = drain_order(last.command.as_ref())
        {
            self.send(last.correlation_id, answer.given(Ok(drained)))
                .await;
        }
        self.leave().await;
    }

    /// Does what is ordered and answers it, except for a drain: its answer is owed.
    async fn obey(
        &mut self,
        ProxyCommand {
            correlation_id,
            command,
        }: ProxyCommand,
    ) -> Option<Owed> {
        if let Some((order, answer)) = drain_order(command.as_ref()) {
            let Err(refusal) = self.lifecycle.begin_drain(&order) else {
                return Some(Owed {
                    correlation_id,
                    answer,
                });
            };
            self.send(correlation_id, answer.given(Err(refusal))).await;
        } else if let Some(message) = self.act(command?) {
            self.send(correlation_id, message).await;
        }
        None
    }

    fn act(&mut self, command: Command) -> Option<Message> {
        let (lifecycle, phase) = (&self.lifecycle, &mut self.phase);
        match command {
            Command::Initialize(request) => {
                let response = lifecycle
                    .initialize(phase, &request)
                    .unwrap_or_else(Into::into);
                Some(Message::InitializeResponse(response))
            }
            Command::Start(_) => Some(Message::StartResponse(
                lifecycle.start(phase).unwrap_or_else(Into::into),
            )),
            Command::HealthCheck(_) => {
                if *phase == Phase::Started {
                    // A proxy asks for the first time once it routes calls here.
                    let instance = self.stream.instance.clone();
                    lifecycle.roster.note(&self.proxy, Standing::Live(instance));
                }
                Some(Message::HealthResponse(lifecycle.health()))
            }
            _ => None,
        }
    }

    async fn beat(&self) {
        let heartbeat = HeartbeatMessage {
            timestamp: wall_millis(),
            status: self.lifecycle.health().status,
        };
        self.send(String::new(), Message::Heartbeat(heartbeat))
            .await;
    }

    async fn send(&self, correlation_id: String, message: Message) {
        // A stream that takes no more ends on its other side too, and is noticed there.
        let _ = self
            .stream
            .outgoing
            .send(PatternMessage {
                correlation_id,
                message: Some(message),
            })
            .await;
    }
}

/// Completes when the store is otherwise than it was.
async fn news(condition: &mut watch::Receiver<Condition>) {
    if condition.changed().await.is_err() {
        // A store that never changes has nobody who could say that it does.
        pending::<()>().await;
    }
}

impl Answer {
    fn given(self, outcome: Result<Drained, Refusal>) -> Message {
        match self {
            Self::Drain => Message::DrainResponse(outcome.map_or_else(Into::into, Into::into)),
            Self::Stop => Message::StopResponse(outcome.map_or_else(Into::into, Into::into)),
        }
    }
}

fn drain_order(command: Option<&Command>) -> Option<(DrainOrder<'_>, Answer)> {
    match command? {
        Command::Drain(request) => Some((request.into(), Answer::Drain)),
        Command::Stop(request) => Some((request.into(), Answer::Stop)),
        Command::Shutdown(request) => Some((request.into(), Answer::Stop)),
        _ => None,
    }
}
