//! What an option's value can be.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

/// A type that an option can hold.
pub trait Value: Sized {
    /// What a value looks like, for the help.
    const SHAPE: &'static str;

    /// Reads a value; the error says what is wrong with it, as the end of a sentence.
    fn parse(text: &str) -> Result<Self, String>;

    /// The value as anybody may see it; one that holds a secret shows less than was given.
    #[must_use]
    fn shown(text: &str) -> String {
        text.to_owned()
    }
}

impl Value for SocketAddr {
    const SHAPE: &'static str = "HOST:PORT";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "is not an address and a port, such as 127.0.0.1:0".to_owned())
    }
}

impl Value for NonZeroUsize {
    const SHAPE: &'static str = "N";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "is not a whole number from 1 up".to_owned())
    }
}

impl Value for String {
    const SHAPE: &'static str = "TEXT";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl Value for Duration {
    const SHAPE: &'static str = "DURATION";

    fn parse(text: &str) -> Result<Self, String> {
        let (count, unit) = split_unit(text);
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => 0,
        };
        match count
            .parse::<u64>()
            .ok()
            .and_then(|count| count.checked_mul(milliseconds))
        {
            Some(total) if milliseconds > 0 => Ok(Self::from_millis(total)),
            _ => Err("is not a duration, such as 200ms, 30s, 5m or 1h".to_owned()),
        }
    }
}

/// A number of bytes, written `512`, `64KiB`, `4MiB` or `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub usize);

impl Value for ByteSize {
    const SHAPE: &'static str = "BYTES";

    fn parse(text: &str) -> Result<Self, String> {
        let (count, unit) = split_unit(text);
        let scale = match unit {
            "" => Some(1),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            "GiB" => Some(1 << 30),
            _ => None,
        };
        let bytes = scale
            .zip(count.parse().ok())
            .and_then(|(scale, count): (usize, usize)| count.checked_mul(scale));
        match bytes {
            Some(bytes) if bytes > 0 => Ok(Self(bytes)),
            _ => Err("is not a number of bytes from 1 up, such as 512, 64KiB or 4MiB".to_owned()),
        }
    }
}

/// Where a peer listens: a name or an address, and a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerAddress(String);

impl PeerAddress {
    /// The address as `host:port`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for PeerAddress {
    const SHAPE: &'static str = "HOST:PORT";

    fn parse(text: &str) -> Result<Self, String> {
        let good = text
            .parse::<SocketAddr>()
            .is_ok_and(|address| address.port() != 0)
            || is_name_and_port(text);
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err("is not a host and a port, such as 127.0.0.1:9190".to_owned())
        }
    }
}

fn is_name_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    !host.is_empty() && host.chars().all(in_name) && port.parse::<u16>().is_ok_and(|port| port != 0)
}

fn split_unit(text: &str) -> (&str, &str) {
    text.split_at(
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Durations have a unit, always.
    #[test]
    fn durations_parse() {
        assert_eq!(Duration::parse("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(Duration::parse("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(Duration::parse("0s"), Ok(Duration::ZERO));
        for wrong in [
            "",
            "30",
            "s",
            "-1s",
            "1.5s",
            "1d",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert!(Duration::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// Sizes are counted in bytes, or in powers of 1024.
    #[test]
    fn sizes_parse() {
        assert_eq!(ByteSize::parse("512"), Ok(ByteSize(512)));
        assert_eq!(ByteSize::parse("4MiB"), Ok(ByteSize(4 << 20)));
        for wrong in [
            "",
            "0",
            "4MB",
            "-1",
            "KiB",
            "99999999999999999999",
            "18446744073709551615GiB",
        ] {
            assert!(ByteSize::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// A listener needs an address; a name could mean two.
    #[test]
    fn listen_addresses_parse() {
        assert!(<SocketAddr as Value>::parse("127.0.0.1:0").is_ok());
        assert!(<SocketAddr as Value>::parse("[::1]:9095").is_ok());
        assert!(<SocketAddr as Value>::parse("localhost:9095").is_err());
    }

    /// A peer may be named, but always has a port.
    #[test]
    fn peer_addresses_parse() {
        for right in ["127.0.0.1:9190", "proxy-1.internal:9190", "[::1]:9190"] {
            assert_eq!(PeerAddress::parse(right).unwrap().as_str(), right);
        }
        for wrong in [
            "",
            "proxy",
            ":9190",
            "proxy:",
            "proxy:0",
            "127.0.0.1:0",
            "http://proxy:9190",
            "a b:1",
        ] {
            assert!(PeerAddress::parse(wrong).is_err(), "{wrong}");
        }
    }
}
