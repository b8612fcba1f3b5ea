//! The path of a call: `/<package>.<Service>/<Method>`.

/// The full service name in a path: the text between its first and second slash, as it stands.
pub(crate) fn service(path: &str) -> Option<&str> {
    let (service, _method) = path.strip_prefix('/')?.split_once('/')?;
    (!service.is_empty()).then_some(service)
}

/// The package of a full service name.
pub(crate) fn package(service: &str) -> Option<&str> {
    service.rsplit_once('.').map(|(package, _name)| package)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The service is what stands between the slashes, with its case kept.
    #[test]
    fn the_service_is_between_the_slashes() {
        assert_eq!(service("/a.B/C"), Some("a.B"));
        assert_eq!(service("/a.B/C/D"), Some("a.B"));
    }

    /// Nothing is decoded or normalised: what routes is what is forwarded.
    #[test]
    fn nothing_is_normalised() {
        assert_eq!(service("/a%2eB/C"), Some("a%2eB"));
        assert_eq!(service("/../a.B/C"), Some(".."));
        assert_eq!(service("//a.B/C"), None);
    }

    /// A path without both slashes names no service.
    #[test]
    fn half_a_path_names_no_service() {
        for path in ["", "/", "*", "/a.B", "a.B/C", "//"] {
            assert_eq!(service(path), None, "{path:?}");
        }
    }

    /// A package is everything before the last dot.
    #[test]
    fn the_package_ends_at_the_last_dot() {
        assert_eq!(package("a.b.C"), Some("a.b"));
        assert_eq!(package("C"), None);
    }
}
