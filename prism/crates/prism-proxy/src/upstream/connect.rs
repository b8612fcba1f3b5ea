//! Connecting to a runner.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use h2::client::{Connection, SendRequest};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::limits;

/// A runner that can't be connected to; shared by every call that waited for the attempt.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The connection was refused, or the address leads nowhere.
    #[error("{0}")]
    Io(Arc<io::Error>),
    /// Nothing came back at all.
    #[error("no answer within {:?}", limits::CONNECT_TIMEOUT)]
    TimedOut,
    /// It does not speak HTTP/2, or went before it did.
    #[error("{0}")]
    Http2(Arc<h2::Error>),
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

impl From<h2::Error> for ConnectError {
    fn from(error: h2::Error) -> Self {
        Self::Http2(Arc::new(error))
    }
}

/// A new HTTP/2 connection: where requests go, and what drives it.
pub(super) type Opened = (SendRequest<Bytes>, Connection<TcpStream, Bytes>);

pub(super) async fn connect(address: &str) -> Result<Opened, ConnectError> {
    timeout(limits::CONNECT_TIMEOUT, handshake(address))
        .await
        .map_err(|_| ConnectError::TimedOut)?
}

async fn handshake(address: &str) -> Result<Opened, ConnectError> {
    let socket = TcpStream::connect(address).await?;
    refuse_itself(&socket)?;
    socket.set_nodelay(true)?;
    Ok(limits::client().handshake(socket).await?)
}

/// A connection to a local port that nobody listens on can meet itself.
fn refuse_itself(socket: &TcpStream) -> io::Result<()> {
    if socket.local_addr()? == socket.peer_addr()? {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(())
}
