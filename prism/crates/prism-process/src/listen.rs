//! Listening sockets.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use crate::{Exit, Failure};

/// Connections that may wait to be accepted; the kernel caps it at `net.core.somaxconn`.
const BACKLOG: u32 = 4096;

/// An address that can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {cause}{}", advice(cause))]
pub struct ListenError {
    /// The address that was asked for.
    pub address: SocketAddr,
    /// What the system said.
    #[source]
    pub cause: io::Error,
}

fn advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse => {
            "; stop what holds it, or choose another address (port 0 takes a free one)"
        }
        io::ErrorKind::AddrNotAvailable => "; choose an address of this machine, such as 127.0.0.1",
        io::ErrorKind::PermissionDenied => "; choose a port of 1024 or above",
        _ => "",
    }
}

impl Failure for ListenError {
    fn exit(&self) -> Exit {
        Exit::AddressTaken
    }
}

/// Listens on an address; port 0 takes a free port, which `local_addr` then tells.
///
/// The address may be held by a bound socket that does not listen: `SO_REUSEADDR` binds beside it. Without
/// `SO_REUSEPORT` two programs can never share the address by accident.
pub fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    bind(address).map_err(|cause| ListenError { address, cause })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use socket2::{Domain, Socket, Type};

    use super::*;

    const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    /// A port held for a service binds for that service.
    #[tokio::test]
    async fn binds_beside_a_holder_that_does_not_listen() {
        let holder = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        holder.set_reuse_address(true).unwrap();
        holder.set_reuse_port(true).unwrap();
        holder.bind(&ANY_PORT.into()).unwrap();
        let held = holder.local_addr().unwrap().as_socket().unwrap();

        let listener = listen(held).unwrap();

        assert_eq!(listener.local_addr().unwrap(), held);
        TcpStream::connect(held).unwrap();
    }

    /// Two listeners never share an address, and the error names it.
    #[tokio::test]
    async fn a_taken_address_is_named() {
        let first = listen(ANY_PORT).unwrap();
        let address = first.local_addr().unwrap();

        let error = listen(address).unwrap_err();

        assert_eq!(error.exit(), Exit::AddressTaken);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    }

    /// A listener that asks for `SO_REUSEPORT` cannot slip in beside ours.
    #[tokio::test]
    async fn is_not_shared_with_a_reuse_port_listener() {
        let ours = listen(ANY_PORT).unwrap();
        let intruder = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        intruder.set_reuse_port(true).unwrap();

        let outcome = intruder.bind(&ours.local_addr().unwrap().into());

        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
