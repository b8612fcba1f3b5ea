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
use crate::drain::{Drain, Drained, Order};
use crate::gate::Gate;
use crate::registration::Roster;

const DRAINING: Refusal = Refusal::OutOfOrder("the runner is draining");

/// Obeys the orders of a life; clones are the same runner.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle {
    pub(crate) identity: Identity,
    pub(crate) drain: Drain,
    pub(crate) roster: Roster,
    pub(crate) gate: Gate,
    /// How the store is.
    pub(crate) condition: watch::Receiver<Condition>,
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
        let data_endpoint = self.identity.endpoint.to_string();
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
            self.health_of_store()
        };
        let identity = &self.identity;
        let mut details = self.roster.describe();
        details.insert("in_flight".to_owned(), self.gate.inside().to_string());
        details.insert("namespace".to_owned(), identity.serves.to_string());
        details.insert("store".to_owned(), identity.store.name().to_owned());
        HealthCheckResponse {
            status: status.into(),
            message,
            details,
        }
    }

    fn health_of_store(&self) -> (HealthStatus, String) {
        let store = self.identity.store.name();
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
        self.drain.begin(Order {
            words: order.to_string(),
            limit,
        });
        Ok(())
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
            Some(Kind::StringValue(backend)) if backend == self.identity.store.name() => {}
            Some(Kind::StringValue(other)) => {
                let held = self.identity.store.name();
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
