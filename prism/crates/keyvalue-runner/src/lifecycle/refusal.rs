//! Why the runner does not do what it is told.

use prism_api::interfaces::{InitializeResponse, StartResponse};
use tonic::Status;

/// An order that the runner does not obey.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// A field is not what it has to be.
    #[error("{0}")]
    Malformed(String),
    /// The order comes at the wrong time.
    #[error("{0}")]
    OutOfOrder(&'static str),
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Malformed(reason) => Self::invalid_argument(reason),
            Refusal::OutOfOrder(reason) => Self::failed_precondition(reason),
        }
    }
}

impl From<Refusal> for InitializeResponse {
    fn from(refusal: Refusal) -> Self {
        Self {
            error: refusal.to_string(),
            ..Default::default()
        }
    }
}

impl From<Refusal> for StartResponse {
    fn from(refusal: Refusal) -> Self {
        Self {
            error: refusal.to_string(),
            ..Default::default()
        }
    }
}
