//! How each mode is configured.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use prism_process::config::{ByteSize, PeerAddress, Value};
use prism_process::{Common, Configuration, Options};

use crate::hex::Hex;

/// Calls that are made before those that count: connections open, caches fill.
const WARMUP: &str = "200";

/// The configuration of `call`.
#[derive(Debug)]
pub(crate) struct CallSettings {
    pub(crate) target: PeerAddress,
    pub(crate) path: String,
    pub(crate) connections: NonZeroUsize,
    pub(crate) concurrency: NonZeroUsize,
    pub(crate) warmup: u64,
    pub(crate) calls: Option<u64>,
    pub(crate) duration: Duration,
    pub(crate) body: Hex,
    common: Common,
}

/// The configuration of `read`.
#[derive(Debug)]
pub(crate) struct ReadSettings {
    pub(crate) target: PeerAddress,
    pub(crate) bytes: ByteSize,
    pub(crate) rate: ByteSize,
    common: Common,
}

/// The configuration of `serve`.
#[derive(Debug)]
pub(crate) struct ServeSettings {
    pub(crate) listen: SocketAddr,
    common: Common,
}

impl Configuration for CallSettings {
    fn read(options: &mut Options) -> Option<Self> {
        let target = required(options, "target", "Address that is called");
        let path = required(options, "path", "Method, as /package.Service/Method");
        let body = options.one("body-hex", "", "The request message");
        let connections = options.one("connections", "1", "Connections that the calls share");
        let concurrency = options.one("concurrency", "1", "Calls that are under way at a time");
        let warmup = options.one("warmup", WARMUP, "Calls before those that count");
        let calls = options.optional("calls", "Number of calls, instead of a duration");
        let duration = options.one("duration", "5s", "How long calls are begun");
        let common = Common::read(options);
        Some(Self {
            target: target?,
            path: path?,
            connections: connections?,
            concurrency: concurrency?,
            warmup: count(warmup?),
            calls: calls?.map(count),
            duration: duration?,
            body: body?,
            common: common?,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

impl Configuration for ReadSettings {
    fn read(options: &mut Options) -> Option<Self> {
        let target = required(
            options,
            "target",
            "Address of `serve`, or of a proxy before it",
        );
        let bytes = options.one("bytes", "1GiB", "How much is asked for");
        let rate = options.one("rate", "256MiB", "How much is read in a second");
        let common = Common::read(options);
        Some(Self {
            target: target?,
            bytes: bytes?,
            rate: rate?,
            common: common?,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

impl Configuration for ServeSettings {
    fn read(options: &mut Options) -> Option<Self> {
        let listen = options.one("listen", "127.0.0.1:0", "Address that is served");
        let common = Common::read(options);
        Some(Self {
            listen: listen?,
            common: common?,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

fn required<T: Value>(options: &mut Options, name: &'static str, help: &'static str) -> Option<T> {
    let given = options.optional(name, help)?;
    if given.is_none() {
        options.refuse(format!("--{name} is needed"));
    }
    given
}

fn count(number: NonZeroUsize) -> u64 {
    number.get() as u64
}
