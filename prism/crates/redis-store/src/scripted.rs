//! A Redis whose answers a test writes: for what a real one does not do on demand.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::RedisAddress;

/// Speaks the protocol of Redis, and keeps nothing.
#[derive(Debug)]
pub struct ScriptedRedis {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    /// Ends with what is in it: the listener and every connection.
    serving: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Script {
    answers: HashMap<String, String>,
    silent: bool,
}

impl ScriptedRedis {
    /// Starts one on a free port; it says OK to whatever it is asked.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut redis = Self {
            address: listener.local_addr()?,
            script: Arc::default(),
            serving: JoinSet::new(),
        };
        redis.answer("PING", "+PONG");
        redis.serve(listener);
        Ok(redis)
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Where it is, as a store takes it.
    #[must_use]
    #[allow(clippy::missing_panics_doc)] // Its own URL is a good one.
    pub fn address(&self) -> RedisAddress {
        RedisAddress::parse(&self.url()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Answers a command so from now on, in the words of the protocol: `-OOM no memory`, `:1`, `$-1`.
    pub fn answer(&self, command: &str, reply: &str) {
        let answers = &mut self.script().answers;
        answers.insert(command.to_owned(), format!("{reply}\r\n"));
    }

    /// Reads on, and answers nothing more.
    pub fn fall_silent(&self) {
        self.script().silent = true;
    }

    /// Closes its port and every connection.
    pub async fn stop(&mut self) {
        self.serving.shutdown().await;
    }

    /// Serves on the same port again.
    pub async fn start_again(&mut self) -> io::Result<()> {
        self.script().silent = false;
        let listener = TcpListener::bind(self.address).await?;
        self.serve(listener);
        Ok(())
    }

    fn serve(&mut self, listener: TcpListener) {
        let script = Arc::clone(&self.script);
        self.serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                // A conversation ends in an error, by whichever side it is ended.
                connections.spawn(converse(stream, Arc::clone(&script)));
            }
        });
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        lock(&self.script)
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers commands until the other side goes.
async fn converse(stream: TcpStream, script: Arc<Mutex<Script>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let command = command(&mut stream).await?;
        let reply = {
            let script = lock(&script);
            let reply = script.answers.get(&command).cloned();
            (!script.silent).then(|| reply.unwrap_or_else(|| "+OK\r\n".to_owned()))
        };
        if let Some(reply) = reply {
            stream.write_all(reply.as_bytes()).await?;
        }
    }
}

/// Reads a command to its end; its name is all that is kept.
async fn command(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut name = None;
    for _ in 0..number(stream).await? {
        let mut argument = vec![0; number(stream).await?];
        stream.read_exact(&mut argument).await?;
        line(stream).await?;
        name.get_or_insert(argument);
    }
    Ok(String::from_utf8_lossy(&name.unwrap_or_default()).into_owned())
}

/// The number of a line such as `*3` or `$5`.
async fn number(stream: &mut BufReader<TcpStream>) -> io::Result<usize> {
    let line = line(stream).await?;
    let digits = line.trim_end().get(1..).unwrap_or_default();
    digits
        .parse()
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, line))
}

async fn line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line),
    }
}
