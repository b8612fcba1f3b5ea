//! The control port's server: gRPC over h2c, and HTTP/1.1 on the same listener.

use prism_api::interfaces::proxy_control_plane_server::ProxyControlPlaneServer;
use prism_api::prism::control_plane_server::ControlPlaneServer;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::health_server::{Health, HealthServer};

use super::manage::ManageRunners;
use crate::admin::TakeAssignments;

/// Serves the control port until the proxy goes, and its connections have closed.
pub(crate) async fn serve(
    listener: TcpListener,
    health: HealthServer<impl Health>,
    runners: ManageRunners,
    assignments: Option<TakeAssignments>,
) -> Result<(), tonic::transport::Error> {
    let life = runners.sessions.proxy.clone();
    Server::builder()
        .accept_http1(true)
        .add_service(health)
        .add_service(ProxyControlPlaneServer::new(runners))
        .add_optional_service(assignments.map(ControlPlaneServer::new))
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            async move { life.ended().await },
        )
        .await
}
