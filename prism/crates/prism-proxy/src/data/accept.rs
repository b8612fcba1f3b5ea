//! Accepting client connections.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::connection;
use super::plane::{DataPlane, Phase};

/// The first pause when the system has no more descriptors or memory to accept with.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// The longest: short enough to be back soon after one is free.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Serves the data port until it closes; connections go on by themselves.
pub(crate) async fn serve(listener: TcpListener, plane: Arc<DataPlane>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let accepted = tokio::select! {
            biased;
            () = plane.reached(Phase::Closing) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, _)) => {
                pause = FIRST_PAUSE;
                tokio::spawn(connection::serve(Arc::clone(&plane), 0, socket));
            }
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => {
                tracing::warn!(%error, ?pause, "cannot accept a connection");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
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
