//! Stop with a purge: beside the message, the metadata ask for it and tell what came of it.

use prism_api::interfaces::StopResponse;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Response, Status};

use super::Refusal;
use crate::drain::Drained;

/// The metadata that ask for the records to be removed after the drain.
const ASKED: &str = "x-prism-purge";
/// The metadata that tell how many there were.
const REMOVED: &str = "x-prism-keys-removed";

/// Whether the metadata of a Stop ask for a purge.
pub(super) fn is_asked(metadata: &MetadataMap) -> Result<bool, Refusal> {
    match metadata.get(ASKED).map(MetadataValue::as_bytes) {
        None | Some(b"0") => Ok(false),
        Some(b"1") => Ok(true),
        Some(other) => Err(Refusal::Malformed(format!(
            "{ASKED} is {:?}, it has to be 1 or 0",
            String::from_utf8_lossy(other)
        ))),
    }
}

/// The answer to a Stop, with the number of keys that were removed if that was asked for.
pub(super) fn answer(asked: bool, drained: Drained) -> Result<Response<StopResponse>, Status> {
    let purged = drained.purged.clone().filter(|_| asked).transpose();
    let removed = purged.map_err(|reason| Status::unavailable(format!("drained, {reason}")))?;
    let mut response = Response::new(drained.into());
    if let Some(removed) = removed {
        let keys = MetadataValue::from(u64::try_from(removed).unwrap_or(u64::MAX));
        response.metadata_mut().insert(REMOVED, keys);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(value: &str) -> MetadataMap {
        let mut metadata = MetadataMap::new();
        metadata.insert(ASKED, value.parse().unwrap());
        metadata
    }

    fn drained(purged: Result<usize, String>) -> Drained {
        Drained {
            purged: Some(purged),
            ..Drained::default()
        }
    }

    /// Only a 1 asks for it, and what is neither yes nor no is refused.
    #[test]
    fn a_purge_is_asked_for_in_one_way() {
        assert_eq!(is_asked(&MetadataMap::new()), Ok(false));
        assert_eq!(is_asked(&metadata("0")), Ok(false));
        assert_eq!(is_asked(&metadata("1")), Ok(true));
        assert!(is_asked(&metadata("yes")).is_err());
    }

    /// Who asked hears the number; who did not, nothing of it.
    #[test]
    fn who_asked_hears_the_number() {
        let told = answer(true, drained(Ok(12))).unwrap();
        let untold = answer(false, drained(Ok(12))).unwrap();

        assert_eq!(told.metadata().get(REMOVED).unwrap(), "12");
        assert!(told.get_ref().success);
        assert!(untold.metadata().get(REMOVED).is_none());
    }

    /// A backend that fails is the reason, and only who asked for the purge is told.
    #[test]
    fn a_failed_purge_has_its_reason() {
        let failed = drained(Err("redis failed: connection refused".to_owned()));

        let status = answer(true, failed.clone()).unwrap_err();

        assert_eq!(status.code(), tonic::Code::Unavailable);
        assert!(
            status
                .message()
                .contains("redis failed: connection refused")
        );
        assert!(answer(false, failed).is_ok());
    }
}
