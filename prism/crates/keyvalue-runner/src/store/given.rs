//! A store's configuration as a launcher hands it over: `backend`, and `backend_config` with the store's own keys.

use std::collections::BTreeMap;

use prism_process::config::Value as Readable;
use prost_types::value::Kind;
use prost_types::{Struct, Value};

use super::StoreKind;

const BACKEND: &str = "backend";
const BACKEND_CONFIG: &str = "backend_config";
/// Never repeated to anybody.
const SECRETS: [&str; 2] = ["password", "url"];

/// What is wrong with a configuration that was handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadStore {
    /// A key that this store does not have.
    #[error("{0} is unknown")]
    UnknownKey(String),
    /// A key that this store can't do without.
    #[error("{0} is missing")]
    MissingKey(String),
    /// A value that is not what its key takes.
    #[error("{key} {value} {reason}")]
    BadValue {
        /// The key, with what it lies in.
        key: String,
        /// The value as it was handed over, unless it is a secret.
        value: String,
        /// What is wrong with it, as the end of a sentence.
        reason: String,
    },
}

/// The values that were handed over, each taken by who knows its key.
pub(super) struct Given<'a> {
    pub(super) kind: Option<StoreKind>,
    values: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Given<'a> {
    pub(super) fn read(config: &'a Struct) -> Result<Self, BadStore> {
        let mut fields = config.fields.iter().collect::<BTreeMap<_, _>>();
        let (backend, values) = (
            fields.remove(&BACKEND.to_owned()),
            fields.remove(&BACKEND_CONFIG.to_owned()),
        );
        if let Some(unknown) = fields.into_keys().next() {
            return Err(BadStore::UnknownKey(unknown.clone()));
        }
        Ok(Self {
            kind: backend.map(|value| parsed(BACKEND, value)).transpose()?,
            values: values.map(object).transpose()?.unwrap_or_default(),
        })
    }

    /// The value of a key of the store.
    pub(super) fn take<T: Readable>(&mut self, key: &str) -> Result<Option<T>, BadStore> {
        let value = self.values.remove(key);
        value.map(|value| parsed(&inside(key), value)).transpose()
    }

    /// What it is to miss a key of the store.
    pub(super) fn missing(key: &str) -> BadStore {
        BadStore::MissingKey(inside(key))
    }

    /// Refuses what nobody took.
    pub(super) fn finish(self) -> Result<(), BadStore> {
        match self.values.into_keys().next() {
            Some(unknown) => Err(BadStore::UnknownKey(inside(unknown))),
            None => Ok(()),
        }
    }
}

fn object(value: &Value) -> Result<BTreeMap<&str, &Value>, BadStore> {
    match &value.kind {
        Some(Kind::StructValue(object)) => Ok(object
            .fields
            .iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect()),
        _ => Err(bad(BACKEND_CONFIG, value, "is not an object".to_owned())),
    }
}

fn inside(key: &str) -> String {
    format!("{BACKEND_CONFIG}.{key}")
}

fn parsed<T: Readable>(key: &str, value: &Value) -> Result<T, BadStore> {
    let text = text(value);
    let parsed = text.map_or_else(
        || Err("is neither a text nor a number".to_owned()),
        |text| T::parse(&text),
    );
    parsed.map_err(|reason| bad(key, value, reason))
}

/// A value as a command line would have it: numbers on the wire are written out.
fn text(value: &Value) -> Option<String> {
    match &value.kind {
        Some(Kind::StringValue(text)) => Some(text.clone()),
        Some(Kind::NumberValue(number)) => Some(number.to_string()),
        _ => None,
    }
}

fn bad(key: &str, value: &Value, reason: String) -> BadStore {
    let secret = SECRETS.iter().any(|secret| key.ends_with(secret));
    let shown = if secret {
        "(set)".to_owned()
    } else {
        shown(value)
    };
    BadStore::BadValue {
        key: key.to_owned(),
        value: shown,
        reason,
    }
}

fn shown(value: &Value) -> String {
    match &value.kind {
        Some(Kind::StringValue(text)) => format!("{text:?}"),
        Some(Kind::NumberValue(number)) => number.to_string(),
        Some(Kind::BoolValue(flag)) => flag.to_string(),
        Some(Kind::StructValue(_)) => "{…}".to_owned(),
        Some(Kind::ListValue(_)) => "[…]".to_owned(),
        Some(Kind::NullValue(_)) | None => "null".to_owned(),
    }
}

#[cfg(test)]
mod tests;
