//! What the runner can be told.

use std::net::SocketAddr;
use std::time::Duration;

use prism_process::config::ByteSize;
use prism_process::{Common, Configuration, Host, Options, wildcard_conflict};

use crate::assignment::AssignedBy;

/// The runner's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address of the one listener.
    pub listen: SocketAddr,
    /// The host that others are told, where it is not the one that is listened on.
    pub advertise: Option<Host>,
    /// Who says what is to be served.
    pub assigned_by: AssignedBy,
    /// The longest request.
    pub max_message_bytes: ByteSize,
    /// How often a proxy hears from the runner.
    pub heartbeat_interval: Duration,
    /// What every program is told.
    pub common: Common,
}

impl Configuration for Config {
    fn read(options: &mut Options) -> Option<Self> {
        let listen = options.one(
            "listen",
            "127.0.0.1:9095",
            "Address of data, control and health",
        );
        let advertise = options.optional("advertise", "The host that others are told");
        let assigned_by = AssignedBy::read(options);
        if let (Some(listen), Some(host), Some(assigned_by)) = (listen, &advertise, &assigned_by)
            && assigned_by.is_told()
            && let Some(conflict) = wildcard_conflict("listen", listen, host.as_ref())
        {
            options.refuse(conflict);
        }
        let max_message_bytes = options.one("max-message-bytes", "4MiB", "The longest request");
        let heartbeat_interval = options.one(
            "heartbeat-interval",
            "30s",
            "How often a proxy hears from the runner",
        );
        if heartbeat_interval == Some(Duration::ZERO) {
            options.refuse("--heartbeat-interval must be longer than nothing");
        }
        let common = Common::read(options);
        Some(Self {
            listen: listen?,
            advertise: advertise?,
            assigned_by: assigned_by?,
            max_message_bytes: max_message_bytes?,
            heartbeat_interval: heartbeat_interval?,
            common: common?,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
