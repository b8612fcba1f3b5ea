//! `KeyValueBatchInterface`: items in order, each with its own result.

use prism_api::keyvalue::key_value_batch_interface_server::KeyValueBatchInterface;
use prism_api::keyvalue::{
    BatchDeleteRequest, BatchDeleteResponse, BatchGetRequest, BatchGetResponse, BatchSetRequest,
    BatchSetResponse, DeleteResponse, GetResponse, SetResponse,
};
use tonic::{Request, Response, Status};

use super::Data;
use super::answer::{deleted, found, stored};
use super::call::keys;

#[tonic::async_trait]
impl KeyValueBatchInterface for Data {
    async fn batch_set(
        &self,
        request: Request<BatchSetRequest>,
    ) -> Result<Response<BatchSetResponse>, Status> {
        let (call, BatchSetRequest { requests }) = self.open(request)?;
        let (texts, values): (Vec<_>, Vec<_>) = requests
            .into_iter()
            .map(|item| (item.key, item.value))
            .unzip();
        let keys = keys(texts, |index| format!("requests[{index}].key"))?;
        let items = keys.into_iter().zip(values).collect();
        let outcomes = self.records.set_many(&call, items).await;
        let results: Vec<SetResponse> = outcomes.into_iter().map(stored).collect();
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
        let (call, BatchGetRequest { keys: texts }) = self.open(request)?;
        let keys = keys(texts, |index| format!("keys[{index}]"))?;
        let outcomes = self.records.get_many(&call, &keys).await;
        let results: Vec<GetResponse> = outcomes.into_iter().map(found).collect();
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
        let (call, BatchDeleteRequest { keys: texts }) = self.open(request)?;
        let keys = keys(texts, |index| format!("keys[{index}]"))?;
        let outcomes = self.records.delete_many(&call, &keys).await;
        let results: Vec<DeleteResponse> = outcomes.into_iter().map(deleted).collect();
        let all_success = results.iter().all(|result| result.success);
        Ok(Response::new(BatchDeleteResponse {
            results,
            all_success,
        }))
    }
}
