//! From an address to a connection that answers.

use std::pin::Pin;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::address::RedisAddress;
use crate::words;

/// A Redis that is there takes far less; one that hangs is tried anew.
const LIMIT: Duration = Duration::from_secs(2);

/// What ends a connection that Redis closes.
pub(crate) const CLOSED: &str = "it closed the connection";

/// A connection, and what has to be driven for it to work: it ends when the connection does.
pub(crate) struct Connected {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) driver: Driver,
}

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Connects, logs in, and has an answer; or says why not.
pub(crate) async fn connect(address: &RedisAddress) -> Result<Connected, String> {
    let tried = timeout(LIMIT, attempt(address)).await;
    tried.unwrap_or_else(|_| Err(no_answer(LIMIT)))
}

async fn attempt(address: &RedisAddress) -> Result<Connected, String> {
    let stream = TcpStream::connect(address.endpoint())
        .await
        .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
        .map_err(|error| error.to_string())?;
    // Each call brings its own limit.
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let made = MultiplexedConnection::new_with_config(&address.login(), stream, config).await;
    let (mut connection, driver) = made.map_err(|error| words::reason(&error))?;
    let mut driver: Driver = Box::pin(driver);
    tokio::select! {
        answered = ping(&mut connection) => answered?,
        () = &mut driver => return Err(CLOSED.to_owned()),
    }
    Ok(Connected { connection, driver })
}

/// Has an answer: a Redis that wants a password, or is still loading, is not there yet.
pub(crate) async fn ping(connection: &mut MultiplexedConnection) -> Result<(), String> {
    redis::cmd("PING")
        .exec_async(connection)
        .await
        .map_err(|error| words::reason(&error))
}

pub(crate) fn no_answer(limit: Duration) -> String {
    format!("no answer within {limit:?}")
}
