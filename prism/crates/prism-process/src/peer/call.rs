//! Calls to a peer: how long one may take, and what a failed one says.

use std::error::Error;
use std::time::Duration;

use tokio::time::timeout;
use tonic::{Code, Request, Status};

/// A request that its receiver knows the deadline of.
pub fn timed<T>(message: T, limit: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}

/// The outcome of a call, if it comes in time.
pub async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let in_time = timeout(limit, call).await;
    in_time.unwrap_or_else(|_| Err(Status::deadline_exceeded("it did not answer in time")))
}

/// Whether this is said of a peer that cannot be heard, rather than by it.
#[must_use]
pub fn is_away(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown
    )
}

/// What a failed call says, for people.
#[must_use]
pub fn said(status: &Status) -> String {
    match status.source() {
        Some(source) => cause(source),
        None => format!("{:?}: {}", status.code(), status.message()),
    }
}

/// The innermost cause, such as a refused connection: what is around it says only that there was one.
#[must_use]
pub fn cause(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::io;

    use super::*;

    /// A peer that says nothing is away when the time is over; what it says in time stands.
    #[tokio::test]
    async fn silence_has_an_end() {
        let silent = within::<()>(Duration::ZERO, pending()).await;
        let refused = within::<()>(Duration::MAX, async { Err(Status::not_found("x")) }).await;

        assert!(is_away(silent.unwrap_err().code()));
        assert!(!is_away(refused.unwrap_err().code()));
    }

    /// A person reads what refused the connection, or else the words of the peer.
    #[test]
    fn what_is_said_is_for_people() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let unreachable = Status::from_error(Box::new(refused));

        assert_eq!(said(&unreachable), "connection refused");
        assert_eq!(
            said(&Status::not_found("no such process")),
            "NotFound: no such process"
        );
    }
}
