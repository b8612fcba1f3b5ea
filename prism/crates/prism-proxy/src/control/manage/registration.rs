//! What a runner asks for when it registers.

use prism_api::interfaces::{InterfaceDeclaration, PatternMetadata, RegisterRequest};
use tonic::Status;

use crate::namespace;
use crate::routes::{NEVER_ROUTED, Store};

/// A registration in the proxy's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registration {
    pub(super) pattern: String,
    pub(super) version: String,
    pub(super) namespace: Box<str>,
    pub(super) services: Vec<Box<str>>,
    pub(super) store: Store,
}

impl TryFrom<RegisterRequest> for Registration {
    type Error = Status;

    fn try_from(request: RegisterRequest) -> Result<Self, Status> {
        if request.pattern_name.is_empty() {
            return Err(invalid("pattern_name", "is missing"));
        }
        let metadata = request
            .metadata
            .ok_or_else(|| invalid("metadata", "is missing"))?;
        Ok(Self {
            namespace: namespace(&metadata)?.into(),
            store: store(&metadata)?,
            services: services(metadata.interfaces)?,
            pattern: request.pattern_name,
            version: request.pattern_version,
        })
    }
}

fn namespace(metadata: &PatternMetadata) -> Result<&str, Status> {
    match metadata.extra.get("namespace").map(String::as_str) {
        None => Ok(namespace::DEFAULT),
        Some(name) if name == namespace::ANY || namespace::is_valid(name) => Ok(name),
        Some(_) => Err(invalid("metadata.extra[namespace]", "is not a namespace")),
    }
}

fn store(metadata: &PatternMetadata) -> Result<Store, Status> {
    match metadata.extra.get("store").map(String::as_str) {
        None | Some("own") => Ok(Store::Own),
        Some("shared") => Ok(Store::Shared),
        Some(_) => Err(invalid(
            "metadata.extra[store]",
            "is neither own nor shared",
        )),
    }
}

/// The services to route; a runner's own interface may be listed, and is left out.
fn services(declared: Vec<InterfaceDeclaration>) -> Result<Vec<Box<str>>, Status> {
    let mut names: Vec<Box<str>> = declared.into_iter().map(|one| one.name.into()).collect();
    if names
        .iter()
        .any(|name| name.is_empty() || name.contains('/'))
    {
        return Err(invalid(
            "metadata.interfaces",
            "holds what is no service name",
        ));
    }
    names.retain(|name| **name != *NEVER_ROUTED);
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Err(invalid("metadata.interfaces", "names nothing to serve"));
    }
    Ok(names)
}

fn invalid(field: &str, what: &str) -> Status {
    Status::invalid_argument(format!("register.{field} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(interfaces: &[&str], extra: &[(&str, &str)]) -> RegisterRequest {
        let declare = |name: &&str| InterfaceDeclaration {
            name: (*name).to_owned(),
            ..InterfaceDeclaration::default()
        };
        RegisterRequest {
            pattern_name: "keyvalue".to_owned(),
            metadata: Some(PatternMetadata {
                interfaces: interfaces.iter().map(declare).collect(),
                extra: extra
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
                ..PatternMetadata::default()
            }),
            ..RegisterRequest::default()
        }
    }

    /// What is not said is `default` and a store of its own.
    #[test]
    fn defaults_are_filled_in() {
        let registration = Registration::try_from(request(&["a.B"], &[])).unwrap();

        assert_eq!(&*registration.namespace, "default");
        assert_eq!(registration.store, Store::Own);
        assert_eq!(registration.services, ["a.B".into()]);
    }

    /// The runners' own interface is not routed, and a service listed twice counts once.
    #[test]
    fn only_what_is_routed_is_kept() {
        let listed = ["a.B", NEVER_ROUTED, "a.B"];

        let registration = Registration::try_from(request(&listed, &[("store", "shared")]));

        let registration = registration.unwrap();
        assert_eq!(registration.services, ["a.B".into()]);
        assert_eq!(registration.store, Store::Shared);
    }

    /// What is malformed is named.
    #[test]
    fn what_is_malformed_is_named() {
        let nameless = RegisterRequest {
            pattern_name: String::new(),
            ..request(&["a.B"], &[])
        };
        let bare = RegisterRequest {
            metadata: None,
            ..request(&["a.B"], &[])
        };
        for (request, field) in [
            (nameless, "pattern_name"),
            (bare, "metadata"),
            (request(&[], &[]), "metadata.interfaces"),
            (request(&[NEVER_ROUTED], &[]), "metadata.interfaces"),
            (request(&["a/B"], &[]), "metadata.interfaces"),
            (
                request(&["a.B"], &[("namespace", "A")]),
                "metadata.extra[namespace]",
            ),
            (
                request(&["a.B"], &[("store", "mine")]),
                "metadata.extra[store]",
            ),
        ] {
            let status = Registration::try_from(request).unwrap_err();
            assert_eq!(status.code(), tonic::Code::InvalidArgument);
            assert!(
                status.message().contains(&format!("register.{field} ")),
                "{status}"
            );
        }
    }
}
