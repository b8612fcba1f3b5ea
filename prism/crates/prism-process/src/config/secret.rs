//! Values that nobody is shown.

use std::fmt;

use super::Value;

/// What stands for a secret where values are shown.
const HIDDEN: &str = "(set)";

/// A text that is used and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for whom it is meant.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Value for Secret {
    const SHAPE: &'static str = "SECRET";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    fn shown(_: &str) -> String {
        HIDDEN.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A secret is itself only to who asks for it.
    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::parse("s3cret").unwrap();

        assert_eq!(secret.reveal(), "s3cret");
        assert_eq!(
            format!("{secret:?} {}", Secret::shown("s3cret")),
            "(set) (set)"
        );
    }
}
