//! What the launcher answers, as values of the runner's own.

use std::time::Duration;

use prism_api::launcher::{ProcessHandshakeResponse, ProcessHeartbeatResponse, ProxyEndpoint};
use prism_process::config::{PeerAddress, Value};

use crate::assignment::Assignment;
use crate::drain::Order;
use crate::store::{BadStore, StoreFlags, StoreSettings};

/// How often a launcher hears of the runner if it does not say.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// What is wrong with an answer of the launcher.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// A field is not what it has to be.
    #[error("{field} {value:?} {reason}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: String,
        /// What is wrong with it, as the end of a sentence.
        reason: String,
    },
    /// The store can't be as it says.
    #[error("config: {0}")]
    Store(#[from] BadStore),
}

/// What a process is taken in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) assignment: Assignment,
    pub(super) heartbeat_interval: Duration,
}

impl Terms {
    /// Reads the answer to a handshake that was accepted.
    pub(super) fn read(
        answer: &ProcessHandshakeResponse,
        flags: &StoreFlags,
    ) -> Result<Self, BadAnswer> {
        let config = answer.config.clone().unwrap_or_default();
        let assignment = Assignment {
            serves: field("namespace", &answer.namespace)?,
            store: StoreSettings::from_struct(&config, flags)?,
            proxies: proxies(&answer.proxies)?,
        };
        let heartbeat_interval = interval(answer.heartbeat_interval_ms)?;
        Ok(Self {
            assignment,
            heartbeat_interval,
        })
    }
}

/// What a launcher that knows the process wants of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish {
    /// To drain and end.
    pub(super) shutdown: Option<Order>,
    /// To be registered with exactly these.
    pub(super) proxies: Option<Vec<PeerAddress>>,
}

impl Wish {
    /// Reads the answer to a heartbeat that was heard.
    pub(super) fn read(answer: &ProcessHeartbeatResponse) -> Result<Self, BadAnswer> {
        let proxies = proxies(&answer.proxies)?;
        Ok(Self {
            shutdown: answer.shutdown.then(|| order(answer)).transpose()?,
            proxies: (!proxies.is_empty()).then_some(proxies),
        })
    }
}

fn order(answer: &ProcessHeartbeatResponse) -> Result<Order, BadAnswer> {
    let words = match answer.reason.as_str() {
        "" => "shut down by the launcher".to_owned(),
        reason => format!("shut down by the launcher, {reason}"),
    };
    Ok(Order {
        words,
        limit: millis("shutdown_timeout_ms", answer.shutdown_timeout_ms)?,
        ..Order::default()
    })
}

fn interval(heartbeat_interval_ms: i64) -> Result<Duration, BadAnswer> {
    let given = millis("heartbeat_interval_ms", heartbeat_interval_ms)?;
    Ok(given.unwrap_or(DEFAULT_INTERVAL))
}

/// A time on the wire; nothing said is 0.
fn millis(field: &'static str, value: i64) -> Result<Option<Duration>, BadAnswer> {
    match u64::try_from(value) {
        Ok(0) => Ok(None),
        Ok(millis) => Ok(Some(Duration::from_millis(millis))),
        Err(_) => Err(BadAnswer::Field {
            field,
            value: value.to_string(),
            reason: "can't be negative".to_owned(),
        }),
    }
}

fn proxies(endpoints: &[ProxyEndpoint]) -> Result<Vec<PeerAddress>, BadAnswer> {
    endpoints
        .iter()
        .map(|proxy| field("proxies.control_endpoint", &proxy.control_endpoint))
        .collect()
}

fn field<T: Value>(field: &'static str, text: &str) -> Result<T, BadAnswer> {
    T::parse(text).map_err(|reason| BadAnswer::Field {
        field,
        value: text.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests;
