//! One client connection.

use std::sync::Arc;

use bytes::Bytes;
use h2::server::Connection;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::call;
use super::plane::{DataPlane, Phase};
use crate::limits;

/// Serves a client's connection until it is closed, by whichever side.
pub(super) async fn serve(plane: Arc<DataPlane>, worker: usize, socket: TcpStream) {
    let _counted = plane.count_connection();
    // Small frames must not wait for one another.
    let _ = socket.set_nodelay(true);
    let handshake = limits::server().handshake(socket);
    let outcome = match timeout(limits::PREFACE_TIMEOUT, handshake).await {
        Ok(Ok(connection)) => serve_calls(&plane, worker, connection).await,
        Ok(Err(error)) => Err(error),
        Err(_) => return tracing::debug!("a client did not begin to speak HTTP/2"),
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "client connection ended");
    }
}

async fn serve_calls(
    plane: &Arc<DataPlane>,
    worker: usize,
    mut connection: Connection<TcpStream, Bytes>,
) -> Result<(), h2::Error> {
    let mut closing = std::pin::pin!(plane.reached(Phase::Closing));
    let mut told = false;
    loop {
        tokio::select! {
            biased;
            () = &mut closing, if !told => {
                connection.graceful_shutdown();
                told = true;
            }
            accepted = connection.accept() => {
                let Some(call) = accepted else { return Ok(()) };
                let (request, respond) = call?;
                let plane = Arc::clone(plane);
                tokio::spawn(async move {
                    call::serve(&plane, worker, request, respond).await;
                });
            }
        }
    }
}
