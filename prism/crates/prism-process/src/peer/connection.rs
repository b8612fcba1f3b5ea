//! One connection to a peer, and its end.
//!
//! tonic connects anew by itself and says nothing of it. Here a connection is one: when it is lost, that is
//! seen at once, and whoever held it opens another.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tonic::transport::{Channel, Endpoint, Error};
use tower_service::Service;

use crate::config::PeerAddress;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection that stands, or was lost.
#[derive(Debug)]
pub struct Connection {
    channel: Channel,
    alive: watch::Receiver<()>,
}

impl Connection {
    /// Connects, or says why it can't.
    pub async fn open(address: &PeerAddress) -> Result<Self, Error> {
        let (alive, seen) = watch::channel(());
        let channel = Endpoint::from_shared(format!("http://{address}"))?
            .connect_timeout(CONNECT_TIMEOUT)
            .connect_with_connector(Dial { alive: Some(alive) })
            .await?;
        Ok(Self {
            channel,
            alive: seen,
        })
    }

    /// What calls go over.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Completes when the connection is lost.
    pub async fn lost(&self) {
        let mut alive = self.alive.clone();
        while alive.changed().await.is_ok() {}
    }
}

/// Connects, once.
struct Dial {
    alive: Option<watch::Sender<()>>,
}

impl Service<Uri> for Dial {
    type Response = TokioIo<Watched>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let alive = self.alive.take();
        Box::pin(async move {
            let alive = alive.ok_or(io::ErrorKind::NotConnected)?;
            let address = uri.authority().ok_or(io::ErrorKind::InvalidInput)?;
            let socket = TcpStream::connect(address.as_str()).await?;
            socket.set_nodelay(true)?;
            Ok(TokioIo::new(Watched {
                socket,
                _alive: alive,
            }))
        })
    }
}

/// A socket whose end is seen.
struct Watched {
    socket: TcpStream,
    _alive: watch::Sender<()>,
}

impl Watched {
    fn socket(self: Pin<&mut Self>) -> Pin<&mut TcpStream> {
        Pin::new(&mut self.get_mut().socket)
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.socket().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.socket().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.socket().poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_shutdown(cx)
    }
}
