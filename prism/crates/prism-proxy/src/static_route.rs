//! Static routes, as they are written on the command line.

use prism_process::config::{PeerAddress, Value};

use crate::namespace;

/// The package that `keyvalue` is short for.
const KEYVALUE: (&str, &str) = ("keyvalue", "prism.interfaces.keyvalue");

/// A route that does not wait for a runner to register: `NAME=URL[,namespace=NS]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticRoute {
    /// A full service name, or a package and then all its services.
    pub name: String,
    /// The `host:port` behind the URL.
    pub address: String,
    /// The namespace that is served; `*` is any.
    pub namespace: String,
}

impl Value for StaticRoute {
    const SHAPE: &'static str = "NAME=URL";

    fn parse(text: &str) -> Result<Self, String> {
        let (name, rest) = text
            .split_once('=')
            .ok_or("is not NAME=URL, such as keyvalue=http://127.0.0.1:9095")?;
        let (url, namespace) = rest
            .split_once(",namespace=")
            .unwrap_or((rest, namespace::DEFAULT));
        Ok(Self {
            name: parse_name(name)?,
            address: parse_url(url)?,
            namespace: parse_namespace(namespace)?,
        })
    }
}

fn parse_name(name: &str) -> Result<String, String> {
    if name == KEYVALUE.0 {
        return Ok(KEYVALUE.1.to_owned());
    }
    let part = |part: &str| {
        let mut characters = part.chars();
        characters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if name.split('.').all(part) {
        Ok(name.to_owned())
    } else {
        Err(format!(
            "has {name:?} where a service or a package is named"
        ))
    }
}

fn parse_url(url: &str) -> Result<String, String> {
    url.strip_prefix("http://")
        .map(|authority| authority.strip_suffix('/').unwrap_or(authority))
        .and_then(|authority| PeerAddress::parse(authority).ok())
        .map(|address| address.as_str().to_owned())
        .ok_or_else(|| format!("has {url:?} where a URL such as http://127.0.0.1:9095 is needed"))
}

fn parse_namespace(name: &str) -> Result<String, String> {
    if name == namespace::ANY || namespace::is_valid(name) {
        Ok(name.to_owned())
    } else {
        Err(format!("has {name:?} where a namespace is named"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(name: &str, address: &str, namespace: &str) -> StaticRoute {
        StaticRoute {
            name: name.to_owned(),
            address: address.to_owned(),
            namespace: namespace.to_owned(),
        }
    }

    /// The short name stands for the package, and the namespace is `default` unless it is given.
    #[test]
    fn the_short_name_is_written_out() {
        let parsed = StaticRoute::parse("keyvalue=http://127.0.0.1:9095").unwrap();

        assert_eq!(
            parsed,
            route("prism.interfaces.keyvalue", "127.0.0.1:9095", "default")
        );
    }

    /// A full service name and a namespace are kept as they are.
    #[test]
    fn a_service_and_a_namespace_are_kept() {
        let parsed = StaticRoute::parse("a.b.C=http://runner:1/,namespace=team").unwrap();

        assert_eq!(parsed, route("a.b.C", "runner:1", "team"));
        assert!(StaticRoute::parse("a=http://runner:1,namespace=*").is_ok());
    }

    /// What is wrong is named.
    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("keyvalue", "NAME=URL"),
            ("=http://a:1", "\"\""),
            ("a..b=http://a:1", "\"a..b\""),
            ("a=https://a:1", "\"https://a:1\""),
            ("a=http://a", "\"http://a\""),
            ("a=http://a:1,namespace=A", "\"A\""),
        ] {
            let error = StaticRoute::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
