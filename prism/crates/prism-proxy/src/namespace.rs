//! Namespaces: whose data a call is about.

use http::HeaderMap;

/// The metadata that names the namespace of a call.
pub const HEADER: &str = "x-prism-namespace";

/// The namespace of a call that names none.
pub const DEFAULT: &str = "default";

/// What a runner or a static route is registered for when it serves every namespace.
pub const ANY: &str = "*";

/// The longest name.
const MAX_LENGTH: usize = 63;

/// Why a call's namespace can't be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNamespace {
    /// The name is not of the form that namespaces have.
    #[error("{HEADER} must match [a-z0-9][a-z0-9-]{{0,62}}")]
    Malformed,
    /// More than one was given.
    #[error("{HEADER} must be given once")]
    Repeated,
}

/// Whether a name is a namespace's: `[a-z0-9][a-z0-9-]{0,62}`.
#[must_use]
pub fn is_valid(name: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.len() <= MAX_LENGTH
        && bytes.first().is_some_and(|first| alphanumeric(*first))
        && bytes
            .iter()
            .all(|byte| alphanumeric(*byte) || *byte == b'-')
}

/// The namespace of a call, from its metadata.
pub(crate) fn of_call(headers: &HeaderMap) -> Result<&str, InvalidNamespace> {
    let mut given = headers.get_all(HEADER).iter();
    let Some(value) = given.next() else {
        return Ok(DEFAULT);
    };
    if given.next().is_some() {
        return Err(InvalidNamespace::Repeated);
    }
    value
        .to_str()
        .ok()
        .filter(|name| is_valid(name))
        .ok_or(InvalidNamespace::Malformed)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    /// A call that names no namespace is in `default`.
    #[test]
    fn absent_means_default() {
        assert_eq!(of_call(&headers(&[])), Ok(DEFAULT));
    }

    /// A good name is taken as it is.
    #[test]
    fn a_name_is_taken_as_given() {
        assert_eq!(of_call(&headers(&["team-1"])), Ok("team-1"));
    }

    /// Two namespaces are an error, equal or not.
    #[test]
    fn repeated_is_refused() {
        let same = headers(&["a", "a"]);

        assert_eq!(of_call(&same), Err(InvalidNamespace::Repeated));
    }

    /// Names outside the form are refused, `*` among them.
    #[test]
    fn malformed_is_refused() {
        let long = "a".repeat(64);
        for name in ["", "-a", "A", "a_b", "*", "a b", "a,b", long.as_str()] {
            assert_eq!(
                of_call(&headers(&[name])),
                Err(InvalidNamespace::Malformed),
                "{name:?}"
            );
        }
        assert!(is_valid(&"a".repeat(63)));
    }
}
