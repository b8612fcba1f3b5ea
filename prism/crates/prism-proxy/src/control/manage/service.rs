//! The service on which runners register.

use prism_api::interfaces::proxy_control_plane_server::ProxyControlPlane;
use prism_api::interfaces::{PatternMessage, ProxyCommand};
use prism_process::Shutdown;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::session::{Session, Sessions};

/// More commands than are ever under way: the next one waits for the answer to the last.
const QUEUE: usize = 8;

/// Takes the streams of runners.
#[derive(Debug, Clone)]
pub(crate) struct ManageRunners {
    pub(crate) sessions: Sessions,
    pub(crate) shutdown: Shutdown,
}

#[tonic::async_trait]
impl ProxyControlPlane for ManageRunners {
    type ManagePatternStream = ReceiverStream<Result<ProxyCommand, Status>>;

    /// A draining proxy keeps the runners that it has and takes no others; theirs is the next proxy.
    async fn manage_pattern(
        &self,
        request: Request<Streaming<PatternMessage>>,
    ) -> Result<Response<Self::ManagePatternStream>, Status> {
        if self.shutdown.is_draining() {
            return Err(Status::unavailable("draining: register with another proxy"));
        }
        let (commands, answered) = mpsc::channel(QUEUE);
        let session = Session::new(self.sessions.clone(), request.into_inner(), commands);
        tokio::spawn(session.live());
        Ok(Response::new(ReceiverStream::new(answered)))
    }
}
