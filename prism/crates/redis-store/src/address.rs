//! Where a Redis is, and as whom to go there.

use std::fmt;

use redis::{ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo};

/// What a URL begins with that asks for an encrypted connection.
const ENCRYPTED: [&str; 2] = ["rediss:", "valkeys:"];
/// What a URL begins with that names a socket in the file system.
const SOCKETS: [&str; 3] = ["unix:", "redis+unix:", "valkey+unix:"];

/// The address of a Redis; shown, it is without user and password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisAddress {
    host: Box<str>,
    port: u16,
    database: i64,
    username: Option<Box<str>>,
    password: Option<Box<str>>,
}

/// What is wrong with a URL, as the end of a sentence; it never contains the URL, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is not of the form.
    #[error("is not of the form redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]")]
    Malformed,
    /// It asks for TLS.
    #[error(
        "asks for TLS, which is not supported: use redis://, through a tunnel where the network is not trusted"
    )]
    Encrypted,
    /// It names a file.
    #[error("names a socket in the file system, which is not supported: use redis://HOST:PORT")]
    Socket,
}

impl RedisAddress {
    /// Reads a `redis://` or `valkey://` URL.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let begins = |scheme: &&str| url.starts_with(*scheme);
        if ENCRYPTED.iter().any(begins) {
            return Err(AddressError::Encrypted);
        }
        if SOCKETS.iter().any(begins) {
            return Err(AddressError::Socket);
        }
        let info = url
            .into_connection_info()
            .map_err(|_| AddressError::Malformed)?;
        let login = info.redis_settings();
        match info.addr() {
            ConnectionAddr::Tcp(host, port) if *port != 0 && login.db() >= 0 => Ok(Self {
                host: host.as_str().into(),
                port: *port,
                database: login.db(),
                username: login.username().map(Into::into),
                password: login.password().map(Into::into),
            }),
            _ => Err(AddressError::Malformed),
        }
    }

    /// The address, to be entered as this user.
    #[must_use]
    pub fn with_username(mut self, username: &str) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The address, to be entered with this password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = Some(password.into());
        self
    }

    pub(crate) fn endpoint(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    pub(crate) fn login(&self) -> RedisConnectionInfo {
        let mut login = RedisConnectionInfo::default().set_db(self.database);
        if let Some(username) = &self.username {
            login = login.set_username(username);
        }
        if let Some(password) = &self.password {
            login = login.set_password(password);
        }
        login
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port, database) = (&self.host, self.port, self.database);
        if host.contains(':') {
            write!(f, "redis://[{host}]:{port}/{database}")
        } else {
            write!(f, "redis://{host}:{port}/{database}")
        }
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Port and database have the common defaults, and Valkey goes by its own name too.
    #[test]
    fn urls_are_read() {
        for (url, shown) in [
            ("redis://127.0.0.1", "redis://127.0.0.1:6379/0"),
            (
                "redis://redis.internal:7000/3",
                "redis://redis.internal:7000/3",
            ),
            ("valkey://[::1]:7000", "redis://[::1]:7000/0"),
        ] {
            assert_eq!(RedisAddress::parse(url).unwrap().to_string(), shown);
        }
    }

    /// The login is kept, is shown nowhere, and can be given apart from the URL.
    #[test]
    fn the_login_is_kept_and_not_shown() {
        let within = RedisAddress::parse("redis://ann:s3cret%21@127.0.0.1").unwrap();
        let apart = RedisAddress::parse("redis://127.0.0.1").unwrap();
        let apart = apart.with_username("ann").with_password("s3cret!");

        for address in [within, apart] {
            assert_eq!(address.login().username(), Some("ann"));
            assert_eq!(address.login().password(), Some("s3cret!"));
            assert!(!format!("{address} {address:?}").contains("s3cret"));
        }
    }

    /// What can't work is refused, with a word on what would.
    #[test]
    fn other_urls_are_refused() {
        for (url, error) in [
            ("", AddressError::Malformed),
            ("127.0.0.1:6379", AddressError::Malformed),
            ("http://127.0.0.1", AddressError::Malformed),
            ("redis://", AddressError::Malformed),
            ("redis://127.0.0.1:0", AddressError::Malformed),
            ("redis://127.0.0.1:99999", AddressError::Malformed),
            ("redis://127.0.0.1/orders", AddressError::Malformed),
            ("redis://127.0.0.1/-1", AddressError::Malformed),
            ("rediss://127.0.0.1", AddressError::Encrypted),
            ("valkeys://127.0.0.1", AddressError::Encrypted),
            ("unix:///run/redis.sock", AddressError::Socket),
        ] {
            assert_eq!(RedisAddress::parse(url).err(), Some(error), "{url}");
        }
    }
}
