//! How the proxy is configured.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use prism_process::{Common, Configuration, Options, wildcard_conflict};

use crate::admin::AdminSettings;
use crate::static_route::StaticRoute;

/// The configuration of the program.
#[derive(Debug)]
pub struct Settings {
    /// Where calls come in.
    pub listen: SocketAddr,
    /// Where health and runners come in.
    pub control_listen: SocketAddr,
    /// What is done with them.
    pub proxy: ProxySettings,
    common: Common,
}

/// What the proxy does, apart from where it listens.
#[derive(Debug, Clone)]
pub struct ProxySettings {
    /// Routes that do not wait for a runner to register.
    pub backends: Vec<StaticRoute>,
    /// Threads that serve calls; none leaves it to the runtime that drives the proxy.
    pub workers: Option<NonZeroUsize>,
    /// How long a draining proxy says so before it closes its data port.
    pub drain_notice: Duration,
    /// How long calls in flight may take to finish, counted from the beginning of the drain.
    pub drain_timeout: Duration,
    /// What is expected of runners that register.
    pub runners: RunnerSettings,
    /// The admin that assigns namespaces; without one any namespace is routed.
    pub admin: Option<AdminSettings>,
}

/// What is expected of runners that register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunnerSettings {
    /// How often a runner is asked whether it is well.
    pub health_interval: Duration,
    /// How long a runner may take to answer a command.
    pub step_timeout: Duration,
    /// How often a runner sends a heartbeat by itself.
    pub heartbeat_interval: Duration,
}

impl Default for RunnerSettings {
    fn default() -> Self {
        Self {
            health_interval: Duration::from_secs(5),
            step_timeout: Duration::from_secs(5),
            heartbeat_interval: Duration::from_secs(30),
        }
    }
}

impl Configuration for Settings {
    fn read(options: &mut Options) -> Option<Self> {
        let listen = options.one("listen", "127.0.0.1:9090", "Address of the data port");
        let control_listen = options.one(
            "control-listen",
            "127.0.0.1:9190",
            "Address of the control port",
        );
        let backends = options.many(
            "backend",
            "Static route NAME=URL[,namespace=NS]; NAME is a service, a package, or keyvalue",
        );
        let workers = options.optional(
            "workers",
            "Threads that serve calls [default: half of the machine's]",
        );
        let drain_notice = options.one(
            "drain-notice",
            "200ms",
            "How long new calls are answered `draining` before the data port closes",
        );
        let runners = RunnerSettings::read(options);
        let admin = AdminSettings::read(options);
        let common = Common::read(options);
        let (common, backends, admin) = (common?, backends?, admin?);
        refuse_twins(&backends, options);
        if let Some(admin) = &admin {
            refuse_wildcards(
                admin,
                [("listen", listen), ("control-listen", control_listen)],
                options,
            );
        }
        Some(Self {
            listen: listen?,
            control_listen: control_listen?,
            proxy: ProxySettings {
                backends,
                workers: workers?.or_else(half_of_the_machine),
                drain_notice: drain_notice?,
                drain_timeout: common.drain_timeout,
                runners: runners?,
                admin,
            },
            common,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

/// Of two backends for one route, one would never be called.
fn refuse_twins(backends: &[StaticRoute], options: &mut Options) {
    let mut seen = HashSet::new();
    for StaticRoute {
        name, namespace, ..
    } in backends
    {
        if !seen.insert((name, namespace)) {
            options.refuse(format!(
                "--backend names {name} in namespace {namespace} twice"
            ));
        }
    }
}

/// The admin tells others where the proxy is, and a wildcard is nowhere.
fn refuse_wildcards(
    admin: &AdminSettings,
    listeners: [(&str, Option<SocketAddr>); 2],
    options: &mut Options,
) {
    for (name, listen) in listeners {
        let host = admin.advertise.as_ref();
        let conflict = listen.and_then(|listen| wildcard_conflict(name, listen, host));
        if let Some(reason) = conflict {
            options.refuse(reason);
        }
    }
}

/// The proxy shares its machine with runners; past half of it, they have more use for a thread.
fn half_of_the_machine() -> Option<NonZeroUsize> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    NonZeroUsize::new((threads / 2).max(1))
}

impl RunnerSettings {
    fn read(options: &mut Options) -> Option<Self> {
        let health_interval = options.one(
            "health-interval",
            "5s",
            "How often a runner is asked whether it is well",
        );
        let step_timeout = options.one(
            "runner-step-timeout",
            "5s",
            "How long a runner may take to answer a command",
        );
        let heartbeat_interval = options.one(
            "heartbeat-interval",
            "30s",
            "How often runners send heartbeats; a runner that misses three is taken out",
        );
        Some(Self {
            health_interval: health_interval?,
            step_timeout: step_timeout?,
            heartbeat_interval: heartbeat_interval?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use prism_process::Program;
    use prism_process::config::{Asked, Invalid, load};

    use super::*;

    const PROGRAM: Program = Program {
        name: "prism-proxy",
        about: "",
        version: "",
        commit: "",
        dirty: false,
        profile: "",
    };

    fn settings(words: &[&str]) -> Result<Settings, Vec<Invalid>> {
        match load(PROGRAM, words.iter().map(OsString::from), |_| None)? {
            Asked::Serve(settings) => Ok(settings),
            Asked::Print(text) => panic!("{text}"),
        }
    }

    /// Without a word, the proxy takes its documented places and times.
    #[test]
    fn the_defaults_are_the_documented_ones() {
        let settings = settings(&[]).unwrap();

        assert_eq!(settings.listen.to_string(), "127.0.0.1:9090");
        assert_eq!(settings.control_listen.to_string(), "127.0.0.1:9190");
        assert_eq!(settings.proxy.drain_notice, Duration::from_millis(200));
        assert_eq!(settings.proxy.drain_timeout, Duration::from_secs(30));
        assert_eq!(settings.proxy.runners, RunnerSettings::default());
        assert!(settings.proxy.workers.is_some());
    }

    /// Without an admin nothing is assigned; with one, the proxy goes by a name and is heard every 5 s.
    #[test]
    fn an_admin_is_asked_for() {
        let alone = settings(&[]).unwrap();
        let joined = settings(&["--admin", "127.0.0.1:8981"]).unwrap();

        let admin = joined.proxy.admin.unwrap();
        assert_eq!(alone.proxy.admin, None);
        assert_eq!(admin.proxy_id.as_str(), "proxy-1");
        assert_eq!(admin.heartbeat_interval, Duration::from_secs(5));
        assert_eq!(admin.advertise, None);
    }

    /// A wildcard can't be told to an admin: the host must be named. Without an admin nobody is told.
    #[test]
    fn a_wildcard_needs_a_host_to_advertise() {
        let wildcard = ["--listen", "0.0.0.0:0", "--control-listen", "[::]:0"];
        let joined = [&wildcard[..], &["--admin", "127.0.0.1:8981"]].concat();
        let named = [&joined[..], &["--advertise", "proxy-1.internal"]].concat();

        let refused = settings(&joined).unwrap_err();

        assert_eq!(refused.len(), 2, "{refused:?}");
        assert!(refused[1].to_string().contains("--control-listen"));
        assert!(settings(&wildcard).is_ok() && settings(&named).is_ok());
    }

    /// An interval that the admin would not take is refused here.
    #[test]
    fn the_heartbeat_interval_has_bounds() {
        for (interval, right) in [("1ms", true), ("1h", true), ("0s", false), ("61m", false)] {
            let outcome = settings(&["--admin-heartbeat-interval", interval]);
            assert_eq!(outcome.is_ok(), right, "{interval}");
        }
    }

    /// Two backends for one route are refused; for two namespaces they are two routes.
    #[test]
    fn a_route_has_one_backend() {
        let (first, second) = (
            "keyvalue=http://a:1",
            "prism.interfaces.keyvalue=http://b:1",
        );
        let elsewhere = format!("{second},namespace=team");

        let twins = settings(&["--backend", first, "--backend", second]).unwrap_err();
        let siblings = settings(&["--backend", first, "--backend", &elsewhere]).unwrap();

        assert!(twins[0].to_string().contains("twice"), "{twins:?}");
        assert_eq!(siblings.proxy.backends.len(), 2);
    }
}
