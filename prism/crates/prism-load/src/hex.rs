//! Bytes, as they are written on a command line.

use bytes::Bytes;
use prism_process::config::Value;

/// Bytes written as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hex(pub(crate) Bytes);

impl Value for Hex {
    const SHAPE: &'static str = "HEX";

    fn parse(text: &str) -> Result<Self, String> {
        let pair = |at: usize| {
            text.get(at..at + 2)
                .filter(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()))
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        };
        (0..text.len())
            .step_by(2)
            .map(pair)
            .collect::<Option<Vec<u8>>>()
            .map(|bytes| Self(bytes.into()))
            .ok_or_else(|| "is not pairs of hexadecimal digits, such as 0a016b".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pair of digits is a byte, and no digits are no bytes.
    #[test]
    fn pairs_are_bytes() {
        assert_eq!(
            Hex::parse("0a01fF"),
            Ok(Hex(Bytes::from_static(&[10, 1, 255])))
        );
        assert_eq!(Hex::parse(""), Ok(Hex(Bytes::new())));
    }

    /// Half a pair, a sign and a letter that is no digit are refused.
    #[test]
    fn other_text_is_refused() {
        for wrong in ["0", "0a0", "+1", "zz", "é", "0é"] {
            assert!(Hex::parse(wrong).is_err(), "{wrong}");
        }
    }
}
