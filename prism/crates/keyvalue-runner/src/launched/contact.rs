//! How the runner stands with the launcher that took it in, and what it does next.
//!
//! ## Known => Stranger when the launcher does not know us => Known again; given up from Stranger
//!
//! Nothing here waits, sends or looks at a clock.

use std::time::Duration;

use prism_process::peer::Backoff;

/// The launcher listens before it starts a process, so the first try nearly always finds it.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// The longest pause before a launcher that is away is told again.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What came of the last thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The launcher took the process in again, and hears of it this often.
    Accepted(Duration),
    /// It will never take the process again, and why.
    Rejected(String),
    /// It heard the heartbeat.
    Heard,
    /// It does not know the process.
    Forgotten,
    /// It is there, and finds fault with the heartbeat.
    Refused,
    /// It is away.
    Lost,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask to be taken in, after this pause.
    Greet(Duration),
    /// Send a heartbeat, this long after the last thing that was sent.
    Beat(Duration),
    /// There is nothing more to do, for this reason.
    GiveUp(String),
}

/// How the runner stands with its launcher.
#[derive(Debug)]
pub(super) struct Contact {
    backoff: Backoff,
    interval: Duration,
    is_known: bool,
}

impl Contact {
    /// A process that was just taken in, and is to be heard of in every interval.
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            backoff: Backoff::new(FIRST_PAUSE),
            interval,
            is_known: true,
        }
    }

    /// What to do after this.
    pub(super) fn after(&mut self, outcome: Outcome) -> Step {
        match outcome {
            Outcome::Accepted(interval) => {
                (self.interval, self.is_known) = (interval, true);
                // It waits for the first one, to call the process running.
                Step::Beat(Duration::ZERO)
            }
            Outcome::Rejected(reason) => Step::GiveUp(reason),
            Outcome::Heard => {
                // Only now: a launcher that takes everybody in and forgets them is not asked ever faster.
                self.backoff.reset();
                Step::Beat(self.interval)
            }
            Outcome::Refused => Step::Beat(self.interval),
            // It may be back at any moment, and knows nothing new of the process until then.
            Outcome::Lost if self.is_known => Step::Beat(self.interval.min(LONGEST_PAUSE)),
            Outcome::Lost | Outcome::Forgotten => {
                self.is_known = false;
                Step::Greet(self.backoff.pause())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(5);
    const ACCEPTED: Outcome = Outcome::Accepted(INTERVAL);

    fn steps(outcomes: &[Outcome]) -> Vec<Step> {
        let mut contact = Contact::new(INTERVAL);
        outcomes
            .iter()
            .map(|outcome| contact.after(outcome.clone()))
            .collect()
    }

    fn greet(millis: u64) -> Step {
        Step::Greet(Duration::from_millis(millis))
    }

    /// A launcher that hears is told again in its interval.
    #[test]
    fn heartbeats_come_in_their_interval() {
        let steps = steps(&[Outcome::Heard, Outcome::Heard]);

        assert_eq!(steps, [INTERVAL; 2].map(Step::Beat));
    }

    /// A launcher that was lost hears the next heartbeat within half a second, or sooner if it wants them so.
    #[test]
    fn a_lost_launcher_is_told_again() {
        for (interval, pause) in [(5000, 500), (50, 50)] {
            let accepted = Outcome::Accepted(Duration::from_millis(interval));

            let steps = steps(&[accepted, Outcome::Lost, Outcome::Lost]);

            assert_eq!(
                steps[1..],
                [Duration::from_millis(pause); 2].map(Step::Beat)
            );
        }
    }

    /// Who is forgotten asks to be taken in again, and is then heard of at once, and in the interval that is said now.
    #[test]
    fn who_is_forgotten_begins_anew() {
        let quicker = Outcome::Accepted(Duration::from_secs(1));

        let steps = steps(&[Outcome::Forgotten, quicker, Outcome::Heard]);

        let beats = [Duration::ZERO, Duration::from_secs(1)].map(Step::Beat);
        assert_eq!(steps[0], greet(1));
        assert_eq!(steps[1..], beats);
    }

    /// Who was forgotten and then finds nobody asks for ever, ever more slowly up to half a second.
    #[test]
    fn who_is_forgotten_asks_on() {
        let mut outcomes = vec![Outcome::Lost; 100];
        outcomes[0] = Outcome::Forgotten;

        let steps = steps(&outcomes);

        assert_eq!(steps[..3], [greet(1), greet(2), greet(4)]);
        assert!(steps[9..].iter().all(|step| *step == greet(500)));
    }

    /// A launcher that forgets everybody at once is asked ever more slowly.
    #[test]
    fn a_forgetful_launcher_is_not_flooded() {
        let round = [Outcome::Forgotten, ACCEPTED];

        let steps = steps(&[&round[..], &round, &round].concat());

        assert_eq!(
            [&steps[0], &steps[2], &steps[4]],
            [&greet(1), &greet(2), &greet(4)]
        );
    }

    /// A launcher that says no is not asked again.
    #[test]
    fn a_no_is_final() {
        let rejected = Outcome::Rejected("no such process".to_owned());

        let steps = steps(&[rejected]);

        assert_eq!(steps, [Step::GiveUp("no such process".to_owned())]);
    }

    /// A heartbeat that the launcher finds fault with is followed by the next.
    #[test]
    fn a_refused_heartbeat_does_not_begin_anew() {
        let steps = steps(&[Outcome::Refused]);

        assert_eq!(steps[0], Step::Beat(INTERVAL));
    }
}
