//! The gate that every data call passes, so that a drain can refuse, await and end them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use http::uri::PathAndQuery;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use prism_inspect::{Call, Calls, Service as CountedService};
use prism_process::dump::{Ticket, Told, Underway};
use tokio::sync::watch;
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower_service::Service;

/// ## Open => Refusing => Ended
///
/// Open, it lets every call in and counts it. Refusing, it answers new calls UNAVAILABLE. Ended, it also answers
/// those that are still inside.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    refusing: Arc<AtomicBool>,
    /// Calls ever let in.
    admitted: Arc<AtomicUsize>,
    /// True once calls inside have to end. Each holds a receiver, so the receivers count them.
    ended: Arc<watch::Sender<bool>>,
    underway: Arc<Underway<PathAndQuery>>,
}

/// Parts of the table of calls, so that calls of several threads seldom meet in one.
const PARTS: usize = 16;

impl Gate {
    pub(crate) fn open() -> Self {
        Self {
            refusing: Arc::default(),
            admitted: Arc::default(),
            ended: Arc::new(watch::Sender::new(false)),
            underway: Arc::new(Underway::new(PARTS)),
        }
    }

    /// Tells who is inside, for a dump.
    pub(crate) fn tell(&self, told: &mut Told) {
        let refuses = self.refusing.load(Ordering::SeqCst);
        let entrance = if refuses { "refuses" } else { "takes" };
        told.line(format_args!("gate: {entrance} new calls"));
        self.underway.tell("calls inside", told);
    }

    /// Puts a service behind the gate, where its calls are counted, let in or not.
    pub(crate) fn guard<S: NamedService>(&self, inner: S, calls: &Calls) -> Gated<S> {
        Gated {
            gate: self.clone(),
            counted: calls.service(S::NAME),
            inner,
        }
    }

    pub(crate) fn refuse(&self) {
        self.refusing.store(true, Ordering::SeqCst);
    }

    /// The calls that are inside.
    pub(crate) fn inside(&self) -> usize {
        self.ended.receiver_count()
    }

    /// The calls that were inside and are out again.
    pub(crate) fn finished(&self) -> usize {
        self.admitted
            .load(Ordering::SeqCst)
            .saturating_sub(self.inside())
    }

    /// Completes when no call is inside.
    pub(crate) async fn empty(&self) {
        self.ended.closed().await;
    }

    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }

    fn admit(&self, path: Option<&PathAndQuery>) -> Option<Pass> {
        // The call is counted before the look, so that a drain that refuses first sees every call let in.
        let pass = Pass {
            ended: self.ended.subscribe(),
            _underway: self.underway.begin(path.cloned().unwrap_or_else(no_path)),
        };
        if self.refusing.load(Ordering::SeqCst) {
            return None;
        }
        self.admitted.fetch_add(1, Ordering::SeqCst);
        Some(pass)
    }
}

/// Held by a call from its headers to the last byte of its answer.
struct Pass {
    ended: watch::Receiver<bool>,
    _underway: Ticket<PathAndQuery>,
}

fn no_path() -> PathAndQuery {
    PathAndQuery::from_static("*")
}

impl Pass {
    async fn ended(&mut self) {
        // The gate outlives every call; if it ever did not, the call has to end as well.
        let _ = self.ended.wait_for(|ended| *ended).await;
    }
}

/// A service behind the gate.
#[derive(Debug, Clone)]
pub(crate) struct Gated<S> {
    gate: Gate,
    counted: Arc<CountedService>,
    inner: S,
}

impl<S: NamedService> NamedService for Gated<S> {
    const NAME: &'static str = S::NAME;
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Service<Request<Body>> for Gated<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let call = Arc::clone(&self.counted).begin();
        match self.gate.admit(request.uri().path_and_query()) {
            Some(pass) => Box::pin(answer(pass, call, self.inner.call(request))),
            None => Box::pin(async { Ok(whole(Status::unavailable("draining"), call)) }),
        }
    }
}

/// An answer that is nothing but a status.
fn whole(status: Status, mut call: Call) -> Response<Body> {
    call.ends(status.code().into());
    status.into_http()
}

async fn answer(
    mut pass: Pass,
    mut call: Call,
    answer: impl Future<Output = Result<Response<Body>, Infallible>>,
) -> Result<Response<Body>, Infallible> {
    let response = tokio::select! {
        biased;
        response = answer => response?,
        () = pass.ended() => Status::unavailable("draining: out of time").into_http(),
    };
    note_status(&mut call, response.headers());
    let counted = |body| Counted {
        body,
        call,
        _pass: pass,
    };
    Ok(response.map(|body| Body::new(counted(body))))
}

/// Notes the status that a call ends with, where it stands in these headers or trailers.
fn note_status(call: &mut Call, headers: &HeaderMap) {
    if let Some(status) = Status::from_header_map(headers) {
        call.ends(status.code().into());
    }
}

/// A body whose call is inside until the body is gone.
struct Counted {
    body: Body,
    call: Call,
    _pass: Pass,
}

impl http_body::Body for Counted {
    type Data = <Body as http_body::Body>::Data;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(trailers) = frame.trailers_ref()
        {
            note_status(&mut self.call, trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
