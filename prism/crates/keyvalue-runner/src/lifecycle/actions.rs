//! What each order does, whoever gives it.

use std::time::Duration;

use keyvalue_store::Condition;
use prism_api::interfaces::{
    HealthCheckResponse, HealthStatus, InitializeRequest, InitializeResponse, StartResponse,
};
use prost_types::value::Kind;
use prost_types::{Struct, Value};
use tokio::sync::watch;

use super::{DrainOrder, Identity, Phase, Refusal};
use crate::data::Serves;
use crate::drain::{Drain, Drained, Order, TooLate};
use crate::gate::Gate;
use crate::news::News;
use crate::registration::Roster;

const DRAINING: Refusal = Refusal::OutOfOrder("the runner is draining");
const DRAINED: Refusal = Refusal::OutOfOrder("the runner has drained, and is about to end");
const NOT_ONE_NAMESPACE: Refusal = Refusal::OutOfOrder(
    "a runner of any namespace (*) has none of its own to purge, and goes on serving",
);

/// Obeys the orders of a life; clones are the same runner.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle {
    pub(crate) identity: Identity,
    pub(crate) drain: Drain,
    pub(crate) roster: Roster,
    pub(crate) gate: Gate,
    /// How the store is.
    pub(crate) condition: watch::Receiver<Condition>,
    pub(crate) news: News,
}

impl Lifecycle {
    /// Accepts a configuration that asks for the store there is, or for none.
    pub(crate) fn initialize(
        &self,
        phase: &mut Phase,
        request: &InitializeRequest,
    ) -> Result<InitializeResponse, Refusal> {
        self.refuse_while_draining()?;
        request
            .config
            .iter()
            .try_for_each(|config| self.check(config))?;
        phase.initialize();
        Ok(InitializeResponse {
            success: true,
            metadata: Some(self.identity.metadata()),
            ..Default::default()
        })
    }

    /// Says where the data is served; it is served from the first moment on.
    pub(crate) fn start(&self, phase: &mut Phase) -> Result<StartResponse, Refusal> {
        self.refuse_while_draining()?;
        phase.start()?;
        let data_endpoint = self.identity.endpoint.clone();
        Ok(StartResponse {
            success: true,
            data_endpoint,
            ..Default::default()
        })
    }

    pub(crate) fn health(&self) -> HealthCheckResponse {
        let (status, message) = if self.drain.has_begun() {
            (HealthStatus::Unhealthy, "draining".to_owned())
        } else {
            self.health_while_serving()
        };
        let identity = &self.identity;
        let mut details = self.roster.describe();
        details.insert("in_flight".to_owned(), self.gate.inside().to_string());
        details.insert("namespace".to_owned(), identity.serves.to_string());
        details.insert("store".to_owned(), identity.store.kind().name().to_owned());
        HealthCheckResponse {
            status: status.into(),
            message,
            details,
        }
    }

    /// The store counts for more than a proxy: without it no call is served, whoever routes it.
    fn health_while_serving(&self) -> (HealthStatus, String) {
        match self.health_of_store() {
            (HealthStatus::Healthy, _) if self.roster.is_refused() => (
                HealthStatus::Degraded,
                "a proxy does not take this runner".to_owned(),
            ),
            store => store,
        }
    }

    fn health_of_store(&self) -> (HealthStatus, String) {
        let store = self.identity.store.kind().name();
        match &*self.condition.borrow() {
            Condition::Well => (HealthStatus::Healthy, "serving".to_owned()),
            Condition::Ailing(reason) => (
                HealthStatus::Degraded,
                format!("{store} refuses calls: {reason}"),
            ),
            Condition::Away(reason) => (
                HealthStatus::Unhealthy,
                format!("{store} is away: {reason}"),
            ),
        }
    }

    /// Begins the one drain, unless it has begun.
    pub(crate) fn begin_drain(&self, order: &DrainOrder<'_>) -> Result<(), Refusal> {
        let limit = time_limit(order.timeout_seconds)?;
        if order.purge && self.identity.serves == Serves::Any {
            return Err(NOT_ONE_NAMESPACE);
        }
        let (words, purge) = (order.to_string(), order.purge);
        let begun = self.drain.begin(Order {
            words,
            limit,
            purge,
        });
        begun.map_err(|TooLate| DRAINED)
    }

    /// Completes when the drain has ended.
    pub(crate) async fn drained(&self) -> Drained {
        self.drain.outcome().await
    }

    fn refuse_while_draining(&self) -> Result<(), Refusal> {
        if self.drain.has_begun() {
            Err(DRAINING)
        } else {
            Ok(())
        }
    }

    fn check(&self, config: &Struct) -> Result<(), Refusal> {
        let kind = |name| {
            config
                .fields
                .get(name)
                .and_then(|value: &Value| value.kind.as_ref())
        };
        match kind("backend") {
            None => {}
            Some(Kind::StringValue(backend)) if backend == self.identity.store.kind().name() => {}
            Some(Kind::StringValue(other)) => {
                let held = self.identity.store.kind().name();
                return Err(Refusal::Malformed(format!(
                    "config.backend is {other:?}, this runner has {held:?}"
                )));
            }
            Some(_) => {
                return Err(Refusal::Malformed(
                    "config.backend is not a string".to_owned(),
                ));
            }
        }
        match kind("backend_config") {
            None | Some(Kind::StructValue(_)) => Ok(()),
            Some(_) => Err(Refusal::Malformed(
                "config.backend_config is not an object".to_owned(),
            )),
        }
    }
}

/// Nothing said means the runner's own limit.
fn time_limit(timeout_seconds: i32) -> Result<Option<Duration>, Refusal> {
    let seconds = u64::try_from(timeout_seconds).map_err(|_| {
        Refusal::Malformed(format!(
            "timeout_seconds is {timeout_seconds}, it can't be negative"
        ))
    })?;
    Ok((seconds > 0).then(|| Duration::from_secs(seconds)))
}
