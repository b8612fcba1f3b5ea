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

/// A URL in which stars stand for the password, if there is one.
#[must_use]
pub fn without_password(url: &str) -> String {
    let start = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url[start..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |length| start + length);
    let authority = &url[start..end];
    match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{}{name}:***@{host}{}", &url[..start], &url[end..]),
            None => url.to_owned(),
        },
        None => url.to_owned(),
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

    /// Of a URL everything is shown but the password.
    #[test]
    fn a_url_is_shown_without_its_password() {
        for (url, shown) in [
            ("redis://host:6379/0", "redis://host:6379/0"),
            ("redis://user@host", "redis://user@host"),
            ("redis://user:pw@host:6379", "redis://user:***@host:6379"),
            ("redis://:pw@host/1", "redis://:***@host/1"),
            ("redis://user:p@w:x@host?a=b", "redis://user:***@host?a=b"),
            ("http://host/a:b@c", "http://host/a:b@c"),
            ("user:pw@host", "user:***@host"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
