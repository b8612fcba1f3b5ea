//! The options that every Prism program has.

use std::time::Duration;

use super::Options;
use crate::{LogFormat, LogLevel};

/// A program's typed configuration.
pub trait Configuration: Sized {
    /// Takes every option; `None` if one of them was bad, after all were taken.
    fn read(options: &mut Options) -> Option<Self>;

    /// The part that every program has.
    fn common(&self) -> &Common;
}

/// What every program is told.
#[derive(Debug, Clone)]
pub struct Common {
    /// How long calls in flight may take to finish once a drain has begun.
    pub drain_timeout: Duration,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_level: LogLevel,
}

impl Common {
    /// Takes the common options; call it last, so that the help lists them last.
    pub fn read(options: &mut Options) -> Option<Self> {
        let drain_timeout = options.one(
            "drain-timeout",
            "30s",
            "How long calls in flight may take to finish",
        );
        let log_format = options.one("log-format", "text", "How log lines are written");
        let log_level = options.one(
            "log-level",
            "info",
            "What is logged, such as debug or info,h2=warn",
        );
        Some(Self {
            drain_timeout: drain_timeout?,
            log_format: log_format?,
            log_level: log_level?,
        })
    }
}
