//! Connections to the service that is measured.

use bytes::Bytes;
use h2::client::SendRequest;
use prism_process::config::PeerAddress;
use tokio::net::TcpStream;

use crate::error::LoadError;

/// Opens a connection, with windows of the protocol's default size: a slow reader must not hide in large ones.
pub(crate) async fn open(target: &PeerAddress) -> Result<SendRequest<Bytes>, LoadError> {
    let unreachable = |cause| LoadError::Unreachable {
        target: target.clone(),
        cause,
    };
    let socket = TcpStream::connect(target.as_str())
        .await
        .map_err(unreachable)?;
    socket.set_nodelay(true).map_err(unreachable)?;
    let (client, connection) =
        h2::client::handshake(socket)
            .await
            .map_err(|cause| LoadError::Handshake {
                target: target.clone(),
                cause,
            })?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended");
        }
    });
    Ok(client)
}
