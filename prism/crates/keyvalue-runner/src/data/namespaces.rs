//! Whose calls the runner serves.

use std::fmt;

use keyvalue_store::Namespace;
use prism_process::config::Value;
use tonic::Status;
use tonic::metadata::MetadataMap;

/// The metadata that names a call's namespace.
const METADATA: &str = "x-prism-namespace";
/// What stands for every namespace.
const ANY: &str = "*";

/// The namespaces that a runner serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Serves {
    /// This one.
    One(Namespace),
    /// Any.
    Any,
}

impl Serves {
    /// The namespace of a call, if it is served here.
    pub(crate) fn namespace_of(&self, metadata: &MetadataMap) -> Result<Namespace, Status> {
        let asked = asked_namespace(metadata)?;
        match self {
            Self::One(served) if *served != asked => {
                let message = format!("this runner serves namespace {served}, not {asked}");
                Err(Status::failed_precondition(message))
            }
            _ => Ok(asked),
        }
    }
}

impl fmt::Display for Serves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(namespace) => namespace.fmt(f),
            Self::Any => f.write_str(ANY),
        }
    }
}

impl Value for Serves {
    const SHAPE: &'static str = "NAME|*";

    fn parse(text: &str) -> Result<Self, String> {
        if text == ANY {
            return Ok(Self::Any);
        }
        let one = Namespace::try_from(text).map(Self::One);
        one.map_err(|_| {
            "is neither * nor 1 to 63 of a-z, 0-9 and -, beginning with no -".to_owned()
        })
    }
}

fn asked_namespace(metadata: &MetadataMap) -> Result<Namespace, Status> {
    let mut given = metadata.get_all(METADATA).iter();
    match (given.next(), given.next()) {
        (None, _) => Ok(Namespace::default()),
        (Some(_), Some(_)) => Err(Status::invalid_argument(format!(
            "{METADATA} is given more than once"
        ))),
        (Some(name), None) => {
            let name = String::from_utf8_lossy(name.as_bytes());
            let malformed = |error| Status::invalid_argument(format!("{METADATA}: {error}"));
            Namespace::try_from(name.as_ref()).map_err(malformed)
        }
    }
}
