"""The client sends what it was told to, and gives back its own values and errors."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from prism.interfaces.keyvalue import (
    keyvalue_basic_pb2 as basic_pb2,
    keyvalue_batch_pb2 as batch_pb2,
    keyvalue_ttl_pb2 as ttl_pb2,
)
from prism_stack.client import KeyValueClient
from prism_stack.errors import ClientClosed, InvalidArgument, Refused, UnexpectedStatus
from prism_stack.keyvalue import ItemResult, Lasting, Remaining

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message
    from tests.unit.prism_stack.conftest import ScriptedNetwork

    from prism_stack.keyvalue import KeyValue

PACKAGE = "prism.interfaces.keyvalue"
ADDRESS = "here:1"
AT_CAPACITY = "capacity limit reached: 3 keys"


@pytest.fixture
def client(network: ScriptedNetwork) -> KeyValueClient:
    """A client of one scripted address, in a namespace of its own."""
    return KeyValueClient(ADDRESS, namespace="orders", timeout=timedelta(seconds=3), connect=network.connect)


CALLS: dict[str, tuple[Callable[[KeyValue], object], Message, Message]] = {
    "KeyValueBasicInterface/Set": (
        lambda client: client.set("k", b"v"),
        basic_pb2.SetRequest(key="k", value=b"v"),
        basic_pb2.SetResponse(success=True),
    ),
    "KeyValueBasicInterface/Get": (
        lambda client: client.get("k"),
        basic_pb2.GetRequest(key="k"),
        basic_pb2.GetResponse(found=True, value=b"v"),
    ),
    "KeyValueBasicInterface/Delete": (
        lambda client: client.delete("k"),
        basic_pb2.DeleteRequest(key="k"),
        basic_pb2.DeleteResponse(success=True),
    ),
    "KeyValueBasicInterface/Exists": (
        lambda client: client.exists("k"),
        basic_pb2.ExistsRequest(key="k"),
        basic_pb2.ExistsResponse(exists=True),
    ),
    "KeyValueTTLInterface/Expire": (
        lambda client: client.expire("k", timedelta(seconds=1.5)),
        ttl_pb2.ExpireRequest(key="k", ttl_seconds=2),
        ttl_pb2.ExpireResponse(success=True, key_existed=True),
    ),
    "KeyValueTTLInterface/GetTTL": (
        lambda client: client.get_ttl("k"),
        ttl_pb2.GetTTLRequest(key="k"),
        ttl_pb2.GetTTLResponse(ttl_seconds=7),
    ),
    "KeyValueTTLInterface/Persist": (
        lambda client: client.persist("k"),
        ttl_pb2.PersistRequest(key="k"),
        ttl_pb2.PersistResponse(success=True, expiration_removed=True),
    ),
    "KeyValueBatchInterface/BatchSet": (
        lambda client: client.batch_set([("a", b"1"), ("b", b"2")]),
        batch_pb2.BatchSetRequest(
            requests=[basic_pb2.SetRequest(key="a", value=b"1"), basic_pb2.SetRequest(key="b", value=b"2")]
        ),
        batch_pb2.BatchSetResponse(results=[basic_pb2.SetResponse(success=True)] * 2, all_success=True),
    ),
    "KeyValueBatchInterface/BatchGet": (
        lambda client: client.batch_get(["a", "b"]),
        batch_pb2.BatchGetRequest(keys=["a", "b"]),
        batch_pb2.BatchGetResponse(results=[basic_pb2.GetResponse()] * 2),
    ),
    "KeyValueBatchInterface/BatchDelete": (
        lambda client: client.batch_delete(["a", "b"]),
        batch_pb2.BatchDeleteRequest(keys=["a", "b"]),
        batch_pb2.BatchDeleteResponse(results=[basic_pb2.DeleteResponse(success=True)] * 2, all_success=True),
    ),
}


@pytest.mark.parametrize("path", CALLS)
def test_a_call_goes_out_as_the_wire_has_it(client: KeyValueClient, network: ScriptedNetwork, path: str) -> None:
    """Every call has its path, its message, the namespace and a deadline."""
    make, request, response = CALLS[path]
    network.answer(ADDRESS, response)

    make(client)

    [sent] = network.sent
    assert (sent.path, sent.request) == (f"/{PACKAGE}.{path}", request)
    assert sent.metadata == (("x-prism-namespace", "orders"),)
    assert 2 < sent.timeout <= 3


@pytest.mark.parametrize("path", CALLS)
def test_an_error_of_the_wire_becomes_our_own(
    client: KeyValueClient, network: ScriptedNetwork, ended: Callable[[str, str], Exception], path: str
) -> None:
    """Every call carries its facts on the error, and the error of gRPC stays its cause."""
    foreign = ended("INVALID_ARGUMENT", "key is empty")
    network.answer(ADDRESS, foreign)

    with pytest.raises(InvalidArgument) as caught:
        CALLS[path][0](client)

    error = caught.value
    assert (error.method, error.address) == (path.partition("/")[2], ADDRESS)
    assert (error.details, error.deadline) == ("key is empty", timedelta(seconds=3))
    assert error.__cause__ is foreign


def test_an_error_that_tells_nothing_is_unexpected(client: KeyValueClient, network: ScriptedNetwork) -> None:
    """An error without a status does not pass as one of gRPC's own."""
    import grpc

    network.answer(ADDRESS, grpc.RpcError("strange"))

    with pytest.raises(UnexpectedStatus, match="UNKNOWN: strange"):
        client.get("k")


REFUSALS: dict[str, tuple[Callable[[KeyValue], object], Message]] = {
    "Set": (CALLS["KeyValueBasicInterface/Set"][0], basic_pb2.SetResponse(error=AT_CAPACITY)),
    "Get": (CALLS["KeyValueBasicInterface/Get"][0], basic_pb2.GetResponse(error=AT_CAPACITY)),
    "Delete": (CALLS["KeyValueBasicInterface/Delete"][0], basic_pb2.DeleteResponse(error=AT_CAPACITY)),
    "Exists": (CALLS["KeyValueBasicInterface/Exists"][0], basic_pb2.ExistsResponse(error=AT_CAPACITY)),
    "Expire": (CALLS["KeyValueTTLInterface/Expire"][0], ttl_pb2.ExpireResponse(error=AT_CAPACITY)),
    "GetTTL": (CALLS["KeyValueTTLInterface/GetTTL"][0], ttl_pb2.GetTTLResponse(error=AT_CAPACITY)),
    "Persist": (CALLS["KeyValueTTLInterface/Persist"][0], ttl_pb2.PersistResponse(error=AT_CAPACITY)),
    "BatchGet": (
        CALLS["KeyValueBatchInterface/BatchGet"][0],
        batch_pb2.BatchGetResponse(results=[basic_pb2.GetResponse(), basic_pb2.GetResponse(error=AT_CAPACITY)]),
    ),
}


@pytest.mark.parametrize("method", REFUSALS)
def test_a_no_inside_an_answer_is_an_error(client: KeyValueClient, network: ScriptedNetwork, method: str) -> None:
    """Who forgets to look at an answer does not take a refusal for success."""
    make, response = REFUSALS[method]
    network.answer(ADDRESS, response)

    with pytest.raises(Refused) as caught:
        make(client)

    assert (caught.value.method, caught.value.status) == (method, "OK")
    assert AT_CAPACITY in caught.value.details


def test_a_refusal_without_words_is_one(client: KeyValueClient, network: ScriptedNetwork) -> None:
    """`success = false` is enough."""
    network.answer(ADDRESS, basic_pb2.SetResponse())

    with pytest.raises(Refused, match="without a reason"):
        client.set("k", b"v")


def test_an_item_is_refused_alone(client: KeyValueClient, network: ScriptedNetwork) -> None:
    """In a batch the refused item is told from those that were applied."""
    results = [basic_pb2.SetResponse(success=True), basic_pb2.SetResponse(error=AT_CAPACITY)]
    network.answer(ADDRESS, batch_pb2.BatchSetResponse(results=results))

    done, refused = client.batch_set([("a", b"1"), ("b", b"2")])

    assert done == ItemResult()
    assert (refused.succeeded, refused.error) == (False, AT_CAPACITY)


@pytest.mark.parametrize(
    ("seconds", "told"), [(-1, Lasting.FOREVER), (-2, Lasting.MISSING), (0, timedelta()), (90, timedelta(seconds=90))]
)
def test_a_time_left_is_told_as_a_value(
    client: KeyValueClient, network: ScriptedNetwork, seconds: int, told: Remaining
) -> None:
    """The numbers that stand for no time do not reach the caller."""
    network.answer(ADDRESS, ttl_pb2.GetTTLResponse(ttl_seconds=seconds))

    assert client.get_ttl("k") == told


def test_an_empty_value_is_not_a_missing_one(client: KeyValueClient, network: ScriptedNetwork) -> None:
    """What was found is told from what was not, also if it is empty."""
    network.answer(ADDRESS, basic_pb2.GetResponse(found=True), basic_pb2.GetResponse())

    assert (client.get("empty"), client.get("missing")) == (b"", None)


def test_no_channel_is_opened_before_the_first_call(client: KeyValueClient, network: ScriptedNetwork) -> None:
    """Making a client touches no network, and two calls share a channel."""
    network.answer(ADDRESS, basic_pb2.GetResponse())
    before = list(network.opened)

    client.get("a")
    client.get("b")

    assert (before, network.opened) == ([], [ADDRESS])


def test_leaving_the_client_closes_its_channels(client: KeyValueClient, network: ScriptedNetwork) -> None:
    """A closed client refuses calls, and may be closed again."""
    network.answer(ADDRESS, basic_pb2.GetResponse())
    with client:
        client.get("k")

    client.close()

    assert network.closed == [ADDRESS]
    with pytest.raises(ClientClosed, match="Get: this client is closed"):
        client.get("k")


def test_a_client_needs_an_address() -> None:
    """No addresses are a mistake of the caller, said at once."""
    with pytest.raises(ValueError, match="at least one address"):
        KeyValueClient([])
