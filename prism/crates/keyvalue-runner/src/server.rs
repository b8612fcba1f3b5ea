//! The listener and what it serves: data behind the gate, lifecycle and health in front of it.

use std::time::Duration;

use prism_api::interfaces::lifecycle_interface_server::LifecycleInterfaceServer;
use prism_api::keyvalue::key_value_basic_interface_server::KeyValueBasicInterfaceServer;
use prism_api::keyvalue::key_value_batch_interface_server::KeyValueBatchInterfaceServer;
use prism_api::keyvalue::key_value_ttl_interface_server::KeyValueTtlInterfaceServer;
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_stream::StreamExt;
use tonic::transport::server::{Router, TcpIncoming};
use tonic::transport::{Error, Server};
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::HealthService;

use crate::data::Data;
use crate::gate::Gate;
use crate::health::Health;
use crate::lifecycle::{Lifecycle, LifecycleService};

/// A message of the default limit fits a few round trips at most, and no call takes the whole connection.
const STREAM_WINDOW: u32 = 1 << 20;
/// A proxy brings the calls of many clients over one connection.
const CONNECTION_WINDOW: u32 = 8 << 20;
/// As many calls of one proxy at once as common gRPC servers allow or more, and a bound on their memory.
const MAX_STREAMS: u32 = 1024;
/// What a proxy lets through: a hundred metadata of common size, or a few of 8 KiB.
const MAX_HEADER_BYTES: u32 = 128 << 10;
/// A peer whose machine is gone is given up after these two.
const PING_INTERVAL: Duration = Duration::from_secs(60);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// Out of file descriptors, accepting again at once would only take the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// What the runner serves.
pub(crate) struct Services {
    pub(crate) data: Data,
    pub(crate) gate: Gate,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) health: Health,
    pub(crate) max_message_bytes: usize,
}

/// Serves until `closing` completes and then until every connection has ended.
pub(crate) async fn serve(
    listener: TcpListener,
    services: Services,
    closing: impl Future<Output = ()>,
) -> Result<(), Error> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let paced = incoming.then(|accepted| async {
        if accepted.is_err() {
            sleep(ACCEPT_PAUSE).await;
        }
        accepted
    });
    services
        .router()
        .serve_with_incoming_shutdown(paced, closing)
        .await
}

impl Services {
    fn router(self) -> Router {
        let Self {
            data,
            gate,
            lifecycle,
            health,
            max_message_bytes: limit,
        } = self;
        let basic =
            KeyValueBasicInterfaceServer::new(data.clone()).max_decoding_message_size(limit);
        let ttl = KeyValueTtlInterfaceServer::new(data.clone()).max_decoding_message_size(limit);
        let batch = KeyValueBatchInterfaceServer::new(data).max_decoding_message_size(limit);
        http2()
            .add_service(gate.guard(basic))
            .add_service(gate.guard(ttl))
            .add_service(gate.guard(batch))
            .add_service(LifecycleInterfaceServer::new(LifecycleService::new(
                lifecycle,
            )))
            .add_service(HealthServer::new(HealthService::from_health_reporter(
                health.reporter(),
            )))
    }
}

fn http2() -> Server {
    Server::builder()
        .accept_http1(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(MAX_STREAMS)
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .http2_keepalive_interval(Some(PING_INTERVAL))
        .http2_keepalive_timeout(Some(PING_TIMEOUT))
}
