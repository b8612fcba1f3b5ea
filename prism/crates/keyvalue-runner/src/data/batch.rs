//! `KeyValueBatchInterface`: items in order, each with its own result.

use prism_api::keyvalue::key_value_batch_interface_server::KeyValueBatchInterface;
use prism_api::keyvalue::{
    BatchDeleteRequest, BatchDeleteResponse, BatchGetRequest, BatchGetResponse, BatchSetRequest,
    BatchSetResponse, DeleteResponse, GetResponse, SetResponse,
};
use tonic::{Request, Response, Status};

use super::Data;
use super::call::keys;

#[tonic::async_trait]
impl KeyValueBatchInterface for Data {
    async fn batch_set(
        &self,
        request: Request<BatchSetRequest>,
    ) -> Result<Response<BatchSetResponse>, Status> {
        let (namespace, BatchSetRequest { requests }) = self.open(request)?;
        let (texts, values): (Vec<_>, Vec<_>) = requests
            .into_iter()
            .map(|item| (item.key, item.value))
            .unzip();
        let keys = keys(texts, |index| format!("requests[{index}].key"))?;
        let set = |(key, value)| self.set_one(&namespace, key, &value);
        let results: Vec<SetResponse> = keys.into_iter().zip(values).map(set).collect();
        let all_success = results.iter().all(|result| result.success);
        Ok(Response::new(BatchSetResponse {
            results,
            all_success,
        }))
    }

    async fn batch_get(
        &self,
        request: Request<BatchGetRequest>,
    ) -> Result<Response<BatchGetResponse>, Status> {
        let (namespace, BatchGetRequest { keys: texts }) = self.open(request)?;
        let keys = keys(texts, |index| format!("keys[{index}]"))?;
        let results: Vec<GetResponse> = keys
            .iter()
            .map(|key| self.get_one(&namespace, key))
            .collect();
        let found = results.iter().filter(|result| result.found).count();
        let found_count = i32::try_from(found).unwrap_or(i32::MAX);
        Ok(Response::new(BatchGetResponse {
            results,
            found_count,
        }))
    }

    async fn batch_delete(
        &self,
        request: Request<BatchDeleteRequest>,
    ) -> Result<Response<BatchDeleteResponse>, Status> {
        let (namespace, BatchDeleteRequest { keys: texts }) = self.open(request)?;
        let keys = keys(texts, |index| format!("keys[{index}]"))?;
        let results: Vec<DeleteResponse> = keys
            .iter()
            .map(|key| self.delete_one(&namespace, key))
            .collect();
        let all_success = results.iter().all(|result| result.success);
        Ok(Response::new(BatchDeleteResponse {
            results,
            all_success,
        }))
    }
}
