//! How the proxy stands with its admin, and what it does next.
//!
//! ## Register => Beat, again and again; and back to Register when the admin is lost, or does not know us
//!
//! Nothing here waits, sends or looks at a clock.

use std::time::Duration;

use prism_process::peer::Backoff;

/// The first pause before an admin that is away is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// What came of the last thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The admin took the proxy in.
    Registered,
    /// It was not to be had, or did not want to.
    NotRegistered,
    /// It heard the heartbeat.
    Heard,
    /// It does not know the proxy.
    Forgotten,
    /// It is there, and finds fault with the heartbeat.
    Refused,
    /// It is away.
    Lost,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Register, after this pause.
    Register(Duration),
    /// Send a heartbeat, this long after the last thing that was sent.
    Beat(Duration),
}

/// How the proxy stands with its admin.
#[derive(Debug)]
pub(super) struct Contact {
    backoff: Backoff,
    interval: Duration,
}

impl Contact {
    /// A proxy that sends a heartbeat in every interval.
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            backoff: Backoff::new(FIRST_PAUSE),
            interval,
        }
    }

    /// What to do after this.
    pub(super) fn after(&mut self, outcome: &Outcome) -> Step {
        match outcome {
            // The admin compares what it thinks with what it hears, so it hears at once.
            Outcome::Registered => Step::Beat(Duration::ZERO),
            Outcome::Heard => {
                // Only now: an admin that welcomes everybody and forgets them is not asked ever faster.
                self.backoff.reset();
                Step::Beat(self.interval)
            }
            // To register again would change nothing of what it finds fault with.
            Outcome::Refused => Step::Beat(self.interval),
            Outcome::NotRegistered | Outcome::Forgotten | Outcome::Lost => {
                Step::Register(self.backoff.pause())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(5);

    fn steps(outcomes: &[Outcome]) -> Vec<Step> {
        let mut contact = Contact::new(INTERVAL);
        outcomes
            .iter()
            .map(|outcome| contact.after(outcome))
            .collect()
    }

    fn register(millis: u64) -> Step {
        Step::Register(Duration::from_millis(millis))
    }

    /// The first heartbeat follows the registration at once, the others in their interval.
    #[test]
    fn heartbeats_follow_the_registration() {
        let steps = steps(&[Outcome::Registered, Outcome::Heard, Outcome::Heard]);

        let expected = [Duration::ZERO, INTERVAL, INTERVAL].map(Step::Beat);
        assert_eq!(steps, expected);
    }

    /// An admin that is away is tried for ever, ever more slowly up to a limit.
    #[test]
    fn an_admin_that_is_away_is_tried_for_ever() {
        let steps = steps(&vec![Outcome::NotRegistered; 100]);

        assert_eq!(steps[..3], [register(20), register(40), register(80)]);
        assert!(steps[5..].iter().all(|step| *step == register(500)));
    }

    /// Who is forgotten, or has lost the admin, registers again, soon.
    #[test]
    fn a_lost_admin_is_registered_with_again() {
        for outcome in [Outcome::Forgotten, Outcome::Lost] {
            let steps = steps(&[Outcome::Registered, Outcome::Heard, outcome]);

            assert_eq!(steps[2], register(20));
        }
    }

    /// An admin that forgets everybody at once is asked ever more slowly.
    #[test]
    fn a_forgetful_admin_is_not_flooded() {
        let round = [Outcome::Registered, Outcome::Forgotten];

        let steps = steps(&[&round[..], &round, &round].concat());

        assert_eq!(
            [steps[1], steps[3], steps[5]],
            [register(20), register(40), register(80)]
        );
    }

    /// A heartbeat that the admin refuses is followed by the next.
    #[test]
    fn a_refused_heartbeat_does_not_begin_anew() {
        let steps = steps(&[Outcome::Registered, Outcome::Refused]);

        assert_eq!(steps[1], Step::Beat(INTERVAL));
    }
}
