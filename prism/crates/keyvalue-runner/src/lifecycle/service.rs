//! `LifecycleInterface`, for whoever leads the runner without a proxy.

use std::sync::{Arc, Mutex, PoisonError};

use prism_api::interfaces::lifecycle_interface_server::LifecycleInterface;
use prism_api::interfaces::{
    DrainRequest, DrainResponse, HealthCheckRequest, HealthCheckResponse, InitializeRequest,
    InitializeResponse, StartRequest, StartResponse, StopRequest, StopResponse,
};
use tonic::{Request, Response, Status};

use super::{DrainOrder, Lifecycle, Phase, purge};

/// The orders that come in by single calls share one phase.
#[derive(Debug, Clone)]
pub(crate) struct LifecycleService {
    lifecycle: Lifecycle,
    phase: Arc<Mutex<Phase>>,
}

impl LifecycleService {
    pub(crate) fn new(lifecycle: Lifecycle) -> Self {
        Self {
            lifecycle,
            phase: Arc::default(),
        }
    }

    fn in_phase<T>(&self, act: impl FnOnce(&mut Phase) -> T) -> T {
        act(&mut self.phase.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[tonic::async_trait]
impl LifecycleInterface for LifecycleService {
    async fn initialize(
        &self,
        request: Request<InitializeRequest>,
    ) -> Result<Response<InitializeResponse>, Status> {
        let response =
            self.in_phase(|phase| self.lifecycle.initialize(phase, request.get_ref()))?;
        Ok(Response::new(response))
    }

    async fn start(&self, _: Request<StartRequest>) -> Result<Response<StartResponse>, Status> {
        let response = self.in_phase(|phase| self.lifecycle.start(phase))?;
        Ok(Response::new(response))
    }

    async fn drain(
        &self,
        request: Request<DrainRequest>,
    ) -> Result<Response<DrainResponse>, Status> {
        self.lifecycle.begin_drain(&request.get_ref().into())?;
        Ok(Response::new(self.lifecycle.drained().await.into()))
    }

    async fn stop(&self, request: Request<StopRequest>) -> Result<Response<StopResponse>, Status> {
        let purge = purge::is_asked(request.metadata())?;
        let order = DrainOrder::from(request.get_ref()).purging(purge);
        self.lifecycle.begin_drain(&order)?;
        let drained = self.lifecycle.drained().await;
        purge::answer(purge, drained)
    }

    async fn health_check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(self.lifecycle.health()))
    }
}
