//! The control port's server: gRPC over h2c, and HTTP/1.1 on the same listener.

use std::sync::Arc;

use prism_api::interfaces::proxy_control_plane_server::{
    ProxyControlPlaneServer, SERVICE_NAME as RUNNERS,
};
use prism_api::prism::control_plane_server::{ControlPlaneServer, SERVICE_NAME as ADMIN};
use prism_inspect::{reflect, with_metrics};
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::health_server::{Health, HealthServer, SERVICE_NAME as HEALTH};

use super::manage::ManageRunners;
use crate::admin::TakeAssignments;
use crate::data::DataPlane;

/// Serves the control port until the proxy goes, and its connections have closed.
pub(crate) async fn serve(
    listener: TcpListener,
    health: HealthServer<impl Health>,
    runners: ManageRunners,
    assignments: Option<TakeAssignments>,
    plane: Arc<DataPlane>,
) -> Result<(), tonic::transport::Error> {
    let life = runners.sessions.proxy.clone();
    let mut shown = vec![HEALTH, RUNNERS];
    let mut routes = Routes::new(health).add_service(ProxyControlPlaneServer::new(runners));
    if let Some(assignments) = assignments {
        routes = routes.add_service(ControlPlaneServer::new(assignments));
        shown.push(ADMIN);
    }
    let routes = with_metrics(reflect(routes, &shown), move |page| {
        plane.write_figures(page);
    });
    Server::builder()
        .accept_http1(true)
        .add_routes(routes)
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            async move { life.ended().await },
        )
        .await
}
