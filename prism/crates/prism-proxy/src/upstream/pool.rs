//! The connections of one worker to one runner.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use bytes::Bytes;
use h2::client::{Connection, ResponseFuture, SendRequest};
use h2::{Ping, SendStream};
use http::Request;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};

use super::ConnectError;
use super::connect::{Opened, connect};
use crate::limits::{STREAMS_PER_CONNECTION, UPSTREAM_CONNECTIONS};

/// Connections that are opened when a call needs one, and shared by as many calls as the limits allow.
pub(super) struct Pool {
    address: Arc<str>,
    links: Mutex<Vec<Arc<Link>>>,
    /// Held while connecting, so that calls wait for one attempt; remembers how the last one failed.
    attempt: tokio::sync::Mutex<Option<ConnectError>>,
    failures: AtomicUsize,
    room: Notify,
}

/// One connection.
pub(super) struct Link {
    requests: SendRequest<Bytes>,
    calls: AtomicUsize,
    /// Closed when the connection is.
    alive: watch::Receiver<()>,
}

impl Link {
    fn take_place(&self) -> bool {
        let places = self
            .requests
            .current_max_send_streams()
            .min(STREAMS_PER_CONNECTION as usize);
        self.calls
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |calls| {
                (calls < places).then_some(calls + 1)
            })
            .is_ok()
    }
}

/// A call's place on a connection; dropping it makes room for another.
pub(crate) struct Place {
    requests: SendRequest<Bytes>,
    link: Arc<Link>,
    pool: Arc<Pool>,
}

/// A request on its way: both halves of its stream, and its place on the connection.
pub(crate) struct Stream {
    pub(crate) request: SendStream<Bytes>,
    pub(crate) response: ResponseFuture,
    _place: Place,
}

impl Place {
    /// Puts a request on its way; where this fails, nothing of it was sent.
    pub(crate) fn send(mut self, request: Request<()>, end: bool) -> Result<Stream, h2::Error> {
        let (response, request) = self.requests.send_request(request, end)?;
        Ok(Stream {
            request,
            response,
            _place: self,
        })
    }

    /// Whether the connection takes further requests, as far as is known here.
    pub(super) async fn is_usable(&mut self) -> bool {
        poll_fn(|cx| self.requests.poll_ready(cx)).await.is_ok()
    }

    /// Takes the connection out of use: calls on it end by themselves, no new one comes.
    pub(super) fn retire_connection(&self) {
        self.pool.forget(&self.link);
    }

    /// Completes when the connection is lost; does not keep it open.
    pub(super) fn lost(&self) -> impl Future<Output = ()> + use<> {
        let mut alive = self.link.alive.clone();
        async move { while alive.changed().await.is_ok() {} }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.link.calls.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.pool.shed(&self.link);
        }
        self.pool.room.notify_one();
    }
}

impl Pool {
    pub(super) fn new(address: Arc<str>) -> Arc<Self> {
        Arc::new(Self {
            address,
            links: Mutex::default(),
            attempt: tokio::sync::Mutex::new(None),
            failures: AtomicUsize::new(0),
            room: Notify::new(),
        })
    }

    /// A place on a connection: an open one with room, or a new one; waits only where all are full.
    pub(super) async fn place(self: &Arc<Self>) -> Result<Place, ConnectError> {
        loop {
            let mut room = pin!(self.room.notified());
            room.as_mut().enable();
            if let Some(place) = self.free_place() {
                return Ok(place);
            }
            if self.links().len() < UPSTREAM_CONNECTIONS {
                self.open_further().await?;
            } else {
                room.await;
            }
        }
    }

    /// How many calls are on each connection; `None` while somebody changes them.
    pub(super) fn try_calls(&self) -> Option<Vec<usize>> {
        let links = match self.links.try_lock() {
            Ok(links) => links,
            Err(TryLockError::Poisoned(links)) => links.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let calls = |link: &Arc<Link>| link.calls.load(Ordering::Relaxed);
        Some(links.iter().map(calls).collect())
    }

    fn free_place(self: &Arc<Self>) -> Option<Place> {
        let links = self.links();
        let link = links.iter().find(|link| link.take_place())?;
        Some(Place {
            requests: link.requests.clone(),
            link: Arc::clone(link),
            pool: Arc::clone(self),
        })
    }

    /// Opens a connection unless somebody else has just opened one, or failed to.
    async fn open_further(self: &Arc<Self>) -> Result<(), ConnectError> {
        let (failures, connections) = (self.failures.load(Ordering::Acquire), self.links().len());
        let mut last_failure = self.attempt.lock().await;
        if self.links().len() > connections {
            return Ok(());
        }
        if self.failures.load(Ordering::Acquire) != failures
            && let Some(failure) = last_failure.as_ref()
        {
            return Err(failure.clone());
        }
        match connect(&self.address).await {
            Ok(opened) => self.adopt(opened).await,
            Err(error) => {
                *last_failure = Some(error.clone());
                self.failures.fetch_add(1, Ordering::Release);
                Err(error)
            }
        }
    }

    /// Puts a connection to use once its peer has said what it allows.
    async fn adopt(
        self: &Arc<Self>,
        (requests, mut connection): Opened,
    ) -> Result<(), ConnectError> {
        let ping = connection.ping_pong();
        let (alive, alive_seen) = watch::channel(());
        let link = Arc::new(Link {
            requests,
            calls: AtomicUsize::new(0),
            alive: alive_seen,
        });
        tokio::spawn(drive(
            connection,
            alive,
            Arc::downgrade(self),
            Arc::downgrade(&link),
        ));
        if let Some(mut ping) = ping {
            // The settings of the peer come before its first pong.
            ping.ping(Ping::opaque()).await?;
        }
        self.links().push(link);
        Ok(())
    }

    /// Closes a connection that no call is on, if there is another such one; one is kept for the next call.
    fn shed(&self, idle: &Arc<Link>) {
        let mut links = self.links();
        let is_idle = |link: &Arc<Link>| link.calls.load(Ordering::Relaxed) == 0;
        if is_idle(idle) && links.iter().filter(|link| is_idle(link)).count() > 1 {
            links.retain(|link| !Arc::ptr_eq(link, idle));
        }
    }

    fn forget(&self, gone: &Arc<Link>) {
        self.links().retain(|link| !Arc::ptr_eq(link, gone));
        self.room.notify_waiters();
    }

    fn links(&self) -> MutexGuard<'_, Vec<Arc<Link>>> {
        // Nothing panics while it is held.
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drives a connection to its end; holds neither pool nor link, so that both may go before it.
async fn drive(
    connection: Connection<TcpStream>,
    alive: watch::Sender<()>,
    pool: Weak<Pool>,
    link: Weak<Link>,
) {
    let outcome = connection.await;
    if let (Some(pool), Some(link)) = (pool.upgrade(), link.upgrade()) {
        tracing::debug!(runner = %pool.address, ?outcome, "connection ended");
        pool.forget(&link);
    }
    drop(alive);
}
