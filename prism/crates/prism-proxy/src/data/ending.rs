//! How a call ends, and what the client gets to see of it.

use h2::{Error, Reason};
use http::HeaderMap;
use tonic::{Code, Status};

/// Where the status of a call stands in the last headers of its answer.
const STATUS: &str = "grpc-status";

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The runner's whole answer was passed on, with this status in it.
    Complete(Code),
    /// The client reset its stream or went away.
    ClientGone(Reason),
    /// The runner reset its stream: the same reset goes to the client.
    Reset(Reason),
    /// The proxy answers in the runner's place.
    Status(Status),
}

impl Ending {
    /// The status with which the call counts: what its client makes of the ending.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Complete(code) => *code,
            Self::ClientGone(_) | Self::Reset(Reason::CANCEL) => Code::Cancelled,
            Self::Reset(Reason::REFUSED_STREAM) => Code::Unavailable,
            Self::Reset(Reason::ENHANCE_YOUR_CALM) => Code::ResourceExhausted,
            Self::Reset(_) => Code::Internal,
            Self::Status(status) => status.code(),
        }
    }
}

/// The status in the last headers of an answer; an answer without is one of unknown status.
pub(crate) fn status_in(last: &HeaderMap) -> Code {
    let status = last.get(STATUS);
    status.map_or(Code::Unknown, |status| Code::from_bytes(status.as_bytes()))
}

/// What became of a call whose runner's stream broke.
///
/// A reset goes through as it is. A connection that closes without having looked at the request counts as
/// a refusal, which clients may retry by themselves; the proxy never does. Everything else is a lost runner.
pub(crate) fn of_broken_response(error: &Error, runner: &str) -> Ending {
    match error.reason() {
        Some(reason) if error.is_reset() => Ending::Reset(reason),
        _ if error.is_go_away() && error.is_remote() => Ending::Reset(Reason::REFUSED_STREAM),
        _ => Ending::Status(Status::unavailable(format!(
            "the runner at {runner} was lost during the call: {error}"
        ))),
    }
}

/// The reset that tells the runner what its client did: the client's own, or CANCEL where it is gone.
pub(crate) fn of_broken_request(error: &Error) -> Ending {
    let reason = error.reason().filter(|_| !error.is_go_away());
    Ending::ClientGone(reason.unwrap_or(Reason::CANCEL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(ending: Ending) -> String {
        match ending {
            Ending::Status(status) => format!("{:?}", status.code()),
            other => format!("{other:?}"),
        }
    }

    /// A client's reset goes on with its code; a client that is gone is a CANCEL.
    #[test]
    fn a_broken_request_is_reset_with_the_clients_code() {
        let reset = of_broken_request(&Error::from(Reason::NO_ERROR));

        assert_eq!(shown(reset), "ClientGone(NO_ERROR)");
    }

    /// An error that is neither a reset nor a refusal is a lost runner.
    #[test]
    fn anything_else_is_a_lost_runner() {
        let lost = of_broken_response(&Error::from(Reason::INTERNAL_ERROR), "r");

        assert_eq!(shown(lost), "Unavailable");
    }
}
