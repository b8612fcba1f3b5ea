//! Why a measurement could not be made.

use std::io;

use prism_process::config::PeerAddress;
use prism_process::notify::NotifyError;
use prism_process::{Exit, Failure, ListenError};

/// Ends the program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("cannot connect to {target}: {cause}")]
    Unreachable {
        target: PeerAddress,
        #[source]
        cause: io::Error,
    },
    #[error("{target} does not speak HTTP/2: {cause}")]
    Handshake {
        target: PeerAddress,
        #[source]
        cause: h2::Error,
    },
    #[error("{0:?} is no path of a gRPC method, such as /package.Service/Method")]
    Path(String),
    #[error("the call failed: {0}")]
    Call(#[from] CallError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Notify(#[from] NotifyError),
    #[error("cannot wait for signals or clients: {0}")]
    System(#[from] io::Error),
}

/// Why one call has no good answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("the connection or the stream broke: {0}")]
    Broken(#[from] h2::Error),
    #[error("it ended with grpc-status {0}")]
    Status(String),
    #[error("it ended with HTTP status {0}")]
    Http(http::StatusCode),
}

impl Failure for LoadError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } | Self::Handshake { .. } | Self::Call(_) => Exit::Peer,
            Self::Path(_) => Exit::Usage,
            Self::Listen(error) => error.exit(),
            Self::Notify(error) => error.exit(),
            Self::System(_) => Exit::Internal,
        }
    }
}
