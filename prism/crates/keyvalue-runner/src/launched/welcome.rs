//! The first handshake: before it the runner knows neither whom to serve nor from which store.

use prism_process::Shutdown;
use prism_process::peer::Backoff;
use tokio::time::sleep;

use super::answer::Terms;
use super::contact::{Contact, FIRST_PAUSE};
use super::hearing::Greeting;
use super::launcher::Launcher;
use super::link::Link;
use super::settings::LaunchSettings;
use crate::assignment::Assignment;
use crate::error::RunError;

/// What a process has that was taken in.
pub(crate) struct Welcome {
    pub(crate) assignment: Assignment,
    pub(crate) link: Link,
}

/// Asks the launcher what to serve until it says so; nothing, if the runner is asked to stop before.
pub(crate) async fn welcome(
    settings: LaunchSettings,
    endpoint: String,
    shutdown: &Shutdown,
) -> Result<Option<Welcome>, RunError> {
    tokio::select! {
        biased;
        () = shutdown.draining() => Ok(None),
        welcome = ask(Launcher::new(settings, endpoint)) => welcome.map(Some),
    }
}

async fn ask(mut launcher: Launcher) -> Result<Welcome, RunError> {
    let mut backoff = Backoff::new(FIRST_PAUSE);
    let mut complaint = None;
    loop {
        let answer = launcher.greet().await;
        let address = &launcher.settings.address;
        match Greeting::read(answer, &launcher.settings.store) {
            Greeting::Accepted(terms) => return Ok(taken_in(launcher, terms)),
            Greeting::Rejected(reason) => {
                let launcher = address.clone();
                return Err(RunError::Launcher { launcher, reason });
            }
            Greeting::Bad(cause) => {
                let launcher = address.clone();
                return Err(RunError::Assignment { launcher, cause });
            }
            Greeting::Away(cause) if complaint.as_ref() != Some(&cause) => {
                tracing::warn!(launcher = %address, cause, "the launcher is away: nothing to serve yet");
                complaint = Some(cause);
            }
            Greeting::Away(_) => {}
        }
        sleep(backoff.pause()).await;
    }
}

fn taken_in(launcher: Launcher, terms: Terms) -> Welcome {
    let contact = Contact::new(terms.heartbeat_interval);
    Welcome {
        assignment: terms.assignment,
        link: Link::new(launcher, contact),
    }
}
