//! One call, from its head to its end.

use std::future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Request, Version};
use tonic::Status;

use super::deadline;
use super::downstream::Downstream;
use super::ending::{Ending, of_broken_request};
use super::exchange::exchange;
use super::plane::{DataPlane, Phase};
use crate::namespace;
use crate::path;
use crate::routes::{Found, Stay};
use crate::upstream::Backend;

/// A call that has somewhere to go.
struct Admitted {
    backend: Arc<Backend>,
    timeout: Option<Duration>,
    /// In a namespace that may be taken away.
    stay: Option<Stay>,
}

/// Serves one call to its end.
pub(super) async fn serve(
    plane: &DataPlane,
    worker: usize,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) {
    let _counted = plane.count_call();
    let (head, body) = request.into_parts();
    let _underway = plane.begin_call(worker, path_of(&head));
    let mut client = Downstream::new(respond);
    let admitted = admit(plane, &head);
    let mut figures = plane.figure(&head, admitted.is_ok());
    let ending = match admitted {
        Err(ending) => ending,
        Ok(Admitted {
            backend,
            timeout,
            mut stay,
        }) => tokio::select! {
            biased;
            ending = pass(&backend, worker, (head, body), &mut client) => ending,
            () = expiry(timeout) => Ending::Status(Status::deadline_exceeded(format!(
                "the deadline passed while the runner at {} worked", backend.address()
            ))),
            () = plane.reached(Phase::Aborting) => Ending::Status(Status::unavailable(
                "draining: the proxy stopped before the call was complete",
            )),
            () = evicted(stay.as_mut()) => Ending::Status(Status::unavailable(
                "the namespace was taken from this proxy before the call was complete",
            )),
        },
    };
    figures.ends(ending.code().into());
    client.finish(ending);
}

/// The path for a dump to tell; a request without one is refused anyway.
fn path_of(head: &Parts) -> PathAndQuery {
    let path = head.uri.path_and_query().cloned();
    path.unwrap_or_else(|| PathAndQuery::from_static("*"))
}

/// Decides from the head alone where a call goes, or how it ends.
fn admit(plane: &DataPlane, head: &Parts) -> Result<Admitted, Ending> {
    if has_stray_blanks(&head.headers) {
        return Err(Ending::Reset(Reason::PROTOCOL_ERROR));
    }
    if plane.phase() >= Phase::Refusing {
        return Err(refuse(Status::unavailable(
            "draining: the proxy takes no new calls",
        )));
    }
    let service = path::service(head.uri.path()).ok_or_else(|| {
        refuse(Status::unimplemented(format!(
            "the path {:?} names no service and method",
            head.uri.path()
        )))
    })?;
    let namespace = namespace::of_call(&head.headers)
        .map_err(|error| refuse(Status::invalid_argument(error.to_string())))?;
    let timeout = deadline::timeout(&head.headers)
        .map_err(|error| refuse(Status::internal(error.to_string())))?;
    match plane.router.find(namespace, service) {
        Found::Backend(backend, stay) => Ok(Admitted {
            backend,
            timeout,
            stay,
        }),
        Found::Unassigned => Err(refuse(not_connected(
            head,
            "the namespace is not assigned to this proxy",
        ))),
        Found::NotConnected => Err(refuse(not_connected(head, "no runner serves it"))),
        Found::Unknown => Err(refuse(Status::unimplemented(format!(
            "the proxy knows no service {service}"
        )))),
    }
}

async fn pass(
    backend: &Backend,
    worker: usize,
    (head, body): (Parts, RecvStream),
    client: &mut Downstream,
) -> Ending {
    let place = tokio::select! {
        biased;
        place = backend.place(worker) => place,
        error = client.gone() => return of_broken_request(&error),
    };
    let place = match place {
        Ok(place) => place,
        Err(error) => {
            let cause = format!("the runner at {}: {error}", backend.address());
            return refuse(not_connected(&head, &cause));
        }
    };
    match place.send(upstream_request(head), body.is_end_stream()) {
        Ok(stream) => exchange(body, stream, client, backend.address()).await,
        // Nothing of it was sent, so the client may try again.
        Err(_) => Ending::Reset(Reason::REFUSED_STREAM),
    }
}

/// The request as it goes on: its head as it came.
fn upstream_request(mut head: Parts) -> Request<()> {
    if head.uri.authority().is_none() {
        // Without an authority the scheme was not kept either; for this version h2 supplies it.
        head.version = Version::HTTP_11;
    }
    Request::from_parts(head, ())
}

/// Blanks around a value are forbidden, and peers differ in what they make of them.
fn has_stray_blanks(headers: &HeaderMap) -> bool {
    let blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    headers.values().any(|value| {
        let bytes = value.as_bytes();
        blank(bytes.first()) || blank(bytes.last())
    })
}

fn refuse(status: Status) -> Ending {
    Ending::Status(status)
}

fn not_connected(head: &Parts, cause: &str) -> Status {
    let service = path::service(head.uri.path()).unwrap_or_default();
    let namespace = namespace::of_call(&head.headers).unwrap_or_default();
    Status::unavailable(format!(
        "{service} in namespace {namespace} is not connected: {cause}"
    ))
}

async fn evicted(stay: Option<&mut Stay>) {
    match stay {
        Some(stay) => stay.evicted().await,
        None => future::pending().await,
    }
}

async fn expiry(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => future::pending().await,
    }
}
