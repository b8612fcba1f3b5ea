//! The URL of a Redis, which may hold a password.

use prism_process::config::Value;
use redis_store::RedisAddress;

/// What is shown of a URL that can't be read: nothing, for who knows where the password is in it.
const UNREADABLE: &str = "(set)";

/// A `redis://` URL as an option or a launcher's configuration has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisUrl(pub RedisAddress);

impl Value for RedisUrl {
    const SHAPE: &'static str = "URL";

    fn parse(text: &str) -> Result<Self, String> {
        let address = RedisAddress::parse(text);
        address.map(Self).map_err(|error| error.to_string())
    }

    fn shown(text: &str) -> String {
        let address = RedisAddress::parse(text);
        address.map_or_else(|_| UNREADABLE.to_owned(), |address| address.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A URL is shown without its login, and one that can't be read is not shown.
    #[test]
    fn no_password_is_shown() {
        assert_eq!(
            RedisUrl::shown("redis://ann:s3cret@127.0.0.1"),
            "redis://127.0.0.1:6379/0"
        );
        assert_eq!(RedisUrl::shown("redis://:s3cret"), UNREADABLE);
    }
}
