//! Times to live.

use std::time::Duration;

/// How long a record may still live: nothing to ten years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ttl(Duration);

/// What is wrong with a time to live; the text follows the name of the field that held it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TtlError {
    /// It lies in the past.
    #[error("is {seconds}, it can't be negative")]
    Negative {
        /// What was given.
        seconds: i64,
    },
    /// It is over [`Ttl::MAX_SECONDS`].
    #[error("is {seconds}, the limit is {limit} (ten years)", limit = Ttl::MAX_SECONDS)]
    TooLong {
        /// What was given.
        seconds: i64,
    },
}

impl Ttl {
    /// Ten years of 365 days.
    pub const MAX_SECONDS: i64 = 10 * 365 * 24 * 60 * 60;

    /// The time as a duration.
    #[must_use]
    pub fn as_duration(self) -> Duration {
        self.0
    }
}

impl TryFrom<i64> for Ttl {
    type Error = TtlError;

    fn try_from(seconds: i64) -> Result<Self, TtlError> {
        match u64::try_from(seconds) {
            Err(_) => Err(TtlError::Negative { seconds }),
            Ok(_) if seconds > Self::MAX_SECONDS => Err(TtlError::TooLong { seconds }),
            Ok(seconds) => Ok(Self(Duration::from_secs(seconds))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ends of the range are part of it.
    #[test]
    fn the_limits_are_good() {
        assert_eq!(Ttl::try_from(0).unwrap().as_duration(), Duration::ZERO);
        assert!(Ttl::try_from(Ttl::MAX_SECONDS).is_ok());
    }

    /// Beyond them the error names value and limit.
    #[test]
    fn negative_and_over_ten_years_are_refused() {
        for seconds in [-1, i64::MIN, Ttl::MAX_SECONDS + 1, i64::MAX] {
            let error = Ttl::try_from(seconds).unwrap_err().to_string();
            assert!(error.starts_with(&format!("is {seconds}, ")), "{error}");
        }
    }
}
