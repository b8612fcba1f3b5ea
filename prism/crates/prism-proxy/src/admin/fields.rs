//! Whether what the admin tells makes sense, field by field.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use prism_api::prism::{
    AuthConfig, BackendConfig, NamespaceAssignment, NamespaceConfig, NamespaceRevocation,
    PatternConfig,
};
use tonic::Status;

use super::assignments::{Assignment, Content};
use crate::namespace;

/// The highest partition.
const LAST_PARTITION: i32 = 255;

/// The longest time that calls in flight are given: no caller waits for the answer so long.
const LONGEST_GRACE_SECONDS: i32 = 3600;

/// The longest text, in characters: what the admin takes from others.
const LONGEST_TEXT: usize = 4096;

/// The longest id.
const LONGEST_ID: usize = 128;

/// How much of a key is shown in the name of a field.
const SHOWN_KEY: usize = 64;

/// A field that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub(super) struct Malformed {
    pub(super) field: String,
    pub(super) reason: &'static str,
}

impl From<Malformed> for Status {
    fn from(malformed: Malformed) -> Self {
        Self::invalid_argument(malformed.to_string())
    }
}

/// What is to be let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Revocation {
    pub(super) proxy_id: String,
    pub(super) namespace: String,
    pub(super) grace: Duration,
}

type Checked<T = ()> = Result<T, Malformed>;

/// Reads an assignment.
pub(super) fn assignment(message: NamespaceAssignment) -> Checked<Assignment> {
    namespace("namespace", &message.namespace)?;
    if !(0..=LAST_PARTITION).contains(&message.partition_id) {
        return wrong("partition_id", "must be from 0 to 255");
    }
    if message.version < 1 {
        return wrong("version", "must be from 1 up");
    }
    let config = message.config.unwrap_or_default();
    check_config(&config)?;
    Ok(Assignment {
        namespace: message.namespace.into(),
        version: message.version,
        content: Content {
            partition: message.partition_id,
            config,
        },
    })
}

/// Reads a revocation.
pub(super) fn revocation(message: NamespaceRevocation) -> Checked<Revocation> {
    identifier("proxy_id", &message.proxy_id)?;
    namespace("namespace", &message.namespace)?;
    let seconds = message.graceful_timeout_seconds;
    if seconds > LONGEST_GRACE_SECONDS {
        return wrong("graceful_timeout_seconds", "must be at most 3600");
    }
    let Ok(seconds) = u64::try_from(seconds) else {
        return wrong("graceful_timeout_seconds", "must not be negative");
    };
    Ok(Revocation {
        proxy_id: message.proxy_id,
        namespace: message.namespace,
        grace: Duration::from_secs(seconds),
    })
}

/// Whether a text is an id: a letter or digit, then also dots, dashes and underscores.
pub(super) fn is_identifier(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric();
    text.len() <= LONGEST_ID
        && text.starts_with(first)
        && text
            .chars()
            .all(|c| first(c) || matches!(c, '.' | '-' | '_'))
}

fn check_config(config: &NamespaceConfig) -> Checked {
    each(&"config.backends", &config.backends, check_backend)?;
    each(&"config.patterns", &config.patterns, check_pattern)?;
    config.auth.as_ref().map_or(Ok(()), check_auth)?;
    texts(&"config.metadata", &config.metadata)
}

fn check_backend(path: &str, backend: &BackendConfig) -> Checked {
    identifier(format_args!("{path}.backend_type"), &backend.backend_type)?;
    text(
        format_args!("{path}.connection_string"),
        &backend.connection_string,
    )?;
    texts(&format_args!("{path}.credentials"), &backend.credentials)?;
    texts(&format_args!("{path}.options"), &backend.options)
}

fn check_pattern(path: &str, pattern: &PatternConfig) -> Checked {
    identifier(format_args!("{path}.pattern_name"), &pattern.pattern_name)?;
    texts(&format_args!("{path}.settings"), &pattern.settings)?;
    let mut seen = HashSet::new();
    for (index, interface) in pattern.required_interfaces.iter().enumerate() {
        let field = format_args!("{path}.required_interfaces[{index}]").to_string();
        text(&field, interface)?;
        if interface.is_empty() {
            return wrong(field, "is empty");
        }
        if !seen.insert(interface) {
            return wrong(field, "is there twice");
        }
    }
    Ok(())
}

fn check_auth(auth: &AuthConfig) -> Checked {
    text("config.auth.provider", &auth.provider)?;
    if auth.enabled && auth.provider.is_empty() {
        return wrong("config.auth.provider", "is missing");
    }
    texts(&"config.auth.options", &auth.options)
}

fn texts(path: &dyn fmt::Display, map: &HashMap<String, String>) -> Checked {
    each(path, map, |path, value| text(path, value))
}

/// Checks the keys of a map, and each of its values under its name.
fn each<T>(
    path: &dyn fmt::Display,
    map: &HashMap<String, T>,
    check: impl Fn(&str, &T) -> Checked,
) -> Checked {
    for (key, value) in map {
        if key.is_empty() {
            return wrong(path, "has an empty key");
        }
        text(format_args!("{path} key"), key)?;
        let shown: String = key.escape_debug().take(SHOWN_KEY).collect();
        check(&format!("{path}[{shown}]"), value)?;
    }
    Ok(())
}

fn namespace(field: &str, name: &str) -> Checked {
    if name.is_empty() {
        return wrong(field, "is missing");
    }
    if !namespace::is_valid(name) {
        return wrong(field, "must match [a-z0-9][a-z0-9-]{0,62}");
    }
    Ok(())
}

fn identifier(field: impl fmt::Display, value: &str) -> Checked {
    if value.is_empty() {
        return wrong(field, "is missing");
    }
    if !is_identifier(value) {
        return wrong(field, "must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    }
    Ok(())
}

fn text(field: impl fmt::Display, value: &str) -> Checked {
    if value.chars().count() > LONGEST_TEXT {
        return wrong(field, "is longer than 4096 characters");
    }
    Ok(())
}

fn wrong<T>(field: impl fmt::Display, reason: &'static str) -> Checked<T> {
    Err(Malformed {
        field: field.to_string(),
        reason,
    })
}

#[cfg(test)]
mod tests;
