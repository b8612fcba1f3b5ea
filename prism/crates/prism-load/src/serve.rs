//! A service that sends back what it is sent, or as many bytes as it is asked for.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use prism_process::{Shutdown, listen, notify};
use tokio::net::{TcpListener, TcpStream};

use crate::error::LoadError;
use crate::message;
use crate::settings::ServeSettings;

/// The method whose request says how many bytes it answers; every other method sends its request back.
pub(crate) const STREAM: &str = "/bench.Load/Stream";

/// A message of a stream with its head is four DATA frames of the default size.
const MESSAGE: usize = 4 * 16_384 - 5;

/// Serves until a signal comes.
pub(crate) async fn run(settings: ServeSettings) -> Result<(), LoadError> {
    let listener = listen(settings.listen)?;
    let shutdown = Shutdown::on_signals()?;
    notify::ready(&[("data", listener.local_addr()?)])?;
    tokio::select! {
        failed = accept(listener) => failed,
        () = shutdown.draining() => Ok(()),
    }
}

async fn accept(listener: TcpListener) -> Result<(), LoadError> {
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(async move {
            if let Err(error) = serve(socket).await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
}

async fn serve(socket: TcpStream) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(socket).await?;
    while let Some(call) = connection.accept().await {
        let (request, respond) = call?;
        tokio::spawn(async move {
            if let Err(error) = answer(request, respond).await {
                tracing::debug!(%error, "a call broke");
            }
        });
    }
    Ok(())
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) -> Result<(), h2::Error> {
    let streams = request.uri().path() == STREAM;
    let body = whole(request.into_body()).await?;
    let mut head = Response::new(());
    head.headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let mut stream = respond.send_response(head, false)?;
    if streams {
        send_bytes(&mut stream, message::number_in(&body).unwrap_or_default()).await?;
    } else {
        send(&mut stream, body).await?;
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    stream.send_trailers(trailers)
}

async fn whole(mut body: RecvStream) -> Result<Bytes, h2::Error> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        whole.extend_from_slice(&chunk);
        body.flow_control().release_capacity(chunk.len())?;
    }
    Ok(whole.freeze())
}

async fn send_bytes(stream: &mut SendStream<Bytes>, count: u64) -> Result<(), h2::Error> {
    let message = message::framed(&vec![0; MESSAGE]);
    for _ in 0..count.div_ceil(message.len() as u64) {
        send(stream, message.clone()).await?;
    }
    Ok(())
}

/// Sends data as fast as the peer's window takes it.
async fn send(stream: &mut SendStream<Bytes>, mut data: Bytes) -> Result<(), h2::Error> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let room = poll_fn(|cx| room(stream, cx)).await?;
        stream.send_data(data.split_to(room.min(data.len())), false)?;
    }
    Ok(())
}

/// Waits for capacity, but not where there is some: only an increase wakes.
fn room(stream: &mut SendStream<Bytes>, cx: &mut Context<'_>) -> Poll<Result<usize, h2::Error>> {
    while stream.capacity() == 0 {
        match ready!(stream.poll_capacity(cx)) {
            Some(increased) => increased?,
            None => return Poll::Ready(Err(h2::Reason::CANCEL.into())),
        };
    }
    Poll::Ready(Ok(stream.capacity()))
}
