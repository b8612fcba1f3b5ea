//! One call, and what its answer says.

use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, StatusCode};
use prism_process::config::PeerAddress;

use crate::error::{CallError, LoadError};

const STATUS: &str = "grpc-status";
const STATUS_OK: &[u8] = b"0";

/// The head of a call.
pub(crate) fn head(target: &PeerAddress, path: &str) -> Result<Request<()>, LoadError> {
    Request::post(format!("http://{target}{path}"))
        .header(CONTENT_TYPE, "application/grpc")
        .header("te", "trailers")
        .body(())
        .ok()
        .filter(|_| path.starts_with('/'))
        .ok_or_else(|| LoadError::Path(path.to_owned()))
}

/// Sends a request of one message and returns the answer, of which only the head is there.
pub(crate) async fn ask(
    client: &SendRequest<Bytes>,
    head: Request<()>,
    message: Bytes,
) -> Result<RecvStream, CallError> {
    let mut client = client.clone().ready().await?;
    let (response, mut request) = client.send_request(head, false)?;
    request.send_data(message, true)?;
    let (head, body) = response.await?.into_parts();
    if head.status != StatusCode::OK {
        return Err(CallError::Http(head.status));
    }
    if body.is_end_stream() {
        judge(&head.headers)?;
    }
    Ok(body)
}

/// Makes one call and takes its whole answer.
pub(crate) async fn call(
    client: &SendRequest<Bytes>,
    head: Request<()>,
    message: Bytes,
) -> Result<(), CallError> {
    let mut body = ask(client, head, message).await?;
    while let Some(chunk) = body.data().await {
        let length = chunk?.len();
        body.flow_control().release_capacity(length)?;
    }
    finish(body).await
}

/// Reads the trailers of an answer whose data was taken.
pub(crate) async fn finish(mut body: RecvStream) -> Result<(), CallError> {
    match body.trailers().await? {
        Some(trailers) => judge(&trailers),
        None => Ok(()),
    }
}

fn judge(headers: &HeaderMap) -> Result<(), CallError> {
    match headers.get(STATUS) {
        Some(status) if status.as_bytes() == STATUS_OK => Ok(()),
        status => Err(CallError::Status(format!("{status:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use prism_process::config::Value;

    use super::*;

    /// Only a status of 0 is a good end; none at all is not.
    #[test]
    fn only_zero_is_good() {
        let with = |status| {
            HeaderMap::from_iter([(STATUS.parse().unwrap(), HeaderValue::from_static(status))])
        };

        assert!(judge(&with("0")).is_ok());
        assert!(judge(&with("14")).is_err());
        assert!(judge(&HeaderMap::new()).is_err());
    }

    /// A path that no method can have is refused before anything is sent.
    #[test]
    fn a_path_begins_with_a_slash() {
        let target = PeerAddress::parse("127.0.0.1:1").unwrap();

        assert!(head(&target, "/a.B/C").is_ok());
        assert!(head(&target, "a.B/C").is_err());
        assert!(head(&target, "/a b").is_err());
    }
}
