"""Unary gRPC calls as bytes on one connection, against a server that is made of bytes too."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hpack import Decoder, Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)
from hypothesis import given, strategies as st

from ziggurat.grpc_call import PREFACE, Answer, Calls

Fields = list[tuple[str, str]]


def frames_in(data: bytes) -> list[Frame]:
    """Return the frames of a stream of bytes, every one of them whole."""
    found = []
    view = memoryview(data)
    while view:
        frame, length = Frame.parse_frame_header(view[:9])
        frame.parse_body(view[9 : 9 + length])
        found.append(frame)
        view = view[9 + length :]
    return found


@dataclass
class Server:
    """One connection as a server sees it; obeys the client's settings."""

    huffman: bool = True
    received: list[Frame] = field(default_factory=list)
    decoder: Decoder = field(default_factory=Decoder)
    encoder: Encoder = field(default_factory=Encoder)

    def read(self, data: bytes) -> list[Frame]:
        """Read what a client sent, the preface first."""
        frames = frames_in(data if self.received else data.removeprefix(PREFACE))
        self.received += frames
        for frame in frames:
            if isinstance(frame, SettingsFrame) and SettingsFrame.HEADER_TABLE_SIZE in frame.settings:
                self.encoder.header_table_size = frame.settings[SettingsFrame.HEADER_TABLE_SIZE]
        return frames

    def fields_of(self, frame: Frame) -> dict[str, str]:
        """Return the header fields of a HEADERS frame."""
        assert isinstance(frame, HeadersFrame)
        return {str(name): str(value) for name, value in self.decoder.decode(frame.data)}

    def settings(self) -> bytes:
        """Return the first frame of a server."""
        return bytes(SettingsFrame(0, settings={SettingsFrame.MAX_CONCURRENT_STREAMS: 100}).serialize())

    def headers(self, stream: int, fields: Fields, *, end: bool = False, pad: int | None = None) -> bytes:
        """Return a HEADERS frame, the last of its stream where asked."""
        frame = HeadersFrame(stream, self.encoder.encode(fields, huffman=self.huffman))
        frame.flags.add("END_HEADERS")
        return _serialised(frame, end=end, pad=pad)

    def split_headers(self, stream: int, fields: Fields) -> bytes:
        """Return the last headers of a stream as a HEADERS frame of one byte and a CONTINUATION."""
        block = self.encoder.encode(fields, huffman=self.huffman)
        first, rest = HeadersFrame(stream, block[:1]), ContinuationFrame(stream, block[1:])
        first.flags.add("END_STREAM")
        rest.flags.add("END_HEADERS")
        return bytes(first.serialize()) + bytes(rest.serialize())

    def opening(self, stream: int) -> bytes:
        """Return the headers that begin an answer."""
        return self.headers(stream, [(":status", "200"), ("content-type", "application/grpc")])

    def message(self, stream: int, message: bytes, *, pad: int | None = None, pieces: int = 1) -> bytes:
        """Return a gRPC message in DATA frames."""
        body = b"\0" + len(message).to_bytes(4, "big") + message
        size = -(-len(body) // pieces)
        return b"".join(
            _serialised(DataFrame(stream, body[at : at + size]), end=False, pad=pad) for at in range(0, len(body), size)
        )

    def trailers(self, stream: int, status: int, *before: tuple[str, str], pad: int | None = None) -> bytes:
        """Return the trailers with a status, after other fields."""
        return self.headers(stream, [*before, ("grpc-status", str(status))], end=True, pad=pad)

    def refusal(self, stream: int, status: int, *before: tuple[str, str]) -> bytes:
        """Return an answer of trailers only."""
        opening = [(":status", "200"), ("content-type", "application/grpc")]
        return self.headers(stream, [*opening, *before, ("grpc-status", str(status))], end=True)


def _serialised(frame: DataFrame | HeadersFrame, *, end: bool, pad: int | None) -> bytes:
    if end:
        frame.flags.add("END_STREAM")
    if pad is not None:
        frame.flags.add("PADDED")
        frame.pad_length = pad
    return bytes(frame.serialize())


@pytest.fixture(params=[True, False], ids=["huffman", "plain"])
def server(request: pytest.FixtureRequest) -> Server:
    """A server that writes header fields in either code."""
    return Server(huffman=request.param)


def calls() -> Calls:
    """Return a connection to one method."""
    return Calls("/made.Service/Method", "127.0.0.1:50051")


def asked(server: Server, message: bytes = b"") -> Calls:
    """Return a connection on which a call was just sent to the server."""
    connection = calls()
    connection.ask(message)
    server.read(connection.to_send())
    return connection


# === what is sent ===


def test_a_connection_begins_with_preface_and_settings(server: Server) -> None:
    """As RFC 9113 asks, before anything else."""
    data = calls().to_send()

    assert data.startswith(PREFACE)
    assert [type(frame) for frame in server.read(data)] == [SettingsFrame]


def test_a_call_is_its_headers_and_one_message(server: Server) -> None:
    """As a gRPC server expects them."""
    connection = calls()
    connection.ask(b"payload")
    _, headers, data = server.read(connection.to_send())

    assert server.fields_of(headers) == {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/made.Service/Method",
        ":authority": "127.0.0.1:50051",
        "te": "trailers",
        "content-type": "application/grpc",
    }
    assert isinstance(data, DataFrame)
    assert data.data == b"\0\0\0\0\x07payload"
    assert "END_STREAM" in data.flags


def test_each_call_has_a_stream_of_its_own(server: Server) -> None:
    """Odd numbers, rising."""
    connection = asked(server)
    connection.ask(b"")

    assert [frame.stream_id for frame in server.read(connection.to_send())] == [3, 3]


def test_long_paths_are_sent_whole(server: Server) -> None:
    """A length of 127 and more takes several bytes."""
    connection = Calls("/" + "x" * 300, "h:1")
    connection.ask(b"")
    headers = server.read(connection.to_send())[1]

    assert server.fields_of(headers)[":path"] == "/" + "x" * 300


def test_nothing_is_sent_twice(server: Server) -> None:
    """What was taken is gone."""
    assert asked(server).to_send() == b""


# === answers ===


def test_a_message_is_the_answer(server: Server) -> None:
    """Before the trailers have come."""
    answer = asked(server).receive(server.settings() + server.opening(1) + server.message(1, b"hello"))

    assert answer == Answer(message=b"hello")


def test_an_empty_message_is_an_answer(server: Server) -> None:
    """Five bytes of head and nothing after them."""
    assert asked(server).receive(server.opening(1) + server.message(1, b"")) == Answer(message=b"")


@pytest.mark.parametrize("pieces", [2, 3, 10])
def test_a_message_may_come_in_pieces(server: Server, pieces: int) -> None:
    """A server may cut DATA where it likes."""
    answer = asked(server).receive(server.opening(1) + server.message(1, b"hello", pieces=pieces))

    assert answer == Answer(message=b"hello")


@pytest.mark.parametrize("pad", [0, 1, 255])
def test_padding_is_not_part_of_the_message(server: Server, pad: int) -> None:
    """Also where there is none but the frame says it is padded."""
    answer = asked(server).receive(server.opening(1) + server.message(1, b"hello", pad=pad))

    assert answer == Answer(message=b"hello")


@pytest.mark.parametrize("status", range(17))
def test_trailers_without_a_message_are_the_answer(server: Server, status: int) -> None:
    """Every status that gRPC has."""
    assert asked(server).receive(server.refusal(1, status)) == Answer(status=status)


@pytest.mark.parametrize("pad", [0, 200])
def test_trailers_may_be_padded(server: Server, pad: int) -> None:
    """As any HEADERS frame."""
    assert asked(server).receive(server.opening(1) + server.trailers(1, 14, pad=pad)) == Answer(status=14)


def test_a_field_whose_name_begins_like_the_status_is_not_the_status(server: Server) -> None:
    """``grpc-status-details-bin`` may come first."""
    details = ("grpc-status-details-bin", "CAUSBG5vbmU")

    assert asked(server).receive(server.refusal(1, 5, details)) == Answer(status=5)


def test_trailers_may_be_continued(server: Server) -> None:
    """A header block may be cut into a HEADERS frame and CONTINUATIONs."""
    answer = asked(server).receive(server.opening(1) + server.split_headers(1, [("grpc-status", "7")]))

    assert answer == Answer(status=7)


def test_a_second_answer_is_read_like_the_first(server: Server) -> None:
    """A server must not refer to the fields of an earlier answer, which this client does not keep."""
    connection = asked(server)
    first = connection.receive(server.refusal(1, 12))
    connection.ask(b"")
    server.read(connection.to_send())

    assert first == connection.receive(server.refusal(3, 12)) == Answer(status=12)


def test_what_is_left_of_an_earlier_answer_is_not_the_next_one(server: Server) -> None:
    """Its trailers come after its message was taken."""
    connection = asked(server)
    connection.receive(server.opening(1) + server.message(1, b"first") + server.trailers(1, 0))
    connection.ask(b"")

    assert connection.receive(server.opening(3) + server.message(3, b"second")) == Answer(message=b"second")


def test_an_answer_without_a_status_is_a_problem(server: Server) -> None:
    """As a web server gives it."""
    answer = asked(server).receive(server.split_headers(1, [(":status", "404"), ("server", "web")]))

    assert answer is not None
    assert "is it a gRPC server?" in answer.problem


def test_an_answer_of_another_protocol_is_a_problem_at_once(server: Server) -> None:
    """A web server of HTTP/1.1 says so in its first bytes, and would be waited for as a very long frame."""
    answer = asked(server).receive(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    assert answer is not None
    assert "HTTP/1.1" in answer.problem


def test_a_reset_stream_is_a_problem(server: Server) -> None:
    """With its code."""
    answer = asked(server).receive(bytes(RstStreamFrame(1, error_code=7).serialize()))

    assert answer == Answer(problem="stream reset (error code 7)")


def test_a_connection_that_goes_away_takes_no_further_call(server: Server) -> None:
    """After GOAWAY a server ignores new streams, so the next call needs another connection."""
    connection = asked(server)
    answer = connection.receive(bytes(GoAwayFrame(0, last_stream_id=0, error_code=11).serialize()))

    assert answer == Answer(problem="GOAWAY (error code 11)")
    assert connection.is_over


def test_settings_are_acknowledged_once(server: Server) -> None:
    """And an acknowledgement is not answered."""
    connection = asked(server)
    connection.receive(server.settings() + bytes(SettingsFrame(0, flags=["ACK"]).serialize()))
    (frame,) = server.read(connection.to_send())

    assert isinstance(frame, SettingsFrame)
    assert "ACK" in frame.flags


def test_a_ping_is_answered_with_its_own_bytes(server: Server) -> None:
    """Else the server may think that the connection is dead."""
    connection = asked(server)
    connection.receive(bytes(PingFrame(0, b"8 bytes!").serialize()))
    (frame,) = server.read(connection.to_send())

    assert isinstance(frame, PingFrame)
    assert (frame.opaque_data, "ACK" in frame.flags) == (b"8 bytes!", True)


def whole_answer() -> bytes:
    """Return everything that a server sends for one answered call, with padding and a ping in between."""
    encoder = Encoder()
    opening = HeadersFrame(1, encoder.encode([(":status", "200")]), flags=["END_HEADERS"])
    body = DataFrame(1, b"\0\0\0\0\x03abc", flags=["PADDED"], pad_length=3)
    frames = (SettingsFrame(0), opening, PingFrame(0, b"8 bytes!"), body)
    return b"".join(bytes(frame.serialize()) for frame in frames)


@given(st.lists(st.integers(0, len(whole_answer())), max_size=8).map(sorted))
def test_it_does_not_matter_where_the_stream_is_cut(cuts: list[int]) -> None:
    """TCP keeps bytes, not frames."""
    data = whole_answer()
    connection = calls()
    connection.ask(b"")
    edges = [0, *cuts, len(data)]
    answers = [connection.receive(data[start:end]) for start, end in pairwise(edges)]

    assert [answer for answer in answers if answer] == [Answer(message=b"abc")]


@given(st.binary(max_size=64), st.sampled_from([0, 1, 3, 4, 6, 7, 9]), st.integers(0, 255), st.integers(0, 3))
def test_whatever_comes_is_an_answer_or_none(payload: bytes, kind: int, flags: int, stream: int) -> None:
    """A probe may meet any program: nothing that it sends is an error of ours."""
    connection = calls()
    connection.ask(b"")
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")

    answer = connection.receive(head + payload)

    assert answer is None or isinstance(answer, Answer)
