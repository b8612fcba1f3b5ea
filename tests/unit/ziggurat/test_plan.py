"""In which order services start and stop."""

import pytest
from hypothesis import given, strategies as st

from ziggurat.errors import CycleError, SpecError, UnknownName
from ziggurat.plan import dependencies, startable, started_by, stop_levels
from ziggurat.spec import FREE, REPORTED, GrpcHealth, Port, Service, Stack, Tcp


def stack(*services: Service, ready: tuple[Tcp | GrpcHealth, ...] = ()) -> Stack:
    """Return a stack of these services."""
    return Stack(name="made", services=services, ready=ready)


def service(name: str, *words: str, after: tuple[str, ...] = ()) -> Service:
    """Return a service whose command is its name and these words."""
    return Service(name=name, command=(name, *words), after=after)


def acyclic_stacks() -> st.SearchStrategy[Stack]:
    """Return stacks in which each service may need only services drawn before it, declared in any order."""

    def of(needs: list[set[int]]) -> list[Service]:
        return [
            service(f"s{index}", after=tuple(f"s{earlier}" for earlier in sorted(earliers) if earlier < index))
            for index, earliers in enumerate(needs)
        ]

    needs = st.lists(st.sets(st.integers(0, 7)), min_size=1, max_size=8)
    return needs.map(of).flatmap(st.permutations).map(lambda services: stack(*services))


def start_order(needs: dict[str, frozenset[str]]) -> list[str]:
    """Return the order in which services become ready where each is ready as soon as it is spawned."""
    done: list[str] = []
    while batch := startable(needs, set(done), set(done)):
        done += batch
    return done


@given(acyclic_stacks())
def test_each_service_starts_once_and_after_all_that_it_needs(made: Stack) -> None:
    """Whatever the order of declaration."""
    needs = dependencies(made)
    order = start_order(needs)

    assert sorted(order) == sorted(needs)
    assert all(order.index(before) < order.index(name) for name in order for before in needs[name])


@given(acyclic_stacks())
def test_each_service_stops_before_all_that_it_needs(made: Stack) -> None:
    """Stopping is starting turned round."""
    needs = dependencies(made)
    level_of = {name: index for index, level in enumerate(stop_levels(needs)) for name in level}

    assert level_of.keys() == needs.keys()
    assert all(level_of[name] < level_of[before] for name in needs for before in needs[name])


@given(acyclic_stacks(), st.data())
def test_a_service_in_a_circle_is_refused_with_the_circle(made: Stack, data: st.DataObject) -> None:
    """The error names services that really wait for each other, the first one again at the end."""
    names = [known.name for known in made.services]
    first, last = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(names))
    circle = [service("first", after=(last, "second")), service("second", after=("first", first))]

    with pytest.raises(CycleError) as caught:
        dependencies(stack(*made.services, *circle))

    assert set(caught.value.cycle) == {"first", "second"}
    assert caught.value.cycle[0] == caught.value.cycle[-1]


def test_services_start_in_the_order_of_declaration() -> None:
    """What may start at once starts as it was written."""
    needs = dependencies(stack(service("b"), service("c", after=("a",)), service("a")))

    assert startable(needs, set(), set()) == ["b", "a"]


def test_a_spawned_service_is_not_spawned_again() -> None:
    """Not even while it is not ready."""
    needs = dependencies(stack(service("a"), service("b", after=("a",))))

    assert startable(needs, {"a"}, set()) == []


def test_who_names_a_reported_port_waits_for_its_service() -> None:
    """Nobody knows the port before the service has said it."""
    server = Service(name="server", command=("server",), ports={"http": REPORTED})
    needs = dependencies(stack(service("client", "{server.http.port}"), server))

    assert needs == {"client": frozenset({"server"}), "server": frozenset()}


def test_a_variable_orders_as_a_word_does() -> None:
    """The environment is filled like the command."""
    server = Service(name="server", command=("server",), ports={"http": REPORTED})
    client = Service(name="client", command=("client",), env={"TARGET": "http://{server.http}/"})

    assert dependencies(stack(client, server))["client"] == {"server"}


def test_a_held_port_orders_nothing() -> None:
    """It is known from the start, so two services may name each other's."""
    one = Service(name="one", command=("one", "{two.port}"), ports={"port": FREE})
    two = Service(name="two", command=("two", "{one.port}"), ports={"port": FREE})

    assert dependencies(stack(one, two)) == {"one": frozenset(), "two": frozenset()}


def test_a_service_may_name_its_own_reported_port() -> None:
    """It is filled with port 0, which is what such a service binds."""
    server = Service(name="server", command=("server", "{http}"), ports={"http": REPORTED})

    assert dependencies(stack(server)) == {"server": frozenset()}


@pytest.mark.parametrize(
    ("services", "said"),
    [
        ((service("a"), service("a")), "two services of made are called 'a'"),
        ((service(""),), "'' cannot be a service's name"),
        ((service("a.b"),), "'a.b' cannot be a service's name"),
        ((service("a/b"),), "'a/b' cannot be a service's name"),
        ((Service(name="a", command=()),), "a: the command is empty"),
        ((service("a", "{"),), "'{': Single '{'"),
        ((service("a", "{}"),), "is not the name of an endpoint"),
        ((service("a", "{x:>8}"),), "is not the name of an endpoint"),
    ],
)
def test_a_stack_that_cannot_be_is_refused(services: tuple[Service, ...], said: str) -> None:
    """Before anything is started, and with what is wrong."""
    with pytest.raises(SpecError, match=said):
        dependencies(stack(*services))


def test_a_stack_whose_name_would_be_a_folder_is_refused() -> None:
    """Its logs are files that begin with it."""
    with pytest.raises(SpecError, match="'a/b' cannot be a stack's name"):
        dependencies(Stack(name="a/b", services=(service("web"),)))


def test_a_service_that_nobody_declared_is_named() -> None:
    """With those that are there."""
    with pytest.raises(UnknownName) as caught:
        dependencies(stack(service("a", after=("b",))))

    assert (caught.value.name, caught.value.known) == ("b", ("a",))


@pytest.mark.parametrize("word", ["{http}", "{a.http}", "{b.http}", "{b.http.host}"])
def test_an_endpoint_that_nobody_declared_is_named(word: str) -> None:
    """Whether of the service itself or of another one."""
    with pytest.raises(UnknownName, match="http"):
        dependencies(stack(service("a", word), service("b")))


@pytest.mark.parametrize("probe", [Tcp(endpoint="htpp"), GrpcHealth(endpoint="htpp")])
def test_a_probe_of_an_undeclared_endpoint_is_refused(probe: Tcp | GrpcHealth) -> None:
    """A misspelt endpoint is found before anything is started."""
    server = Service(name="server", command=("server",), ports={"http": FREE}, ready=probe)

    with pytest.raises(UnknownName) as caught:
        dependencies(stack(server))
    assert (caught.value.name, caught.value.known) == ("htpp", ("http",))


@pytest.mark.parametrize("endpoint", ["http", "other.http", "server.htpp"])
def test_a_probe_of_the_stack_on_an_undeclared_endpoint_is_refused(endpoint: str) -> None:
    """The stack's own probes name ``service.endpoint``."""
    server = Service(name="server", command=("server",), ports={"http": FREE})

    with pytest.raises(UnknownName):
        dependencies(stack(server, ready=(Tcp(endpoint=endpoint),)))


def test_an_endpoint_cannot_be_called_like_the_scratch_folder() -> None:
    """In braces the name would say two things."""
    with pytest.raises(SpecError, match="'scratch'"):
        dependencies(stack(Service(name="web", command=("web",), ports={"scratch": FREE})))


def test_a_service_that_another_one_started_is_known_by_its_name() -> None:
    """It is called after who started it; what only looks alike is not."""
    reports = [{"name": name} for name in ("s-1.web", "s-1.web/cgi", "s-1.webber/cgi", "s-2.web/cgi")]

    assert started_by(["s-1.web", "s-1.db"], reports) == [{"name": "s-1.web/cgi"}]
    assert started_by([], reports) == []


HANDED = Port(handover=True)


def test_a_socket_that_is_handed_over_cannot_be_reported() -> None:
    """It has its port before the service is there to report one."""
    web = Service(name="web", command=("web",), ports={"http": Port(handover=True, reported=True)})

    with pytest.raises(SpecError, match="http cannot be reported"):
        dependencies(Stack(name="shop", services=(web,)))


def test_tcp_is_no_probe_of_a_socket_that_is_handed_over() -> None:
    """The kernel accepts there before anybody serves: neither the service's own probe nor the whole's."""
    own = Service(name="web", command=("web",), ports={"http": HANDED}, ready=Tcp(endpoint="http"))
    with pytest.raises(SpecError, match="Tcp tells nothing of http"):
        dependencies(Stack(name="shop", services=(own,)))

    web = Service(name="web", command=("web",), ports={"http": HANDED})
    with pytest.raises(SpecError, match="Tcp tells nothing of http"):
        dependencies(Stack(name="shop", services=(web,), ready=(Tcp(endpoint="web.http"),)))
