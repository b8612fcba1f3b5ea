//! Namespaces.

use std::fmt;

/// A name of the form `[a-z0-9][a-z0-9-]{0,62}`; keys of different namespaces never meet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Namespace(Box<str>);

/// A name that no namespace can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("namespace {0:?} is malformed: use 1 to 63 of a-z, 0-9 and -, and begin with no -")]
pub struct NamespaceError(String);

impl Namespace {
    /// The namespace of a call that names none.
    pub const DEFAULT: &'static str = "default";

    const MAX_BYTES: usize = 63;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_well_formed(name: &str) -> bool {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=Self::MAX_BYTES).contains(&name.len())
            && !name.starts_with('-')
            && name.bytes().all(allowed)
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

impl TryFrom<&str> for Namespace {
    type Error = NamespaceError;

    fn try_from(name: &str) -> Result<Self, NamespaceError> {
        if Self::is_well_formed(name) {
            Ok(Self(name.into()))
        } else {
            Err(NamespaceError(name.to_owned()))
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small letters, digits and inner dashes make a name.
    #[test]
    fn well_formed_names_are_taken() {
        for name in ["default", "a", "0", "orders-2", "a-", &"n".repeat(63)] {
            assert_eq!(Namespace::try_from(name).unwrap().as_str(), name);
        }
    }

    /// Anything else is refused, and the error shows it.
    #[test]
    fn malformed_names_are_refused() {
        for name in [
            "",
            "-a",
            "A",
            "a_b",
            "a b",
            "a.b",
            "*",
            "é",
            &"n".repeat(64),
        ] {
            let error = Namespace::try_from(name).unwrap_err();
            assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
        }
    }
}
