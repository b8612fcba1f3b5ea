//! What the runner is to serve, and who says so: its command line, or a launcher.

use prism_process::Options;
use prism_process::config::PeerAddress;

use crate::data::Serves;
use crate::launched::LaunchSettings;
use crate::store::{StoreFlags, StoreSettings};

/// What a launcher says, and a command line then must not.
const LAUNCHERS_WORD: [&str; 3] = ["proxy", "namespace", "store"];

/// What a runner is to serve, and through whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Whose calls are served.
    pub serves: Serves,
    /// Where the records are kept.
    pub store: StoreSettings,
    /// The control ports of the proxies to register with.
    pub proxies: Vec<PeerAddress>,
}

/// Who gives the runner its assignment.
#[derive(Debug, Clone)]
pub enum AssignedBy {
    /// Whoever wrote the command line.
    Flags(Assignment),
    /// The launcher that started the runner, when asked.
    Launcher(LaunchSettings),
}

impl AssignedBy {
    /// Whether anybody is told where the runner is.
    pub(crate) fn is_told(&self) -> bool {
        match self {
            Self::Flags(assignment) => !assignment.proxies.is_empty(),
            Self::Launcher(_) => true,
        }
    }

    pub(crate) fn read(options: &mut Options) -> Option<Self> {
        let proxies = options.many("proxy", "Control port of a proxy to register with");
        let serves = options.one("namespace", "default", "Namespace to serve, or * for any");
        let store = StoreFlags::read(options);
        let launch = LaunchSettings::read(options, store.clone());
        if let Some(Some(_)) = launch {
            refuse_launchers_word(options);
        }
        if let Some(launch) = launch? {
            return Some(Self::Launcher(launch));
        }
        let store = StoreSettings::from_flags(&store?);
        let store = store.map_err(|conflict| options.refuse(conflict)).ok();
        Some(Self::Flags(Assignment {
            serves: serves?,
            store: store?,
            proxies: proxies?,
        }))
    }
}

fn refuse_launchers_word(options: &mut Options) {
    for name in LAUNCHERS_WORD {
        if let Some(given) = options.given_as(name) {
            options.refuse(format!(
                "{given} does not go with --launcher: the launcher says it"
            ));
        }
    }
}
