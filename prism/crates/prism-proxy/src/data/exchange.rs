//! The two directions of a call, between a client and a runner.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};
use http::Response;
use tonic::Code;

use super::downstream::Downstream;
use super::ending::{Ending, of_broken_request, of_broken_response, status_in};
use super::forward::{Cut, forward};
use crate::upstream::Stream;

/// Passes a call through, until the answer is complete or one of the sides breaks.
///
/// Dropped half-way, it cancels the runner's stream.
pub(crate) async fn exchange(
    mut body: RecvStream,
    mut upstream: Stream,
    client: &mut Downstream,
    runner: &str,
) -> Ending {
    let ending = {
        let upload = forward_request(&mut body, &mut upstream.request);
        let answer = forward_answer(&mut upstream.response, client, runner);
        let (mut upload, mut answer) = (pin!(upload), pin!(answer));
        tokio::select! {
            biased;
            outcome = &mut answer => outcome.map_or_else(|broken| broken, Ending::Complete),
            Err(gone) = &mut upload => gone,
        }
    };
    if let Ending::ClientGone(reason) = ending {
        upstream.request.send_reset(reason);
    }
    ending
}

/// A runner that takes no more of the request is no end: its answer decides.
async fn forward_request(
    body: &mut RecvStream,
    request: &mut SendStream<Bytes>,
) -> Result<(), Ending> {
    match forward(body, request).await {
        Err(Cut::Source(error)) => Err(of_broken_request(&error)),
        Ok(_) | Err(Cut::Sink(_)) => Ok(()),
    }
}

/// Passes the answer on, and returns the status in it.
async fn forward_answer(
    response: &mut ResponseFuture,
    client: &mut Downstream,
    runner: &str,
) -> Result<Code, Ending> {
    let answer = head(response, client, runner).await?;
    let (head, mut body) = answer.into_parts();
    let end = body.is_end_stream();
    let at_once = status_in(&head.headers);
    let stream = client
        .begin(Response::from_parts(head, ()), end)
        .map_err(|error| of_broken_request(&error))?;
    let Some(stream) = stream else {
        return Ok(at_once);
    };
    let forwarded = forward(&mut body, stream).await;
    let status = forwarded.map_err(|cut| match cut {
        Cut::Source(error) => of_broken_response(&error, runner),
        Cut::Sink(error) => of_broken_request(&error),
    })?;
    Ok(status.unwrap_or(at_once))
}

/// Waits for the head of the answer, and for the client to lose interest.
async fn head(
    response: &mut ResponseFuture,
    client: &mut Downstream,
    runner: &str,
) -> Result<Response<RecvStream>, Ending> {
    poll_fn(|cx| match Pin::new(&mut *response).poll(cx) {
        Poll::Ready(answer) => {
            Poll::Ready(answer.map_err(|error| of_broken_response(&error, runner)))
        }
        Poll::Pending => client
            .poll_gone(cx)
            .map(|error| Err(of_broken_request(&error))),
    })
    .await
}
