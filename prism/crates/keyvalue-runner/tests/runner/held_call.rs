//! A call that stays inside the runner until the test lets it go.

use std::net::SocketAddr;

use prism_api::interfaces::HealthCheckRequest as RunnerHealthRequest;
use prism_api::interfaces::lifecycle_interface_client::LifecycleInterfaceClient;
use prism_api::keyvalue::{SetRequest, SetResponse};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;

use crate::harness::{Runner, connect, set_request, soon};

/// Waits until a runner says that it is not serving.
pub(crate) async fn until_draining(address: SocketAddr) {
    let mut health = HealthClient::new(connect(address).await);
    let mut watch = health
        .watch(HealthCheckRequest {
            service: String::new(),
        })
        .await
        .unwrap()
        .into_inner();
    while soon(watch.message()).await.unwrap().unwrap().status() != ServingStatus::NotServing {}
}

async fn in_flight(lifecycle: &mut LifecycleInterfaceClient<Channel>) -> String {
    let health = soon(lifecycle.health_check(RunnerHealthRequest {}))
        .await
        .unwrap();
    health.into_inner().details["in_flight"].clone()
}

/// A Set whose headers have arrived and whose message has not.
pub(crate) struct HeldCall {
    message: mpsc::Sender<SetRequest>,
    answer: JoinHandle<Result<SetResponse, Status>>,
}

impl HeldCall {
    pub(crate) async fn begin(runner: &Runner) -> Self {
        Self::at(runner.address).await
    }

    pub(crate) async fn at(address: SocketAddr) -> Self {
        let channel = connect(address).await;
        let (message, messages) = mpsc::channel(1);
        let mut client = Grpc::new(channel.clone());
        client.ready().await.unwrap();
        let answer = tokio::spawn(async move {
            let path = "/prism.interfaces.keyvalue.KeyValueBasicInterface/Set"
                .parse()
                .unwrap();
            let codec = ProstCodec::<SetRequest, SetResponse>::default();
            let request = Request::new(ReceiverStream::new(messages));
            client
                .client_streaming(request, path, codec)
                .await
                .map(tonic::Response::into_inner)
        });
        let mut lifecycle = LifecycleInterfaceClient::new(channel);
        while in_flight(&mut lifecycle).await == "0" {}
        Self { message, answer }
    }

    /// Sends the message, and returns the answer.
    pub(crate) async fn finish(self) -> Result<SetResponse, Status> {
        let Self { message, answer } = self;
        message.send(set_request("held", "v")).await.unwrap();
        drop(message);
        soon(answer).await.unwrap()
    }

    /// The answer, with the message never sent.
    pub(crate) async fn answered(self) -> Result<SetResponse, Status> {
        let Self {
            message: _unsent,
            answer,
        } = self;
        soon(answer).await.unwrap()
    }
}
