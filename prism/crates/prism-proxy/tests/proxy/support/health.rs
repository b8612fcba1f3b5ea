//! What the control port says.

use std::time::Duration;

use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
pub(crate) use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::{Proxy, soon};

/// Asks a proxy about its health.
pub(crate) struct Health(HealthClient<Channel>);

impl Health {
    pub(crate) async fn of(proxy: &Proxy) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{}", proxy.control)).unwrap();
        Self(HealthClient::new(endpoint.connect().await.unwrap()))
    }

    /// The status of a name; none where the proxy knows no such name.
    pub(crate) async fn check(&mut self, service: &str) -> Option<ServingStatus> {
        let service = service.to_owned();
        let response = self.0.check(HealthCheckRequest { service }).await.ok()?;
        Some(response.into_inner().status())
    }

    /// Waits until a name has a status; a name may be unknown before.
    pub(crate) async fn becomes(&mut self, service: &str, status: ServingStatus) {
        let has_become = async {
            while self.check(service).await != Some(status) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        soon(status.as_str_name(), has_become).await;
    }
}
