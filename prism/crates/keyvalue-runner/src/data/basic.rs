//! `KeyValueBasicInterface`.

use bytes::Bytes;
use keyvalue_store::{Key, Namespace};
use prism_api::keyvalue::key_value_basic_interface_server::KeyValueBasicInterface;
use prism_api::keyvalue::{
    DeleteRequest, DeleteResponse, ExistsRequest, ExistsResponse, GetRequest, GetResponse,
    SetRequest, SetResponse,
};
use tonic::{Request, Response, Status};

use super::Data;
use super::call::{KEY, key};

#[tonic::async_trait]
impl KeyValueBasicInterface for Data {
    async fn set(&self, request: Request<SetRequest>) -> Result<Response<SetResponse>, Status> {
        let (
            namespace,
            SetRequest {
                key: text, value, ..
            },
        ) = self.open(request)?;
        Ok(Response::new(self.set_one(
            &namespace,
            key(KEY, text)?,
            &value,
        )))
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let (namespace, message) = self.open(request)?;
        Ok(Response::new(
            self.get_one(&namespace, &key(KEY, message.key)?),
        ))
    }

    async fn delete(
        &self,
        request: Request<DeleteRequest>,
    ) -> Result<Response<DeleteResponse>, Status> {
        let (namespace, message) = self.open(request)?;
        Ok(Response::new(
            self.delete_one(&namespace, &key(KEY, message.key)?),
        ))
    }

    async fn exists(
        &self,
        request: Request<ExistsRequest>,
    ) -> Result<Response<ExistsResponse>, Status> {
        let (namespace, message) = self.open(request)?;
        let response = match self.store.exists(&namespace, &key(KEY, message.key)?) {
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

impl Data {
    pub(super) fn set_one(&self, namespace: &Namespace, key: Key, value: &Bytes) -> SetResponse {
        // The value is a part of the request's buffer; stored as it is, it would keep the whole buffer alive.
        let owned = Bytes::copy_from_slice(value);
        match self.store.set(namespace, key, owned) {
            Ok(()) => SetResponse {
                success: true,
                error: String::new(),
            },
            Err(error) => SetResponse {
                success: false,
                error: error.to_string(),
            },
        }
    }

    pub(super) fn get_one(&self, namespace: &Namespace, key: &Key) -> GetResponse {
        match self.store.get(namespace, key) {
            Ok(Some(value)) => GetResponse {
                found: true,
                value,
                error: String::new(),
            },
            Ok(None) => GetResponse::default(),
            Err(error) => GetResponse {
                error: error.to_string(),
                ..Default::default()
            },
        }
    }

    pub(super) fn delete_one(&self, namespace: &Namespace, key: &Key) -> DeleteResponse {
        // A key that was not there is as gone as one that was.
        match self.store.delete(namespace, key) {
            Ok(_) => DeleteResponse {
                success: true,
                error: String::new(),
            },
            Err(error) => DeleteResponse {
                success: false,
                error: error.to_string(),
            },
        }
    }
}
