//! What ends the runner before it was asked to stop.

use std::io;

use prism_process::config::PeerAddress;
use prism_process::{Exit, Failure, ListenError};

use crate::launched::BadAnswer;

/// Why the runner could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The address can't be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The system refused what every program needs.
    #[error("cannot {what}: {cause}")]
    System {
        /// What it refused.
        what: &'static str,
        /// What it said.
        #[source]
        cause: io::Error,
    },
    /// A proxy will never take the runner, however often it asks.
    #[error(
        "proxy {proxy} can never take this runner: {reason}; check --proxy and the versions of both"
    )]
    Proxy {
        /// Which proxy.
        proxy: PeerAddress,
        /// What it said.
        reason: String,
    },
    /// The launcher will never take this process, however often it asks.
    #[error(
        "launcher {launcher} does not take this process: {reason}; check --launcher and --process-id, \
         and that it is the launcher that started it"
    )]
    Launcher {
        /// Where the launcher is.
        launcher: PeerAddress,
        /// What it said.
        reason: String,
    },
    /// The launcher's answer is no configuration.
    #[error("launcher {launcher} hands over what cannot be: {cause}")]
    Assignment {
        /// Where the launcher is.
        launcher: PeerAddress,
        /// What is wrong with it.
        #[source]
        cause: BadAnswer,
    },
    /// The server ended by itself.
    #[error("the server stopped: {0}")]
    Server(String),
}

impl Failure for RunError {
    fn exit(&self) -> Exit {
        match self {
            Self::Listen(error) => error.exit(),
            Self::Proxy { .. } | Self::Launcher { .. } => Exit::Peer,
            Self::Assignment { .. } => Exit::Usage,
            Self::System { .. } | Self::Server(_) => Exit::Internal,
        }
    }
}
