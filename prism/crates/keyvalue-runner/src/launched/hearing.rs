//! What the launcher makes of the runner: its answers and its silence, told apart.

use prism_api::launcher::{ProcessHandshakeResponse, ProcessHeartbeatResponse};
use prism_process::peer::{is_away, said};
use tonic::{Code, Status};

use super::answer::{BadAnswer, Terms, Wish};
use crate::store::StoreFlags;

/// What came of a handshake.
#[derive(Debug)]
pub(super) enum Greeting {
    /// The process is taken in, on these terms.
    Accepted(Terms),
    /// The process will never be taken in, and why.
    Rejected(String),
    /// The process is taken in, on terms that can't be met.
    Bad(BadAnswer),
    /// The launcher is away, and why.
    Away(String),
}

impl Greeting {
    pub(super) fn read(
        answer: Result<ProcessHandshakeResponse, Status>,
        flags: &StoreFlags,
    ) -> Self {
        match answer {
            Ok(answer) if answer.accepted => {
                Terms::read(&answer, flags).map_or_else(Self::Bad, Self::Accepted)
            }
            Ok(answer) => Self::Rejected(one_line(&answer.error)),
            Err(status) if is_final(status.code()) => Self::Rejected(one_line(&said(&status))),
            Err(status) => Self::Away(said(&status)),
        }
    }
}

/// What came of a heartbeat.
#[derive(Debug)]
pub(super) enum Hearing {
    /// The launcher knows the process, and wants this of it.
    Heard(Wish),
    /// It does not know the process, and says so.
    Forgotten(String),
    /// It is there, and finds fault with the heartbeat, or asks for what can't be.
    Refused(String),
    /// It is away, and why.
    Away(String),
}

impl Hearing {
    pub(super) fn read(answer: Result<ProcessHeartbeatResponse, Status>) -> Self {
        match answer {
            Ok(answer) if answer.known => Wish::read(&answer)
                .map_or_else(|error| Self::Refused(error.to_string()), Self::Heard),
            Ok(answer) => Self::Forgotten(answer.reason),
            Err(status) if is_away(status.code()) => Self::Away(said(&status)),
            Err(status) if is_strangers(status.code()) => Self::Forgotten(said(&status)),
            Err(status) => Self::Refused(said(&status)),
        }
    }
}

/// Whether a handshake would be answered so every time.
fn is_final(code: Code) -> bool {
    is_strangers(code)
        || matches!(
            code,
            Code::Unimplemented | Code::InvalidArgument | Code::Unauthenticated
        )
}

/// Whether this is said to a process that is not known, or not by this token, or not by now.
fn is_strangers(code: Code) -> bool {
    matches!(
        code,
        Code::NotFound | Code::PermissionDenied | Code::FailedPrecondition
    )
}

/// Words from elsewhere, fit for the one line that an error has.
fn one_line(words: &str) -> String {
    words
        .split(|c: char| c.is_control())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
