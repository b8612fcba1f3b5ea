//! How long a caller waits, from the call's `grpc-timeout`.

use std::time::Duration;

use tonic::metadata::MetadataMap;

const METADATA: &str = "grpc-timeout";

/// The time that a call was given; none where it was not said, or not in the protocol's form.
pub(super) fn given(metadata: &MetadataMap) -> Option<Duration> {
    let text = metadata.get(METADATA)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count: u32 = digits.parse().ok()?;
    Some(unit_of(unit)? * count)
}

fn unit_of(letter: &str) -> Option<Duration> {
    match letter {
        "H" => Some(Duration::from_secs(3600)),
        "M" => Some(Duration::from_secs(60)),
        "S" => Some(Duration::from_secs(1)),
        "m" => Some(Duration::from_millis(1)),
        "u" => Some(Duration::from_micros(1)),
        "n" => Some(Duration::from_nanos(1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &'static str) -> Option<Duration> {
        let mut metadata = MetadataMap::new();
        metadata.insert(METADATA, text.parse().unwrap());
        given(&metadata)
    }

    /// Every unit counts, up to the eight digits of the protocol.
    #[test]
    fn every_unit_is_understood() {
        assert_eq!(of("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(of("3M"), Some(Duration::from_secs(180)));
        assert_eq!(of("4S"), Some(Duration::from_secs(4)));
        assert_eq!(of("500m"), Some(Duration::from_millis(500)));
        assert_eq!(of("6u"), Some(Duration::from_micros(6)));
        assert_eq!(of("99999999n"), Some(Duration::from_nanos(99_999_999)));
    }

    /// What says nothing sets no limit.
    #[test]
    fn nothing_said_is_no_limit() {
        for text in ["S", "5", "5x", "-1S", "1.5S", "5 S"] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(given(&MetadataMap::new()), None);
    }
}
