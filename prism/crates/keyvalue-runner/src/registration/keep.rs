//! Registering, and registering again, for as long as the runner serves.

use std::time::Duration;

use prism_process::config::PeerAddress;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::backoff::Backoff;
use super::connect::{Failed, Stream, register};
use super::roster::Standing;
use super::session::{Ended, Session};
use crate::error::RunError;
use crate::lifecycle::Lifecycle;

/// A registration that lasted this long was good: losing it begins the waits anew.
const STEADY: Duration = Duration::from_secs(1);

/// Dropped when a proxy no longer routes calls to the runner.
pub(crate) type RouteHold = watch::Receiver<()>;

/// The runner's registration with one proxy.
pub(crate) struct Registration {
    pub(crate) proxy: PeerAddress,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) hold: Option<RouteHold>,
}

impl Registration {
    /// Stays registered until the runner drains; fails only if the proxy will never take it.
    ///
    /// ## Away | Refused => Registered => Away, and so on; Left from any of them
    pub(crate) async fn keep(mut self) -> Result<(), RunError> {
        let drain = self.lifecycle.drain.clone();
        let mut backoff = Backoff::new();
        loop {
            let registered = tokio::select! {
                biased;
                () = drain.begun() => return Ok(()),
                registered = register(&self.proxy, self.lifecycle.identity.registration()) => registered,
            };
            let standing = match registered {
                Ok(stream) => {
                    let begun = Instant::now();
                    let Some(lost) = self.stay(stream).await else {
                        return Ok(());
                    };
                    backoff = if begun.elapsed() < STEADY {
                        backoff
                    } else {
                        Backoff::new()
                    };
                    Standing::Away(lost)
                }
                Err(failed) => self.standing(failed)?,
            };
            self.note(standing);
            tokio::select! {
                () = drain.begun() => return Ok(()),
                () = sleep(backoff.step()) => {}
            }
        }
    }

    /// Lasts as long as the registration does; says why it was lost, unless the runner drained.
    async fn stay(&mut self, stream: Stream) -> Option<String> {
        self.note(Standing::Registered(stream.instance.clone()));
        let mut session = Session::new(stream, self.lifecycle.clone(), self.heartbeat_interval);
        match session.last().await {
            Ended::Lost(reason) => return Some(reason),
            Ended::Left => session.leave().await,
            Ended::Ordered(owed) => {
                self.hold = None;
                session.pay(owed).await;
            }
        }
        self.note(Standing::Left);
        None
    }

    fn standing(&self, failed: Failed) -> Result<Standing, RunError> {
        match failed {
            Failed::Away(reason) => Ok(Standing::Away(reason)),
            Failed::Refused(reason) => Ok(Standing::Refused(reason)),
            Failed::Hopeless(reason) => Err(RunError::Proxy {
                proxy: self.proxy.clone(),
                reason,
            }),
        }
    }

    fn note(&self, standing: Standing) {
        self.lifecycle.roster.note(&self.proxy, standing);
    }
}
