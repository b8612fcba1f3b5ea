//! `grpc.health.v1`, by service name.

use keyvalue_store::Condition;
use prism_api::interfaces::lifecycle_interface_server::SERVICE_NAME as LIFECYCLE;
use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::interfaces;
use crate::news::News;

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
        health.draining().await;
        health
    }

    pub(crate) fn reporter(&self) -> HealthReporter {
        self.reporter.clone()
    }

    /// Nothing is served while the store is away, but the lifecycle.
    pub(crate) async fn serving(&self, condition: &Condition) {
        let status = match condition {
            Condition::Well | Condition::Ailing(_) => ServingStatus::Serving,
            Condition::Away(_) => ServingStatus::NotServing,
        };
        let served = interfaces::services().chain([WHOLE]).collect();
        self.set(served, status).await;
        self.set(vec![LIFECYCLE], ServingStatus::Serving).await;
    }

    /// Keeps saying how the store is, and that it changed, for as long as it is driven.
    pub(crate) async fn follow(self, mut condition: watch::Receiver<Condition>, news: News) {
        while condition.changed().await.is_ok() {
            let condition = condition.borrow_and_update().clone();
            self.serving(&condition).await;
            news.tell();
        }
    }

    /// From here on nobody should send new calls.
    pub(crate) async fn draining(&self) {
        let all = interfaces::services().chain([WHOLE, LIFECYCLE]).collect();
        self.set(all, ServingStatus::NotServing).await;
    }

    async fn set(&self, services: Vec<&'static str>, status: ServingStatus) {
        for service in services {
            self.reporter.set_service_status(service, status).await;
        }
    }
}
