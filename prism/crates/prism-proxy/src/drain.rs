//! The drain: how the data port goes down without losing a call.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::data::{DataPlane, Phase};
use crate::settings::ProxySettings;

/// How long connections without calls may take to say goodbye, and ended calls to reach their clients.
const LINGER: Duration = Duration::from_millis(250);

/// Drains the data port; calls that are in flight at the end of the drain time are ended and counted.
pub(crate) async fn drain(plane: &DataPlane, settings: &ProxySettings) {
    let deadline = Instant::now() + settings.drain_timeout;
    plane.enter(Phase::Refusing);
    sleep(settings.drain_notice).await;
    plane.enter(Phase::Closing);
    if timeout_at(deadline, plane.no_calls()).await.is_err() {
        let unfinished = plane.calls();
        tracing::warn!(
            unfinished,
            "drain time is over: calls are ended UNAVAILABLE"
        );
        plane.enter(Phase::Aborting);
    }
    let goodbye = timeout_at(Instant::now() + LINGER, plane.no_connections()).await;
    tracing::info!(
        connections_left = plane.connections(),
        polite = goodbye.is_ok(),
        "drained"
    );
}
