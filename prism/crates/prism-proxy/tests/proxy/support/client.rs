//! A client that hides nothing.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Error, RecvStream, SendStream};
use http::request::Builder;
use http::{HeaderMap, Method, Request, Response};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::backend::read;
use super::{Backend, SERVICE, soon};

/// One connection to the proxy.
pub(crate) struct Client {
    requests: SendRequest<Bytes>,
    pub(crate) connection: JoinHandle<Result<(), Error>>,
    pub(crate) ping: h2::PingPong,
}

/// A call on its way.
pub(crate) struct Call {
    pub(crate) response: ResponseFuture,
    pub(crate) body: SendStream<Bytes>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Response<()>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::with(address, &h2::client::Builder::new()).await
    }

    /// A client with windows and limits of its own.
    pub(crate) async fn with(address: SocketAddr, builder: &h2::client::Builder) -> Self {
        let socket = TcpStream::connect(address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        let (requests, mut connection) = builder.handshake(socket).await.unwrap();
        Self {
            requests,
            ping: connection.ping_pong().unwrap(),
            connection: tokio::spawn(connection),
        }
    }

    /// Sends the head of a request; the body follows.
    pub(crate) async fn open(&self, request: Request<()>) -> Call {
        let mut requests = self.requests.clone().ready().await.unwrap();
        let (response, body) = requests.send_request(request, false).unwrap();
        Call { response, body }
    }

    /// Sends a whole request.
    pub(crate) async fn send(&self, request: Request<()>, body: impl Into<Bytes>) -> Call {
        let mut call = self.open(request).await;
        call.body.send_data(body.into(), true).unwrap();
        call
    }

    /// A unary call from beginning to end.
    pub(crate) async fn call(&self, request: Request<()>) -> Result<Answer, Error> {
        self.send(request, Bytes::from_static(b"request"))
            .await
            .answer()
            .await
    }

    /// Calls until one is answered by this backend, in these words.
    pub(crate) async fn answered_by(&self, backend: &mut Backend, words: &'static str) {
        let routed = async {
            loop {
                let call = self.send(get(), "").await;
                tokio::select! {
                    arrival = backend.next() => {
                        arrival.answer(words);
                        assert_eq!(call.answer().await.unwrap().body, words.as_bytes());
                        return;
                    }
                    () = tokio::time::sleep(Duration::from_millis(20)) => {}
                }
            }
        };
        soon("a call that is routed", routed).await;
    }

    /// Whether a call is told that nobody serves it now.
    pub(crate) async fn is_not_connected(&self) -> bool {
        let answer = self.call(get()).await.unwrap();
        answer.status() == Some("14") && answer.message().contains("not connected")
    }

    /// Whether the connection takes further requests.
    pub(crate) async fn takes_requests(&self) -> bool {
        self.requests.clone().ready().await.is_ok()
    }

    /// Closes the socket without a word.
    pub(crate) async fn vanish(self) {
        self.connection.abort();
        let _ = self.connection.await;
    }
}

impl Call {
    /// The head of the answer.
    pub(crate) async fn head(self) -> Result<Response<RecvStream>, Error> {
        soon("the head of an answer", self.response).await
    }

    /// The answer to its end.
    pub(crate) async fn answer(self) -> Result<Answer, Error> {
        soon("an answer", collect(self)).await
    }
}

async fn collect(call: Call) -> Result<Answer, Error> {
    // The request's half stays open until the answer is there.
    let Call {
        response,
        body: _body,
    } = call;
    let (head, mut body) = response.await?.into_parts();
    Ok(Answer {
        head: Response::from_parts(head, ()),
        body: read(&mut body).await?,
        trailers: body.trailers().await?,
    })
}

impl Answer {
    /// The value of a field, from the trailers or, in a Trailers-Only answer, from the head.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let fields = self.trailers.as_ref().unwrap_or(self.head.headers());
        fields.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn status(&self) -> Option<&str> {
        self.field("grpc-status")
    }

    /// The message, decoded as far as the proxy's own messages are encoded.
    pub(crate) fn message(&self) -> String {
        let encoded = self.field("grpc-message").unwrap_or_default();
        encoded.replace("%20", " ").replace("%22", "\"")
    }

    /// Whether head and status came as one frame.
    pub(crate) fn is_trailers_only(&self) -> bool {
        self.trailers.is_none() && self.body.is_empty()
    }
}

/// A gRPC request for a path, to add metadata to.
pub(crate) fn request(path: &str) -> Builder {
    Request::builder()
        .method(Method::POST)
        .uri(format!("http://test{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
}

/// A request for `Get` of the service that tests call.
pub(crate) fn get() -> Request<()> {
    request(&format!("/{SERVICE}/Get")).body(()).unwrap()
}
