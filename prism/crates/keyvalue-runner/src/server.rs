//! The listener and what it serves: data behind the gate; lifecycle, health and figures in front of it.

use std::sync::Arc;
use std::time::Duration;

use keyvalue_store::Condition;
use prism_api::interfaces::lifecycle_interface_server::{
    LifecycleInterfaceServer, SERVICE_NAME as LIFECYCLE,
};
use prism_api::keyvalue::key_value_basic_interface_server::KeyValueBasicInterfaceServer;
use prism_api::keyvalue::key_value_batch_interface_server::KeyValueBatchInterfaceServer;
use prism_api::keyvalue::key_value_ttl_interface_server::KeyValueTtlInterfaceServer;
use prism_inspect::{Calls, Page, reflect, with_metrics};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::transport::server::{Router, TcpIncoming};
use tonic::transport::{Error, Server};
use tonic_health::pb::health_server::{HealthServer, SERVICE_NAME as HEALTH};
use tonic_health::server::HealthService;

use crate::connections::Connections;
use crate::data::Data;
use crate::gate::Gate;
use crate::health::Health;
use crate::interfaces;
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
    let connections = Connections::default();
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let paced = incoming.then(|accepted| async {
        if accepted.is_err() {
            sleep(ACCEPT_PAUSE).await;
        }
        accepted.map(|stream| connections.count(stream))
    });
    services
        .router(connections.clone())
        .serve_with_incoming_shutdown(paced, closing)
        .await
}

impl Services {
    fn router(self, connections: Connections) -> Router {
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
        let calls = Calls::of(interfaces::services());
        let routes = Routes::new(gate.guard(basic, &calls))
            .add_service(gate.guard(ttl, &calls))
            .add_service(gate.guard(batch, &calls))
            .add_service(LifecycleInterfaceServer::new(LifecycleService::new(
                lifecycle.clone(),
            )))
            .add_service(HealthServer::new(HealthService::from_health_reporter(
                health.reporter(),
            )));
        let shown: Vec<_> = interfaces::services().chain([LIFECYCLE, HEALTH]).collect();
        let figures = Arc::new(Figures {
            calls,
            connections,
            condition: lifecycle.condition,
        });
        let routes = with_metrics(reflect(routes, &shown), move |page| figures.write(page));
        http2().add_routes(routes)
    }
}

/// What the runner tells of itself in figures.
struct Figures {
    calls: Calls,
    connections: Connections,
    condition: watch::Receiver<Condition>,
}

impl Figures {
    fn write(&self, page: &mut Page) {
        self.calls.write(page);
        let open = self.connections.open();
        page.gauge("prism_connections", "Connections that are open.", open);
        let there = !matches!(*self.condition.borrow(), Condition::Away(_));
        let help = "Whether the store can be reached: 1 if so.";
        page.gauge("prism_store_reachable", help, u8::from(there));
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
