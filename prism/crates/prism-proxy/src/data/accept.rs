//! Accepting client connections.

use std::future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::plane::{DataPlane, Phase};
use super::workers::Workers;

/// The first pause when the system has no more descriptors or memory to accept with.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// The longest: short enough to be back soon after one is free.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Accepts clients until the data port closes; serves those that it has until it is dropped.
pub(crate) async fn serve(listener: TcpListener, plane: Arc<DataPlane>, mut workers: Workers) {
    accept(&listener, &plane, &mut workers).await;
    drop(listener);
    future::pending::<()>().await;
}

async fn accept(listener: &TcpListener, plane: &DataPlane, workers: &mut Workers) {
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
                if let Err(error) = workers.serve(socket) {
                    tracing::warn!(%error, "cannot serve a connection");
                }
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
