"""Sockets as /proc/net tells of them."""

from ziggurat.hang.sockets import tcp, unix

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def row(local: str, remote: str, state: str, queues: str, inode: str) -> str:
    """Return a row of /proc/net/tcp."""
    return f"   0: {local} {remote} {state} {queues} 00:00000000 00000000     0        0 {inode} 1 0 100 0 0 10 0\n"


def test_a_listener_tells_who_waits_for_it() -> None:
    """A server that accepts no more has a queue."""
    table = HEAD + row("0100007F:2382", "00000000:0000", "0A", "00000000:00000003", "77")

    assert dict(tcp(table)) == {"77": "TCP 127.0.0.1:9090 LISTEN, 3 connections wait to be accepted"}


def test_a_connection_tells_what_is_stuck_on_it() -> None:
    """Bytes that nobody reads, and bytes that the peer does not take."""
    table = HEAD + row("0100007F:2382", "0100007F:C000", "01", "00000010:00000020", "78")

    assert dict(tcp(table)) == {
        "78": "TCP 127.0.0.1:9090 - 127.0.0.1:49152 ESTABLISHED, 32 bytes unread, 16 bytes unsent"
    }


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    """As everywhere."""
    host = "00000000000000000000000001000000"
    table = HEAD + row(f"{host}:2382", f"{'0' * 32}:0000", "0A", "00000000:00000000", "79")

    assert dict(tcp(table)) == {"79": "TCP [::1]:9090 LISTEN"}


def test_a_unix_socket_has_its_path() -> None:
    """Where it has one."""
    table = (
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 80 /run/x.sock\n"
        "0000000000000000: 00000003 00000000 00000000 0001 03 81\n"
    )

    assert dict(unix(table)) == {"80": "Unix socket /run/x.sock", "81": "Unix socket without a name"}
