//! Accepting client connections.

use std::future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;

use super::plane::{DataPlane, Phase};
use super::workers::Workers;

/// The first pause when the system has no more descriptors or memory to accept with.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// The longest: short enough to be back soon after one is free.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// How often the log tells of the same shortage.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Accepts clients until the data port closes; serves those that it has until it is dropped.
pub(crate) async fn serve(listener: TcpListener, plane: Arc<DataPlane>, mut workers: Workers) {
    accept(&listener, &plane, &mut workers).await;
    drop(listener);
    future::pending::<()>().await;
}

async fn accept(listener: &TcpListener, plane: &DataPlane, workers: &mut Workers) {
    let mut shortage = Shortage::default();
    loop {
        let accepted = tokio::select! {
            biased;
            () = plane.reached(Phase::Closing) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted.and_then(|(socket, _)| workers.serve(socket)) {
            Ok(()) => shortage.ease(),
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => tokio::time::sleep(shortage.grow(&error)).await,
        }
    }
}

/// The system lacks what it takes to accept: descriptors or memory.
#[derive(Default)]
struct Shortage {
    pause: Option<Duration>,
    told: Option<Instant>,
}

impl Shortage {
    /// How long to wait before the next try; tells of the shortage, now and then.
    fn grow(&mut self, error: &io::Error) -> Duration {
        let pause = self
            .pause
            .map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        self.pause = Some(pause);
        if self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            tracing::warn!(%error, "cannot accept connections, they wait");
            self.told = Some(Instant::now());
        }
        pause
    }

    fn ease(&mut self) {
        self.pause = None;
    }
}

/// The client went away while it waited; nothing is wrong here.
fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses double up to a limit, and begin anew after a success.
    #[tokio::test]
    async fn pauses_double_until_a_connection_is_accepted() {
        let mut shortage = Shortage::default();
        let error = io::Error::other("too many open files");

        let pauses: Vec<_> = (0..9).map(|_| shortage.grow(&error).as_millis()).collect();
        shortage.ease();

        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 500, 500]);
        assert_eq!(shortage.grow(&error), FIRST_PAUSE);
    }
}
