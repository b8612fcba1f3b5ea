//! The client's half of a call.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Error, Reason, SendStream};
use http::{HeaderMap, Response};
use tonic::Status;

use super::ending::Ending;

/// Where the answer to a client goes.
pub(crate) struct Downstream {
    respond: SendResponse<Bytes>,
    /// Open once the head of the answer is out and more follows.
    stream: Option<SendStream<Bytes>>,
}

impl Downstream {
    pub(crate) fn new(respond: SendResponse<Bytes>) -> Self {
        Self {
            respond,
            stream: None,
        }
    }

    /// Completes when the client resets its stream or goes away before the answer begins.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        self.respond
            .poll_reset(cx)
            .map(|reset| reset.map_or_else(|error| error, Error::from))
    }

    /// Completes when the client goes, before the answer begins.
    pub(crate) async fn gone(&mut self) -> Error {
        poll_fn(|cx| self.poll_gone(cx)).await
    }

    /// Sends the head of the answer; without an end, what follows goes to the stream.
    pub(crate) fn begin(
        &mut self,
        head: Response<()>,
        end: bool,
    ) -> Result<Option<&mut SendStream<Bytes>>, Error> {
        let stream = self.respond.send_response(head, end)?;
        if !end {
            self.stream = Some(stream);
        }
        Ok(self.stream.as_mut())
    }

    /// Tells the client how its call ended, as far as it does not know.
    pub(crate) fn finish(mut self, ending: Ending) {
        match ending {
            Ending::Complete(_) | Ending::ClientGone(_) => {}
            Ending::Reset(reason) => self.respond.send_reset(reason),
            Ending::Status(status) => {
                if self.send_status(&status).is_err() {
                    self.respond.send_reset(Reason::INTERNAL_ERROR);
                }
            }
        }
    }

    /// Trailers-Only where nothing was sent yet, else trailers.
    fn send_status(&mut self, status: &Status) -> Result<(), Error> {
        match &mut self.stream {
            Some(stream) => {
                let mut trailers = HeaderMap::new();
                // A status of our own making always fits into a header.
                let _ = status.add_header(&mut trailers);
                stream.send_trailers(trailers)
            }
            None => self
                .respond
                .send_response(status.clone().into_http(), true)
                .map(drop),
        }
    }
}
