//! Logs: one line an event, on stderr.

use std::io::{self, IsTerminal};
use std::str::FromStr;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::Value;

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Value for LogFormat {
    const SHAPE: &'static str = "text|json";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("is neither text nor json".to_owned()),
        }
    }
}

/// What is logged: a level, or a list such as `info,h2=warn`.
#[derive(Debug, Clone)]
pub struct LogLevel(Targets);

impl Value for LogLevel {
    const SHAPE: &'static str = "LEVEL";

    fn parse(text: &str) -> Result<Self, String> {
        let known = |part: &str| tracing::level_filters::LevelFilter::from_str(part).is_ok();
        let levels = text
            .split(',')
            .map(|part| part.rsplit('=').next().unwrap_or_default());
        if let Some(wrong) = levels.into_iter().find(|level| !known(level)) {
            return Err(format!(
                "has no level {wrong:?}: use off, error, warn, info, debug or trace"
            ));
        }
        Targets::from_str(text)
            .map(Self)
            .map_err(|error| error.to_string())
    }
}

/// Sends the events of this process to stderr; a process that already logs stays as it is.
pub(crate) fn start(format: LogFormat, LogLevel(targets): LogLevel) {
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(targets))
        .try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A level alone, or one for each target, is understood.
    #[test]
    fn levels_and_targets_parse() {
        for text in ["info", "TRACE", "off", "info,h2=warn"] {
            assert!(LogLevel::parse(text).is_ok(), "{text}");
        }
    }

    /// A word that is no level is refused by name, and not taken for a target.
    #[test]
    fn an_unknown_level_is_named() {
        let error = LogLevel::parse("info,loud").unwrap_err();

        assert!(error.contains("\"loud\""), "{error}");
    }
}
