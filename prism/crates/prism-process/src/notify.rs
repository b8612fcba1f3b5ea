//! Telling whoever started the program that it is ready, in the words of `sd_notify`.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixDatagram};
use std::{env, io};

use crate::{Exit, Failure};

/// The variable that names the socket to tell.
const VARIABLE: &str = "NOTIFY_SOCKET";

/// The socket that waits for news can't be told.
#[derive(Debug, thiserror::Error)]
#[error("cannot notify {}: {cause}; start the program with a live {VARIABLE}, or without one", socket.display())]
pub struct NotifyError {
    /// The socket, as the environment names it.
    pub socket: OsString,
    /// What the system said.
    #[source]
    pub cause: io::Error,
}

impl Failure for NotifyError {
    fn exit(&self) -> Exit {
        Exit::Peer
    }
}

/// Says that the program serves, and at which addresses; nothing where nobody asked to be told.
pub fn ready(endpoints: &[(&str, SocketAddr)]) -> Result<(), NotifyError> {
    tell(&ready_message(endpoints))
}

/// Says that the program has begun to stop.
pub fn stopping() -> Result<(), NotifyError> {
    tell("STOPPING=1\n")
}

fn tell(message: &str) -> Result<(), NotifyError> {
    match env::var_os(VARIABLE) {
        Some(socket) if !socket.is_empty() => {
            send(&socket, message).map_err(|cause| NotifyError { socket, cause })
        }
        _ => Ok(()),
    }
}

fn ready_message(endpoints: &[(&str, SocketAddr)]) -> String {
    endpoints
        .iter()
        .fold("READY=1\n".to_owned(), |message, (name, address)| {
            format!("{message}X_ENDPOINT_{}={address}\n", name.to_uppercase())
        })
}

fn send(socket: &OsStr, message: &str) -> io::Result<()> {
    UnixDatagram::unbound()?.send_to_addr(message.as_bytes(), &address(socket)?)?;
    Ok(())
}

/// A path, or with a leading `@` a name in the abstract space.
fn address(socket: &OsStr) -> io::Result<UnixAddress> {
    match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => UnixAddress::from_abstract_name(name),
        None => UnixAddress::from_pathname(socket),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 512];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// Endpoint names are upper-cased, one line each, after the word that counts.
    #[test]
    fn the_message_carries_every_endpoint() {
        let data = SocketAddr::from(([127, 0, 0, 1], 9090));
        let control = SocketAddr::from(([127, 0, 0, 1], 9190));

        let message = ready_message(&[("data", data), ("control", control)]);

        let expected =
            "READY=1\nX_ENDPOINT_DATA=127.0.0.1:9090\nX_ENDPOINT_CONTROL=127.0.0.1:9190\n";
        assert_eq!(message, expected);
    }

    /// A socket in the file system gets one whole datagram.
    #[test]
    fn reaches_a_socket_by_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();

        send(path.as_os_str(), "READY=1\n").unwrap();

        assert_eq!(received(&socket), "READY=1\n");
    }

    /// A leading @ means the abstract space.
    #[test]
    fn reaches_an_abstract_socket() {
        let name = format!("@prism-process-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&address(OsStr::new(&name)).unwrap()).unwrap();

        send(OsStr::new(&name), "STOPPING=1\n").unwrap();

        assert_eq!(received(&socket), "STOPPING=1\n");
    }

    /// A socket that is gone is an error that carries its name.
    #[test]
    fn a_dead_socket_is_named() {
        let socket = OsString::from("/nonexistent/notify");
        let cause = send(&socket, "READY=1\n").unwrap_err();

        let error = NotifyError { socket, cause };

        assert!(
            error
                .to_string()
                .starts_with("cannot notify /nonexistent/notify: "),
            "{error}"
        );
    }
}
