//! A runner that the test plays: every request arrives in the test's hands.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::soon;

/// A request as it reached the backend.
pub(crate) struct Arrival {
    pub(crate) request: Request<RecvStream>,
    pub(crate) respond: SendResponse<Bytes>,
}

/// What a test does to the connections of a backend.
#[derive(Clone, Copy)]
enum Order {
    GoAway,
}

/// A backend on a port of its own.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    orders: tokio::sync::broadcast::Sender<Order>,
    accepted: watch::Receiver<usize>,
    open: watch::Receiver<usize>,
    server: JoinHandle<()>,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        Self::with(&Builder::new()).await
    }

    /// A backend with limits of its own.
    pub(crate) async fn with(builder: &Builder) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, builder)
    }

    /// A backend on the port that another one had.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let listener = prism_process::listen(address).unwrap();
        Self::on(listener, &Builder::new())
    }

    fn on(listener: TcpListener, builder: &Builder) -> Self {
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let (orders, _) = tokio::sync::broadcast::channel(8);
        let (count, accepted) = watch::channel(0);
        let (still, open) = watch::channel(0);
        Self {
            address: listener.local_addr().unwrap(),
            arrivals,
            accepted,
            open,
            server: tokio::spawn(accept(
                listener,
                builder.clone(),
                arrived,
                orders.clone(),
                [count, still],
            )),
            orders,
        }
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Arrival {
        soon("a request at the backend", self.arrivals.recv())
            .await
            .unwrap()
    }

    /// A request that has already arrived.
    pub(crate) fn arrived(&mut self) -> Option<Arrival> {
        self.arrivals.try_recv().ok()
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        *self.accepted.borrow()
    }

    /// Waits until so many connections are open.
    pub(crate) async fn open_connections(&mut self, count: usize) {
        self.open.wait_for(|open| *open == count).await.unwrap();
    }

    /// Tells every client to go away when its streams have finished.
    pub(crate) fn go_away(&self) {
        let _ = self.orders.send(Order::GoAway);
    }

    /// Closes the port and every connection at once, like a process that is killed.
    pub(crate) async fn kill(self) -> SocketAddr {
        self.server.abort();
        let _ = self.server.await;
        self.address
    }
}

async fn accept(
    listener: TcpListener,
    builder: Builder,
    arrived: mpsc::UnboundedSender<Arrival>,
    orders: tokio::sync::broadcast::Sender<Order>,
    count: [watch::Sender<usize>; 2],
) {
    let [accepted, open] = count;
    let mut connections = JoinSet::new();
    loop {
        let (socket, _) = tokio::select! {
            accepted = listener.accept() => accepted.unwrap(),
            Some(_) = connections.join_next() => {
                open.send_modify(|open| *open -= 1);
                continue;
            }
        };
        accepted.send_modify(|accepted| *accepted += 1);
        open.send_modify(|open| *open += 1);
        connections.spawn(serve(
            socket,
            builder.clone(),
            arrived.clone(),
            orders.subscribe(),
        ));
    }
}

async fn serve(
    socket: TcpStream,
    builder: Builder,
    arrived: mpsc::UnboundedSender<Arrival>,
    mut orders: tokio::sync::broadcast::Receiver<Order>,
) {
    socket.set_nodelay(true).unwrap();
    let Ok(mut connection) = builder.handshake(socket).await else {
        return;
    };
    loop {
        tokio::select! {
            Ok(Order::GoAway) = orders.recv() => connection.graceful_shutdown(),
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    let _ = arrived.send(Arrival { request, respond });
                }
                _ => return,
            },
        }
    }
}

impl Arrival {
    /// Begins an answer that has more to come.
    pub(crate) fn begin(&mut self) -> SendStream<Bytes> {
        self.respond.send_response(head(), false).unwrap()
    }

    /// Answers with one message's bytes and `grpc-status: 0`.
    pub(crate) fn answer(mut self, body: impl Into<Bytes>) {
        let mut stream = self.begin();
        stream.send_data(body.into(), false).unwrap();
        stream.send_trailers(ok()).unwrap();
    }

    pub(crate) fn reset(mut self, reason: Reason) {
        self.respond.send_reset(reason);
    }

    /// The whole body of the request.
    pub(crate) async fn body(&mut self) -> Vec<u8> {
        read(self.request.body_mut()).await.unwrap()
    }

    /// Waits until the proxy resets the stream, and says with which code.
    pub(crate) async fn was_reset(&mut self) -> Reason {
        let reset = std::future::poll_fn(|cx| self.respond.poll_reset(cx));
        soon("a reset at the backend", reset).await.unwrap()
    }
}

/// The head of an answer in gRPC.
pub(crate) fn head() -> Response<()> {
    Response::builder()
        .header("content-type", "application/grpc")
        .body(())
        .unwrap()
}

/// The trailers of a call that went well.
pub(crate) fn ok() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    trailers
}

/// Reads a body to its end.
pub(crate) async fn read(body: &mut RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
