//! The runner's side of its conversation with the launcher, from the first heartbeat to the last word.

use std::time::Duration;

use prism_process::config::PeerAddress;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::answer::{Terms, Wish};
use super::contact::{Contact, Outcome, Step};
use super::hearing::{Greeting, Hearing};
use super::launcher::Launcher;
use crate::drain::{Drained, Order};
use crate::lifecycle::Lifecycle;
use crate::news::Listener;

/// How long the first heartbeat waits for proxies that are away; they are asked on meanwhile.
const LIVE_LIMIT: Duration = Duration::from_secs(1);

/// A launcher that has taken the process in.
pub(crate) struct Link {
    launcher: Launcher,
    contact: Contact,
}

/// The proxies that the launcher wants the runner to be registered with.
pub(crate) type Wanted = watch::Sender<Vec<PeerAddress>>;

impl Link {
    pub(super) fn new(launcher: Launcher, contact: Contact) -> Self {
        Self { launcher, contact }
    }

    /// Tells the launcher how the runner is until it has drained, and then that it ends.
    pub(crate) async fn keep(self, lifecycle: Lifecycle, wanted: Wanted) {
        let drain = lifecycle.drain.clone();
        let mut talk = Talk {
            news: lifecycle.news.listen(),
            link: self,
            lifecycle,
            wanted,
            sent: Instant::now(),
            told: None,
            complaint: None,
        };
        let drained = tokio::select! {
            drained = drain.outcome() => drained,
            drained = async { talk.go_on().await; drain.outcome().await } => drained,
        };
        talk.take_leave(&drained).await;
    }
}

/// The conversation, and where it stands.
struct Talk {
    link: Link,
    lifecycle: Lifecycle,
    wanted: Wanted,
    news: Listener,
    /// When something was last sent.
    sent: Instant,
    /// What the launcher last heard of the runner's health.
    told: Option<i32>,
    /// Why the launcher is away, as the log last told.
    complaint: Option<String>,
}

impl Talk {
    /// Goes on until the launcher does not want the process any more.
    async fn go_on(&mut self) {
        self.until_live().await;
        let mut step = Step::Beat(Duration::ZERO);
        loop {
            let outcome = match step {
                Step::Greet(pause) => self.greet_after(pause).await,
                Step::Beat(pause) => self.beat_after(pause).await,
                Step::GiveUp(reason) => return self.give_up(&reason),
            };
            step = self.link.contact.after(outcome);
        }
    }

    /// Waits until calls come from every proxy, or for as long as a launcher should wait for those that are away.
    async fn until_live(&mut self) {
        let Self {
            lifecycle: Lifecycle { roster, drain, .. },
            news,
            ..
        } = self;
        let live = async {
            while !roster.is_live() && !drain.has_begun() {
                news.heard().await;
            }
        };
        if timeout(LIVE_LIMIT, live).await.is_err() {
            tracing::info!(
                "not every proxy routes calls here yet: the launcher is told all the same"
            );
        }
    }

    async fn greet_after(&mut self, pause: Duration) -> Outcome {
        sleep(pause).await;
        if self.lifecycle.drain.has_begun() {
            // Nobody takes a process in that is about to end.
            std::future::pending::<()>().await;
        }
        self.sent = Instant::now();
        let answer = self.link.launcher.greet().await;
        match Greeting::read(answer, &self.link.launcher.settings.store) {
            Greeting::Accepted(terms) => self.accepted(terms),
            Greeting::Rejected(reason) => Outcome::Rejected(reason),
            Greeting::Bad(cause) => self.away(cause.to_string()),
            Greeting::Away(cause) => self.away(cause),
        }
    }

    /// Goes on as before if it may: what a store holds outweighs what a launcher would now do otherwise.
    fn accepted(&mut self, terms: Terms) -> Outcome {
        let (held, asked) = (&self.lifecycle.identity, &terms.assignment);
        if asked.serves != held.serves {
            let (asked, held) = (&asked.serves, &held.serves);
            return Outcome::Rejected(format!("it wants {asked} served, and this is {held}"));
        }
        if asked.store != held.store {
            tracing::warn!("the launcher names another store: it is used after a restart");
        }
        tracing::info!(launcher = %self.link.launcher.settings.address, "taken in again");
        self.complaint = None;
        self.wanted.send_replace(terms.assignment.proxies);
        Outcome::Accepted(terms.heartbeat_interval)
    }

    /// Sends a heartbeat when it is time, or sees before that the launcher is lost.
    async fn beat_after(&mut self, pause: Duration) -> Outcome {
        if !self.is_due(pause).await {
            return self.away("the connection was lost".to_owned());
        }
        self.sent = Instant::now();
        let health = self.lifecycle.health();
        let status = health.status;
        let answer = self.link.launcher.beat(health).await;
        match Hearing::read(answer) {
            Hearing::Heard(wish) => {
                self.told = Some(status);
                self.heard(wish)
            }
            Hearing::Forgotten(words) => {
                tracing::info!(says = words, "the launcher does not know this process");
                Outcome::Forgotten
            }
            Hearing::Refused(cause) => {
                tracing::warn!(
                    cause,
                    "the launcher refuses a heartbeat, or asks for what can't be"
                );
                Outcome::Refused
            }
            Hearing::Away(cause) => self.away(cause),
        }
    }

    /// Whether a heartbeat is due, by time or because the health has changed; not, if the launcher was lost before.
    async fn is_due(&mut self, pause: Duration) -> bool {
        let due = self.sent + pause;
        loop {
            tokio::select! {
                () = sleep_until(due) => return true,
                () = self.link.launcher.lost() => return false,
                () = self.news.heard() => {
                    if self.told.is_some_and(|told| told != self.lifecycle.health().status) {
                        return true;
                    }
                }
            }
        }
    }

    fn heard(&mut self, wish: Wish) -> Outcome {
        if self.complaint.take().is_some() {
            tracing::info!(launcher = %self.link.launcher.settings.address, "the launcher is back");
        }
        if let Some(proxies) = wish.proxies {
            self.wanted.send_replace(proxies);
        }
        if let Some(order) = wish.shutdown {
            self.begin_drain(order);
        }
        Outcome::Heard
    }

    fn give_up(&self, reason: &str) {
        self.begin_drain(Order {
            words: format!("no longer wanted by the launcher, {reason}"),
            ..Order::default()
        });
    }

    fn begin_drain(&self, order: Order) {
        // It is too late only for a purge, and a launcher asks for none here.
        let _ = self.lifecycle.drain.begin(order);
    }

    /// Tells that the launcher is away, once for each cause.
    fn away(&mut self, cause: String) -> Outcome {
        if self.complaint.as_ref() != Some(&cause) {
            let launcher = &self.link.launcher.settings.address;
            tracing::warn!(%launcher, cause, "the launcher is away: serving on");
            self.complaint = Some(cause);
        }
        Outcome::Lost
    }

    async fn take_leave(&mut self, drained: &Drained) {
        let reason = self.lifecycle.drain.reason();
        if let Err(status) = self.link.launcher.take_leave(reason, drained).await {
            tracing::debug!(%status, "the launcher does not hear that the runner ends");
        }
    }
}
