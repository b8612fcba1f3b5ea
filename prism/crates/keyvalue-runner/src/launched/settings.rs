//! How the runner finds its launcher, and proves that it was launched.

use std::fmt;

use prism_process::Options;
use prism_process::config::{PeerAddress, Secret, Value};

use crate::store::StoreFlags;

/// The longest id: those of session, namespace and pattern together are shorter.
const LONGEST_ID: usize = 1024;

/// The name by which the launcher knows this process, such as `ns:orders:keyvalue`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessId(String);

impl ProcessId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for ProcessId {
    const SHAPE: &'static str = "ID";

    fn parse(text: &str) -> Result<Self, String> {
        let is_id =
            (1..=LONGEST_ID).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
        if is_id {
            Ok(Self(text.to_owned()))
        } else {
            Err("is not the id of a process, such as ns:orders:keyvalue".to_owned())
        }
    }
}

/// What a launched runner is told before it has asked.
#[derive(Debug, Clone)]
pub struct LaunchSettings {
    /// Where the launcher serves.
    pub address: PeerAddress,
    /// The runner's own name.
    pub process_id: ProcessId,
    /// What proves that the launcher started it.
    pub token: Secret,
    /// What the launcher may leave open of the store.
    pub store: StoreFlags,
}

impl LaunchSettings {
    /// Takes the options; the inner `None` is a runner that was not launched.
    #[expect(
        clippy::option_option,
        reason = "the outer one is about bad values, as it is everywhere in a configuration"
    )]
    pub(crate) fn read(options: &mut Options, store: Option<StoreFlags>) -> Option<Option<Self>> {
        let address = options.optional(
            "launcher",
            "The launcher that started this runner, and says what to serve [default: none]",
        );
        let process_id = options.optional("process-id", "The name by which the launcher knows it");
        let token = options.variable("launch-token", "What proves that the launcher started it");
        match (address?, process_id?, token?) {
            (None, None, _) => Some(None),
            (Some(address), Some(process_id), Some(token)) => Some(Some(Self {
                address,
                process_id,
                token,
                store: store?,
            })),
            (Some(_), Some(_), None) => {
                options.refuse(
                    "PRISM_LAUNCH_TOKEN is not set: a launcher sets it for what it starts, \
                     by hand leave --launcher out",
                );
                None
            }
            (address, ..) => {
                let (given, missing) = match address {
                    Some(_) => ("launcher", "process-id"),
                    None => ("process-id", "launcher"),
                };
                options.refuse(format!("--{given} needs --{missing}"));
                None
            }
        }
    }
}
