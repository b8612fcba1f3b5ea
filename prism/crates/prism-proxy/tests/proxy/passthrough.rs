//! What goes through unchanged.

use bytes::Bytes;
use prism_api::keyvalue::key_value_basic_interface_client::KeyValueBasicInterfaceClient;
use prism_api::keyvalue::key_value_basic_interface_server::{
    KeyValueBasicInterface, KeyValueBasicInterfaceServer,
};
use prism_api::keyvalue::{
    DeleteRequest, DeleteResponse, ExistsRequest, ExistsResponse, GetRequest, GetResponse,
    SetRequest, SetResponse,
};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};

use crate::support::Proxy;

/// A runner that finds every key, with the key as its value.
struct Echo;

#[tonic::async_trait]
impl KeyValueBasicInterface for Echo {
    async fn set(&self, _: Request<SetRequest>) -> Result<Response<SetResponse>, Status> {
        Err(Status::invalid_argument("key: häßlich % \n"))
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        Ok(Response::new(GetResponse {
            found: true,
            value: Bytes::from(request.into_inner().key),
            ..GetResponse::default()
        }))
    }

    async fn delete(&self, _: Request<DeleteRequest>) -> Result<Response<DeleteResponse>, Status> {
        Err(Status::unimplemented("delete"))
    }

    async fn exists(&self, _: Request<ExistsRequest>) -> Result<Response<ExistsResponse>, Status> {
        Err(Status::unimplemented("exists"))
    }
}

/// A call of a real gRPC client reaches a real gRPC server and comes back, its errors too.
#[tokio::test]
async fn a_grpc_call_goes_through() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::to_address(listener.local_addr().unwrap()).await;
    tokio::spawn(
        Server::builder()
            .add_service(KeyValueBasicInterfaceServer::new(Echo))
            .serve_with_incoming(TcpIncoming::from(listener)),
    );
    let channel = Endpoint::from_shared(format!("http://{}", proxy.data)).unwrap();
    let mut client = KeyValueBasicInterfaceClient::new(channel.connect().await.unwrap());

    let found = client
        .get(GetRequest {
            key: "k".to_owned(),
        })
        .await
        .unwrap();
    let refused = client.set(SetRequest::default()).await.unwrap_err();

    assert_eq!(found.into_inner().value, "k");
    assert_eq!(refused.message(), "key: häßlich % \n");
}
