//! `grpc.health.v1`, by service name.

use prism_api::interfaces::lifecycle_interface_server::SERVICE_NAME as LIFECYCLE;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::interfaces;

/// The health of the program as a whole.
const WHOLE: &str = "";

/// What the health service answers: not serving, until told otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    reporter: HealthReporter,
}

impl Health {
    pub(crate) async fn not_serving() -> Self {
        let health = Self {
            reporter: HealthReporter::new(),
        };
        health.set(ServingStatus::NotServing).await;
        health
    }

    pub(crate) fn reporter(&self) -> HealthReporter {
        self.reporter.clone()
    }

    pub(crate) async fn serving(&self) {
        self.set(ServingStatus::Serving).await;
    }

    /// From here on nobody should send new calls.
    pub(crate) async fn draining(&self) {
        self.set(ServingStatus::NotServing).await;
    }

    async fn set(&self, status: ServingStatus) {
        for service in interfaces::services().chain([WHOLE, LIFECYCLE]) {
            self.reporter.set_service_status(service, status).await;
        }
    }
}
