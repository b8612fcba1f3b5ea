//! What the admin tells the proxy, on its control port.

use std::sync::Arc;

use prism_api::prism::control_plane_server::ControlPlane;
use prism_api::prism::{
    CreateNamespaceRequest, CreateNamespaceResponse, HeartbeatAck, LauncherHeartbeatRequest,
    LauncherRegistration, LauncherRegistrationAck, NamespaceAssignment, NamespaceAssignmentAck,
    NamespaceRevocation, NamespaceRevocationAck, ProcessAssignment, ProcessAssignmentAck,
    ProcessRevocation, ProcessRevocationAck, ProxyHeartbeat, ProxyRegistration,
    ProxyRegistrationAck,
};
use prism_process::{Shutdown, wall_millis};
use tonic::{Request, Response, Status};

use super::assignments::Contradiction;
use super::fields;
use super::holdings::Holdings;
use super::settings::ProxyId;

type Answer<T> = Result<Response<T>, Status>;

/// Takes what the admin assigns and revokes.
#[derive(Debug)]
pub(crate) struct TakeAssignments {
    pub(crate) holdings: Arc<Holdings>,
    pub(crate) proxy_id: ProxyId,
    pub(crate) shutdown: Shutdown,
}

impl From<Contradiction> for Status {
    fn from(contradiction: Contradiction) -> Self {
        Self::failed_precondition(contradiction.to_string())
    }
}

/// The answer to what another program serves.
fn elsewhere<T>(who: &str, method: &str) -> Answer<T> {
    Err(Status::unimplemented(format!("{who} serves {method}")))
}

#[tonic::async_trait]
impl ControlPlane for TakeAssignments {
    /// A draining proxy takes nothing new: the admin finds another one.
    async fn assign_namespace(
        &self,
        request: Request<NamespaceAssignment>,
    ) -> Answer<NamespaceAssignmentAck> {
        let assignment = fields::assignment(request.into_inner())?;
        if self.shutdown.is_draining() {
            return Err(Status::unavailable(
                "draining: the proxy takes no namespace",
            ));
        }
        self.holdings.assign(assignment)?;
        Ok(Response::new(NamespaceAssignmentAck {
            success: true,
            message: String::new(),
        }))
    }

    /// Answers when the last call has ended; a caller that does not wait so long changes nothing of that.
    async fn revoke_namespace(
        &self,
        request: Request<NamespaceRevocation>,
    ) -> Answer<NamespaceRevocationAck> {
        let revocation = fields::revocation(request.into_inner())?;
        if revocation.proxy_id != self.proxy_id.as_str() {
            let told = format!("this is not proxy {}", revocation.proxy_id);
            return Err(Status::not_found(told));
        }
        let leaving = self.holdings.revoke(&revocation.namespace);
        let leaving = leaving.ok_or_else(|| {
            Status::not_found(format!("namespace {} is unknown", revocation.namespace))
        })?;
        let ended = tokio::spawn(leaving.end(revocation.grace)).await;
        ended.map_err(|error| Status::internal(error.to_string()))?;
        Ok(Response::new(NamespaceRevocationAck {
            success: true,
            message: String::new(),
            revoked_at: wall_millis(),
        }))
    }

    async fn register_proxy(&self, _: Request<ProxyRegistration>) -> Answer<ProxyRegistrationAck> {
        elsewhere("the admin", "RegisterProxy")
    }

    async fn heartbeat(&self, _: Request<ProxyHeartbeat>) -> Answer<HeartbeatAck> {
        elsewhere("the admin", "Heartbeat")
    }

    async fn create_namespace(
        &self,
        _: Request<CreateNamespaceRequest>,
    ) -> Answer<CreateNamespaceResponse> {
        elsewhere("the admin", "CreateNamespace")
    }

    async fn register_launcher(
        &self,
        _: Request<LauncherRegistration>,
    ) -> Answer<LauncherRegistrationAck> {
        elsewhere("the admin", "RegisterLauncher")
    }

    async fn launcher_heartbeat(
        &self,
        _: Request<LauncherHeartbeatRequest>,
    ) -> Answer<HeartbeatAck> {
        elsewhere("the admin", "LauncherHeartbeat")
    }

    async fn assign_process(&self, _: Request<ProcessAssignment>) -> Answer<ProcessAssignmentAck> {
        elsewhere("a launcher", "AssignProcess")
    }

    async fn revoke_process(&self, _: Request<ProcessRevocation>) -> Answer<ProcessRevocationAck> {
        elsewhere("a launcher", "RevokeProcess")
    }
}
