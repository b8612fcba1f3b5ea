//! The orders that mean a drain, and how each is answered.

use std::fmt;

use prism_api::interfaces::{
    DrainRequest, DrainResponse, ShutdownRequest, StopRequest, StopResponse,
};

use super::Refusal;
use crate::drain::Drained;

/// An order to drain, whichever of the three it was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DrainOrder<'a> {
    name: &'static str,
    pub(super) timeout_seconds: i32,
    reason: &'a str,
    /// Whether the records are to be removed after the drain.
    pub(super) purge: bool,
}

impl DrainOrder<'_> {
    pub(super) fn purging(self, purge: bool) -> Self {
        Self { purge, ..self }
    }
}

impl fmt::Display for DrainOrder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            "" => f.write_str(self.name),
            reason => write!(f, "{}, {reason}", self.name),
        }
    }
}

impl<'a> From<&'a DrainRequest> for DrainOrder<'a> {
    fn from(request: &'a DrainRequest) -> Self {
        Self {
            name: "drain",
            timeout_seconds: request.timeout_seconds,
            reason: &request.reason,
            purge: false,
        }
    }
}

impl<'a> From<&'a ShutdownRequest> for DrainOrder<'a> {
    fn from(request: &'a ShutdownRequest) -> Self {
        Self {
            name: "shut down",
            timeout_seconds: request.timeout_seconds,
            reason: &request.reason,
            purge: false,
        }
    }
}

impl From<&StopRequest> for DrainOrder<'_> {
    fn from(request: &StopRequest) -> Self {
        Self {
            name: "stop",
            timeout_seconds: request.timeout_seconds,
            reason: "",
            purge: false,
        }
    }
}

impl From<Drained> for DrainResponse {
    fn from(drained: Drained) -> Self {
        Self {
            success: true,
            drained_operations: drained.finished_operations(),
            aborted_operations: drained.aborted_operations(),
            ..Default::default()
        }
    }
}

impl From<Drained> for StopResponse {
    fn from(_: Drained) -> Self {
        Self {
            success: true,
            ..Default::default()
        }
    }
}

impl From<Refusal> for DrainResponse {
    fn from(refusal: Refusal) -> Self {
        Self {
            error: refusal.to_string(),
            ..Default::default()
        }
    }
}

impl From<Refusal> for StopResponse {
    fn from(refusal: Refusal) -> Self {
        Self {
            error: refusal.to_string(),
            ..Default::default()
        }
    }
}
