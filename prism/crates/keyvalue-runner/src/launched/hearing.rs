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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreKind;

    const EVERY: [Code; 16] = [
        Code::Cancelled,
        Code::Unknown,
        Code::InvalidArgument,
        Code::DeadlineExceeded,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
        Code::Unauthenticated,
    ];

    fn greeting(answer: Result<ProcessHandshakeResponse, Status>) -> Greeting {
        let flags = StoreFlags {
            kind: StoreKind::Memstore,
            max_keys: std::num::NonZeroUsize::MIN,
            redis_url: None,
        };
        Greeting::read(answer, &flags)
    }

    fn codes(is_expected: impl Fn(Status) -> bool) -> Vec<Code> {
        let of = |code: &Code| is_expected(Status::new(*code, "words"));
        EVERY.into_iter().filter(of).collect()
    }

    /// What would be said every time ends a start; whatever else is said, the launcher is asked again.
    #[test]
    fn a_no_ends_the_start() {
        let rejected = |status| matches!(greeting(Err(status)), Greeting::Rejected(_));

        let expected = [
            Code::InvalidArgument,
            Code::NotFound,
            Code::PermissionDenied,
            Code::FailedPrecondition,
            Code::Unimplemented,
            Code::Unauthenticated,
        ];
        assert_eq!(codes(rejected), expected);
    }

    /// An answer may say no as well, and may say yes to what cannot be.
    #[test]
    fn an_answer_may_be_no_or_nonsense() {
        let no = ProcessHandshakeResponse::default();
        let nonsense = ProcessHandshakeResponse {
            accepted: true,
            ..Default::default()
        };

        assert!(matches!(greeting(Ok(no)), Greeting::Rejected(_)));
        assert!(matches!(greeting(Ok(nonsense)), Greeting::Bad(_)));
    }

    /// The words of a no fit into one line.
    #[test]
    fn a_no_is_one_line() {
        let no = Status::not_found("no such\r\nprocess\t!");

        let Greeting::Rejected(words) = greeting(Err(no)) else {
            panic!("it was no rejection")
        };
        assert_eq!(words, "NotFound: no such process !");
    }

    /// A launcher that does not know the process is asked to take it in again; one that is away is told again.
    #[test]
    fn a_failed_heartbeat_has_three_meanings() {
        let forgotten = codes(|status| matches!(Hearing::read(Err(status)), Hearing::Forgotten(_)));
        let away = codes(|status| matches!(Hearing::read(Err(status)), Hearing::Away(_)));

        let strangers = [
            Code::NotFound,
            Code::PermissionDenied,
            Code::FailedPrecondition,
        ];
        let silent = [
            Code::Cancelled,
            Code::Unknown,
            Code::DeadlineExceeded,
            Code::Unavailable,
        ];
        assert_eq!((&forgotten[..], &away[..]), (&strangers[..], &silent[..]));
    }

    /// A heartbeat that is heard brings a wish, unless it asks for what cannot be.
    #[test]
    fn a_heard_heartbeat_brings_a_wish() {
        let answer = |known, shutdown_timeout_ms| {
            Hearing::read(Ok(ProcessHeartbeatResponse {
                known,
                shutdown: true,
                shutdown_timeout_ms,
                ..Default::default()
            }))
        };

        assert!(matches!(answer(true, 1), Hearing::Heard(_)));
        assert!(matches!(answer(true, -1), Hearing::Refused(_)));
        assert!(matches!(answer(false, 1), Hearing::Forgotten(_)));
    }
}
