//! The commands that a runner is given, each with the id that its answer carries.

use std::time::Duration;

use prism_api::interfaces::proxy_command::Command;
use prism_api::interfaces::{
    DrainRequest, HealthCheckRequest, InitializeRequest, ProxyCommand, RegisterResponse,
    ShutdownRequest, StartRequest, StopRequest,
};

use super::registration::Registration;
use crate::routes::Taken;

pub(super) const INITIALIZE: &str = "initialize";
pub(super) const START: &str = "start";
pub(super) const DRAIN: &str = "drain";
pub(super) const STOP: &str = "stop";

fn command(correlation_id: &str, command: Command) -> ProxyCommand {
    ProxyCommand {
        correlation_id: correlation_id.to_owned(),
        command: Some(command),
    }
}

/// The answer to `register`, under the runner's own id.
pub(super) fn acknowledge(correlation_id: &str, outcome: Result<&str, &Taken>) -> ProxyCommand {
    let response = match outcome {
        Ok(instance) => RegisterResponse {
            success: true,
            instance_id: instance.to_owned(),
            ..RegisterResponse::default()
        },
        Err(taken) => RegisterResponse {
            error: taken.to_string(),
            ..RegisterResponse::default()
        },
    };
    command(correlation_id, Command::RegisterAck(response))
}

/// Without a configuration: the runner keeps the one it was started with.
pub(super) fn initialize(registration: &Registration) -> ProxyCommand {
    let request = InitializeRequest {
        name: registration.pattern.clone(),
        version: registration.version.clone(),
        config: None,
    };
    command(INITIALIZE, Command::Initialize(request))
}

pub(super) fn start() -> ProxyCommand {
    command(START, Command::Start(StartRequest {}))
}

pub(super) fn check_health(correlation_id: &str) -> ProxyCommand {
    command(correlation_id, Command::HealthCheck(HealthCheckRequest {}))
}

pub(super) fn drain(time: Duration, reason: &str) -> ProxyCommand {
    let request = DrainRequest {
        timeout_seconds: seconds(time),
        reason: reason.to_owned(),
    };
    command(DRAIN, Command::Drain(request))
}

pub(super) fn stop(time: Duration) -> ProxyCommand {
    let request = StopRequest {
        timeout_seconds: seconds(time),
    };
    command(STOP, Command::Stop(request))
}

pub(super) fn shut_down(time: Duration, reason: &str) -> ProxyCommand {
    let request = ShutdownRequest {
        timeout_seconds: seconds(time),
        reason: reason.to_owned(),
    };
    command(STOP, Command::Shutdown(request))
}

/// Whole seconds, rounded up, so that a short time does not become none.
fn seconds(time: Duration) -> i32 {
    let rounded_up = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    i32::try_from(rounded_up).unwrap_or(i32::MAX)
}
