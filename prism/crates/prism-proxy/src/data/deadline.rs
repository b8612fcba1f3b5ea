//! The deadline of a call, from its `grpc-timeout`.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

/// The metadata that carries the time a client gives its call.
const HEADER: &str = "grpc-timeout";

/// The most digits that the protocol allows.
const MAX_DIGITS: usize = 8;

/// A `grpc-timeout` that is not of the form the protocol gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("grpc-timeout is malformed: 1 to 8 digits and one of H, M, S, m, u, n")]
pub(crate) struct MalformedTimeout;

/// The time that a client gives its call; none where it waits for ever.
pub(crate) fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, MalformedTimeout> {
    headers.get(HEADER).map(parse).transpose()
}

fn parse(value: &HeaderValue) -> Result<Duration, MalformedTimeout> {
    let text = value.to_str().map_err(|_| MalformedTimeout)?;
    let (digits, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or(MalformedTimeout)?;
    if digits.len() > MAX_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MalformedTimeout);
    }
    let count: u64 = digits.parse().map_err(|_| MalformedTimeout)?;
    match unit {
        "H" => Ok(Duration::from_secs(count * 3600)),
        "M" => Ok(Duration::from_secs(count * 60)),
        "S" => Ok(Duration::from_secs(count)),
        "m" => Ok(Duration::from_millis(count)),
        "u" => Ok(Duration::from_micros(count)),
        "n" => Ok(Duration::from_nanos(count)),
        _ => Err(MalformedTimeout),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &'static str) -> Result<Duration, MalformedTimeout> {
        parse(&HeaderValue::from_static(text))
    }

    /// Every unit of the protocol is understood.
    #[test]
    fn every_unit_is_understood() {
        assert_eq!(parsed("2H"), Ok(Duration::from_secs(7200)));
        assert_eq!(parsed("3M"), Ok(Duration::from_secs(180)));
        assert_eq!(parsed("4S"), Ok(Duration::from_secs(4)));
        assert_eq!(parsed("500m"), Ok(Duration::from_millis(500)));
        assert_eq!(parsed("6u"), Ok(Duration::from_micros(6)));
        assert_eq!(parsed("99999999n"), Ok(Duration::from_nanos(99_999_999)));
    }

    /// Row 20: what the protocol does not allow is refused, not guessed.
    #[test]
    fn malformed_is_refused() {
        for text in [
            "",
            "S",
            "5",
            "5x",
            "-1S",
            "+1S",
            "1.5S",
            "123456789m",
            "5 S",
        ] {
            assert_eq!(parsed(text), Err(MalformedTimeout), "{text:?}");
        }
        let accented = HeaderValue::from_bytes("5é".as_bytes()).unwrap();
        assert_eq!(parse(&accented), Err(MalformedTimeout));
    }
}
