//! One direction of a call: frames from one stream to another, none of them read.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::{Error, RecvStream, SendStream};
use tonic::Code;

use super::ending::status_in;

/// Which side broke the stream.
#[derive(Debug)]
pub(crate) enum Cut {
    /// The side that frames come from.
    Source(Error),
    /// The side that they go to.
    Sink(Error),
}

/// Passes data and trailers on until the end of the stream; returns the status in its trailers, if it had any.
///
/// The source may send more only as its frames leave, so at most a window of them is held here.
pub(crate) async fn forward(
    from: &mut RecvStream,
    to: &mut SendStream<Bytes>,
) -> Result<Option<Code>, Cut> {
    while let Some(chunk) = poll_fn(|cx| next_chunk(from, to, cx)).await? {
        let end = from.is_end_stream();
        let length = chunk.len();
        if length > 0 {
            poll_fn(|cx| room(to, cx)).await.map_err(Cut::Sink)?;
        }
        if length > 0 || end {
            to.send_data(chunk, end).map_err(Cut::Sink)?;
        }
        if end {
            return Ok(None);
        }
        from.flow_control()
            .release_capacity(length)
            .map_err(Cut::Source)?;
    }
    let trailers = poll_fn(|cx| from.poll_trailers(cx))
        .await
        .map_err(Cut::Source)?;
    let status = trailers.as_ref().map(status_in);
    match trailers {
        Some(trailers) => to.send_trailers(trailers),
        None => to.send_data(Bytes::new(), true),
    }
    .map_err(Cut::Sink)?;
    Ok(status)
}

fn next_chunk(
    from: &mut RecvStream,
    to: &mut SendStream<Bytes>,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Bytes>, Cut>> {
    if let Poll::Ready(chunk) = from.poll_data(cx) {
        return Poll::Ready(chunk.transpose().map_err(Cut::Source));
    }
    broken(to, cx).map(|error| Err(Cut::Sink(error)))
}

/// Waits until the sink takes data: by its peer's window, and by what already waits for the socket.
fn room(to: &mut SendStream<Bytes>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
    // One byte asks for a share of the connection's window only when there is data for it.
    to.reserve_capacity(1);
    while to.capacity() == 0 {
        match to.poll_capacity(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
            Poll::Ready(None) => return broken(to, cx).map(Err),
        }
    }
    Poll::Ready(Ok(()))
}

/// Completes when the peer of a sending stream resets it or is gone.
fn broken(to: &mut SendStream<Bytes>, cx: &mut Context<'_>) -> Poll<Error> {
    to.poll_reset(cx)
        .map(|reset| reset.map_or_else(|error| error, Error::from))
}
