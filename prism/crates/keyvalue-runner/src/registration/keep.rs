//! Registering, and registering again, for as long as the runner serves and the proxy is wanted.

use std::time::Duration;

use prism_process::config::PeerAddress;
use prism_process::peer::Backoff;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::connect::{Failed, Stream, register};
use super::roster::Standing;
use super::session::{Ended, Session};
use super::set::Joining;
use crate::drain::Drain;
use crate::error::RunError;

/// A proxy that is started beside the runner listens within a few of these: a longer one would be the start's longest part.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// A registration that lasted this long was good: losing it begins the pauses anew.
const STEADY: Duration = Duration::from_secs(1);

/// Dropped when a proxy no longer routes calls to the runner.
pub(crate) type RouteHold = watch::Receiver<()>;

/// What becomes of the runner when a proxy says what it would say every time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hopeless {
    /// It ends: whoever named the proxy has to know.
    Ends,
    /// It asks on: whoever named the proxy hears of it, and may name another.
    AsksOn,
}

/// The runner's registration with one proxy.
pub(super) struct Registration {
    pub(super) proxy: PeerAddress,
    pub(super) joining: Joining,
    pub(super) hold: Option<RouteHold>,
    /// Closed when the runner is to leave this proxy, and serve on.
    pub(super) wanted: watch::Receiver<()>,
}

/// When a registration is to end.
pub(super) struct Departure {
    drain: Drain,
    wanted: watch::Receiver<()>,
}

impl Departure {
    /// Completes when the runner drains, or the proxy is no longer wanted.
    pub(super) async fn due(&mut self) {
        tokio::select! {
            () = self.drain.begun() => {}
            () = async { while self.wanted.changed().await.is_ok() {} } => {}
        }
    }
}

impl Registration {
    /// Stays registered until it is to leave; fails only if the proxy will never take the runner, and that ends it.
    ///
    /// ## Away | Refused => Registered => Away, and so on; Left from any of them
    pub(super) async fn keep(mut self) -> Result<(), RunError> {
        let lifecycle = self.joining.lifecycle.clone();
        let mut departure = self.departure();
        let mut backoff = Backoff::new(FIRST_PAUSE);
        loop {
            let registered = tokio::select! {
                biased;
                () = departure.due() => return Ok(()),
                registered = register(&self.proxy, lifecycle.identity.registration()) => registered,
            };
            let standing = match registered {
                Ok(stream) => {
                    let begun = Instant::now();
                    let Some(lost) = self.stay(stream).await else {
                        return Ok(());
                    };
                    if begun.elapsed() >= STEADY {
                        backoff.reset();
                    }
                    Standing::Away(lost)
                }
                Err(failed) => self.standing(failed)?,
            };
            self.note(standing);
            tokio::select! {
                () = departure.due() => return Ok(()),
                () = sleep(backoff.pause()) => {}
            }
        }
    }

    /// Lasts as long as the registration does; says why it was lost, unless the runner left.
    async fn stay(&mut self, stream: Stream) -> Option<String> {
        self.note(Standing::Registered(stream.instance.clone()));
        let mut session = Session::new(stream, &self.proxy, &self.joining);
        match session.last(self.departure()).await {
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

    fn departure(&self) -> Departure {
        Departure {
            drain: self.joining.lifecycle.drain.clone(),
            wanted: self.wanted.clone(),
        }
    }

    fn standing(&self, failed: Failed) -> Result<Standing, RunError> {
        match failed {
            Failed::Away(reason) => Ok(Standing::Away(reason)),
            Failed::Refused(reason) => Ok(Standing::Refused(reason)),
            Failed::Hopeless(reason) => match self.joining.hopeless {
                Hopeless::AsksOn => Ok(Standing::Refused(reason)),
                Hopeless::Ends => Err(RunError::Proxy {
                    proxy: self.proxy.clone(),
                    reason,
                }),
            },
        }
    }

    fn note(&self, standing: Standing) {
        self.joining.lifecycle.roster.note(&self.proxy, standing);
    }
}
