//! The launcher as the runner reaches it: over one connection, which is made anew when it was lost.

use std::future::pending;
use std::time::Duration;

use prism_api::interfaces::HealthCheckResponse;
use prism_api::launcher::launcher_control_client::LauncherControlClient;
use prism_api::launcher::{
    ProcessHandshakeRequest, ProcessHandshakeResponse, ProcessHeartbeatRequest,
    ProcessHeartbeatResponse, ProcessStoppingRequest,
};
use prism_process::peer::{Connection, cause, is_away, timed, within};
use prism_process::{build_id, wall_millis};
use tonic::Status;
use tonic::transport::Channel;

use super::settings::LaunchSettings;
use crate::drain::Drained;
use crate::lifecycle::Identity;

/// How long the answer to a handshake or a heartbeat may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the last word may take: the runner has drained, and somebody waits for its end.
const FAREWELL_TIMEOUT: Duration = Duration::from_millis(500);
/// Where the health's words are among a heartbeat's details.
const MESSAGE: &str = "message";

/// The launcher, as far as it is there.
pub(super) struct Launcher {
    pub(super) settings: LaunchSettings,
    /// Where the runner is to be called.
    endpoint: String,
    connection: Option<Connection>,
}

impl Launcher {
    pub(super) fn new(settings: LaunchSettings, endpoint: String) -> Self {
        Self {
            settings,
            endpoint,
            connection: None,
        }
    }

    /// Says that the process is there, and asks what it is to be.
    pub(super) async fn greet(&mut self) -> Result<ProcessHandshakeResponse, Status> {
        let request = ProcessHandshakeRequest {
            process_id: self.settings.process_id.to_string(),
            launch_token: self.settings.token.reveal().to_owned(),
            pid: Identity::pid(),
            data_endpoint: self.endpoint.clone(),
            control_endpoint: self.endpoint.clone(),
            metadata: Some(Identity::pattern()),
            build_id: build_id().unwrap_or_default(),
        };
        let answer = within(CALL_TIMEOUT, async {
            let mut client = self.client().await?;
            let answer = client.process_handshake(timed(request, CALL_TIMEOUT));
            Ok(answer.await?.into_inner())
        });
        let answer = answer.await;
        self.kept(answer)
    }

    /// Says how the process is.
    pub(super) async fn beat(
        &mut self,
        health: HealthCheckResponse,
    ) -> Result<ProcessHeartbeatResponse, Status> {
        let mut details = health.details;
        details.insert(MESSAGE.to_owned(), health.message);
        let request = ProcessHeartbeatRequest {
            process_id: self.settings.process_id.to_string(),
            launch_token: self.settings.token.reveal().to_owned(),
            status: health.status,
            timestamp_millis: wall_millis(),
            details,
        };
        let answer = within(CALL_TIMEOUT, async {
            let mut client = self.client().await?;
            let answer = client.process_heartbeat(timed(request, CALL_TIMEOUT));
            Ok(answer.await?.into_inner())
        });
        let answer = answer.await;
        self.kept(answer)
    }

    /// Says that the process is about to end, and how its drain went.
    pub(super) async fn take_leave(
        &mut self,
        reason: String,
        drained: &Drained,
    ) -> Result<(), Status> {
        let request = ProcessStoppingRequest {
            process_id: self.settings.process_id.to_string(),
            launch_token: self.settings.token.reveal().to_owned(),
            reason,
            drained_operations: drained.finished_operations(),
            aborted_operations: drained.aborted_operations(),
        };
        within(FAREWELL_TIMEOUT, async {
            let mut client = self.client().await?;
            client
                .process_stopping(timed(request, FAREWELL_TIMEOUT))
                .await?;
            Ok(())
        })
        .await
    }

    /// Completes when the connection is lost; never, where there is none to lose.
    pub(super) async fn lost(&mut self) {
        match &self.connection {
            Some(connection) => connection.lost().await,
            None => pending().await,
        }
        self.connection = None;
    }

    async fn client(&mut self) -> Result<LauncherControlClient<Channel>, Status> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(&self.settings.address)
                .await
                .map_err(|error| Status::unavailable(cause(&error)))?,
        };
        let client = LauncherControlClient::new(connection.channel());
        self.connection = Some(connection);
        Ok(client)
    }

    /// What is not answered over a connection may be answered over another.
    fn kept<T>(&mut self, answer: Result<T, Status>) -> Result<T, Status> {
        if answer.as_ref().is_err_and(|status| is_away(status.code())) {
            self.connection = None;
        }
        answer
    }
}
