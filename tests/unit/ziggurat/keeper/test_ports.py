"""Reading the addresses of the kernel's tables."""

import pytest

from ziggurat.keeper.ports import _address, overlap


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (b"0100007F:1F90", ("127.0.0.1", 8080)),
        (b"00000000:0016", ("0.0.0.0", 22)),  # noqa: S104 - compared, not bound
        (b"0101A8C0:FFFF", ("192.168.1.1", 65535)),
        (b"00000000000000000000000001000000:2382", ("::1", 9090)),
        (b"00000000000000000000000000000000:0050", ("::", 80)),
        (b"0000000000000000FFFF00000100007F:0001", ("::ffff:127.0.0.1", 1)),
        (b"B80D01200000000067452301EFCDAB89:0001", ("2001:db8::123:4567:89ab:cdef", 1)),
    ],
)
def test_an_address_is_words_in_the_order_of_the_machine(text: bytes, address: tuple[str, int]) -> None:
    """As /proc/net/tcp and tcp6 write them here, on a little-endian machine."""
    assert _address(text) == address


EVERY = "0.0.0.0"  # noqa: S104 - as above


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("127.0.0.1", EVERY, True),
        ("127.0.0.1", "::", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
        ("127.0.0.1", "::ffff:127.0.0.2", False),
        ("127.0.0.1", "::1", False),
        ("::1", "::1", True),
        ("::1", "::", True),
    ],
)
def test_servers_meet_on_the_same_host_or_on_every_one(one: str, other: str, *, meet: bool) -> None:
    """In both directions."""
    assert overlap(one, other) is overlap(other, one) is meet
