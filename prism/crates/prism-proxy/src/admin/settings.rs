//! How the proxy is to deal with an admin.

use std::fmt;
use std::time::Duration;

use prism_process::config::{PeerAddress, Value};
use prism_process::{Host, Options};

use super::fields;

/// The longest interval that the admin takes.
const LONGEST_INTERVAL: Duration = Duration::from_secs(3600);

/// The name by which the admin knows a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyId(String);

impl ProxyId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProxyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for ProxyId {
    const SHAPE: &'static str = "ID";

    fn parse(text: &str) -> Result<Self, String> {
        if fields::is_identifier(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err("is not a letter or digit, then also dots, dashes and underscores".to_owned())
        }
    }
}

/// What the proxy does with its admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSettings {
    /// Where the admin serves.
    pub address: PeerAddress,
    /// The proxy's own name.
    pub proxy_id: ProxyId,
    /// How often the admin hears of the proxy.
    pub heartbeat_interval: Duration,
    /// The host at which others reach the proxy; where it listens, if none is named.
    pub advertise: Option<Host>,
}

impl AdminSettings {
    /// Takes the options; the inner `None` is a proxy without an admin.
    #[expect(
        clippy::option_option,
        reason = "the outer one is about bad values, as it is everywhere in a configuration"
    )]
    pub(crate) fn read(options: &mut Options) -> Option<Option<Self>> {
        let address = options.optional(
            "admin",
            "The admin that assigns namespaces [default: none, any namespace is routed]",
        );
        let proxy_id = options.one(
            "proxy-id",
            "proxy-1",
            "The name by which the admin knows this proxy",
        );
        let heartbeat_interval = options.one(
            "admin-heartbeat-interval",
            "5s",
            "How often the admin hears of this proxy",
        );
        let advertise = options.optional(
            "advertise",
            "The host at which others reach this proxy [default: where it listens]",
        );
        let heartbeat_interval: Duration = heartbeat_interval?;
        if heartbeat_interval.is_zero() || heartbeat_interval > LONGEST_INTERVAL {
            options.refuse("--admin-heartbeat-interval must be from 1ms to 1h");
        }
        let (address, proxy_id, advertise) = (address?, proxy_id?, advertise?);
        Some(address.map(|address| Self {
            address,
            proxy_id,
            heartbeat_interval,
            advertise,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An id is what the admin takes for one.
    #[test]
    fn ids_are_what_the_admin_takes() {
        let longest = "a".repeat(128);
        for right in ["proxy-1", "P_1.eu", "7", longest.as_str()] {
            assert_eq!(ProxyId::parse(right).unwrap().as_str(), right);
        }
        let too_long = "a".repeat(129);
        for wrong in ["", "-1", ".a", "a b", "a:b", "ä", too_long.as_str()] {
            assert!(ProxyId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
