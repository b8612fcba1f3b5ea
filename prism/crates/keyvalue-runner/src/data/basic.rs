//! `KeyValueBasicInterface`.

use prism_api::keyvalue::key_value_basic_interface_server::KeyValueBasicInterface;
use prism_api::keyvalue::{
    DeleteRequest, DeleteResponse, ExistsRequest, ExistsResponse, GetRequest, GetResponse,
    SetRequest, SetResponse,
};
use tonic::{Request, Response, Status};

use super::Data;
use super::answer::{deleted, found, stored};
use super::call::{KEY, key};

#[tonic::async_trait]
impl KeyValueBasicInterface for Data {
    async fn set(&self, request: Request<SetRequest>) -> Result<Response<SetResponse>, Status> {
        let (call, message) = self.open(request)?;
        let key = key(KEY, message.key)?;
        let outcome = self.records.set(&call, key, &message.value).await;
        Ok(Response::new(stored(outcome)))
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let (call, message) = self.open(request)?;
        let key = key(KEY, message.key)?;
        Ok(Response::new(found(self.records.get(&call, &key).await)))
    }

    async fn delete(
        &self,
        request: Request<DeleteRequest>,
    ) -> Result<Response<DeleteResponse>, Status> {
        let (call, message) = self.open(request)?;
        let key = key(KEY, message.key)?;
        let outcome = self.records.delete(&call, &key).await;
        Ok(Response::new(deleted(outcome)))
    }

    async fn exists(
        &self,
        request: Request<ExistsRequest>,
    ) -> Result<Response<ExistsResponse>, Status> {
        let (call, message) = self.open(request)?;
        let key = key(KEY, message.key)?;
        let response = match self.records.exists(&call, &key).await {
            Ok(exists) => ExistsResponse {
                exists,
                error: String::new(),
            },
            Err(error) => ExistsResponse {
                exists: false,
                error: error.to_string(),
            },
        };
        Ok(Response::new(response))
    }
}
