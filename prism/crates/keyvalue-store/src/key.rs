//! Keys.

use std::borrow::Borrow;

/// A key of 1 byte to 64 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(Box<str>);

/// What is wrong with a key; the text follows the name of the field that held it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It has no bytes.
    #[error("is empty")]
    Empty,
    /// It has more than [`Key::MAX_BYTES`].
    #[error("has {bytes} bytes, the limit is {limit}", limit = Key::MAX_BYTES)]
    TooLong {
        /// The bytes it has.
        bytes: usize,
    },
}

impl Key {
    /// The most bytes that a key may have.
    pub const MAX_BYTES: usize = 64 << 10;

    /// The key as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Key {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        match text.len() {
            0 => Err(KeyError::Empty),
            bytes if bytes > Self::MAX_BYTES => Err(KeyError::TooLong { bytes }),
            _ => Ok(Self(text.into())),
        }
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The limits are part of what is allowed.
    #[test]
    fn keys_from_one_byte_to_the_limit_are_good() {
        for text in [
            "k".to_owned(),
            " ".to_owned(),
            "ключ\n🔑".to_owned(),
            "k".repeat(Key::MAX_BYTES),
        ] {
            assert_eq!(Key::try_from(text.clone()).unwrap().as_str(), text);
        }
    }

    /// Beyond the limits the error names the limit.
    #[test]
    fn the_empty_and_the_too_long_are_refused() {
        let too_long = Key::try_from("k".repeat(Key::MAX_BYTES + 1)).unwrap_err();

        assert_eq!(Key::try_from(String::new()), Err(KeyError::Empty));
        assert_eq!(too_long.to_string(), "has 65537 bytes, the limit is 65536");
    }

    /// The limit counts bytes, not characters.
    #[test]
    fn a_long_key_is_measured_in_bytes() {
        let text = "é".repeat(Key::MAX_BYTES / 2 + 1);

        assert_eq!(
            Key::try_from(text),
            Err(KeyError::TooLong {
                bytes: Key::MAX_BYTES + 2
            })
        );
    }
}
