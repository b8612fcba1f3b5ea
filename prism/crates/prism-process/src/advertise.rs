//! The address that a program tells others, which need not be the one that it listens on.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::config::{PeerAddress, Value};

/// A host that others reach the program at: a name or an address, without a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host(String);

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for Host {
    const SHAPE: &'static str = "HOST";

    fn parse(text: &str) -> Result<Self, String> {
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        if bare
            .parse()
            .is_ok_and(|address: IpAddr| address.is_unspecified())
        {
            return Err("stands for every address of this machine: name one of them".to_owned());
        }
        if let Ok(address) = bare.parse::<Ipv6Addr>() {
            return Ok(Self(format!("[{address}]")));
        }
        let at_an_end = |c| text.starts_with(c) || text.ends_with(c);
        if PeerAddress::parse(&format!("{text}:1")).is_err() || at_an_end('-') || at_an_end('.') {
            return Err("is not a host, such as 10.0.0.7 or proxy-1.internal".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// Where others reach a listener: at the host that was named, or else at the address it is bound to.
#[must_use]
pub fn advertised(bound: SocketAddr, host: Option<&Host>) -> String {
    match host {
        Some(host) => format!("{host}:{}", bound.port()),
        None => bound.to_string(),
    }
}

/// What is wrong with telling others a listener's address, if something is: a wildcard leads nowhere.
#[must_use]
pub fn wildcard_conflict(option: &str, listen: SocketAddr, host: Option<&Host>) -> Option<String> {
    (listen.ip().is_unspecified() && host.is_none()).then(|| {
        format!("--{option} {listen} is no address to tell others: name the host with --advertise")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and addresses are hosts; an IPv6 address stands in brackets, as before a port.
    #[test]
    fn hosts_parse() {
        for (text, shown) in [
            ("10.0.0.7", "10.0.0.7"),
            ("proxy-1.internal", "proxy-1.internal"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(Host::parse(text).unwrap().to_string(), shown);
        }
    }

    /// What nobody can call is no host.
    #[test]
    fn what_cannot_be_called_is_refused() {
        for text in [
            "", "0.0.0.0", "::", "[::]", "a:1", "a b", "-a", "a.", "http://a",
        ] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }

    /// The port is always the bound one.
    #[test]
    fn the_bound_port_is_told() {
        let bound = SocketAddr::from(([0, 0, 0, 0], 9090));
        let host = Host::parse("proxy-1").unwrap();

        assert_eq!(advertised(bound, Some(&host)), "proxy-1:9090");
        assert_eq!(advertised(bound, None), "0.0.0.0:9090");
    }

    /// A wildcard needs a host; what is bound to one address does not.
    #[test]
    fn a_wildcard_needs_a_host() {
        let wildcard = SocketAddr::from(([0, 0, 0, 0], 9090));
        let local = SocketAddr::from(([127, 0, 0, 1], 9090));
        let host = Host::parse("proxy-1").unwrap();

        let wrong = wildcard_conflict("listen", wildcard, None).unwrap();

        assert!(wrong.contains("--listen 0.0.0.0:9090"), "{wrong}");
        assert!(wrong.contains("--advertise"), "{wrong}");
        assert_eq!(wildcard_conflict("listen", wildcard, Some(&host)), None);
        assert_eq!(wildcard_conflict("listen", local, None), None);
    }
}
