"""Reconciling: what leads from what runs to what is wished, and nothing once it is so."""

from __future__ import annotations

from hypothesis import given, strategies as st
from tests.unit.prism_stack.launcher.conftest import wish_of

from prism_stack.launcher.reconcile import Action, End, Launch, Relaunch, Retell, reconcile, step
from prism_stack.launcher.wish import BY_HAND, Proxy, Wish

IDS = ("ns:a:keyvalue", "ns:b:keyvalue", "shared:keyvalue")
configs = st.sampled_from([{}, {"backend": "redis"}])
ports = st.sampled_from([0, 9095])
proxies = st.sampled_from([(), (Proxy(id="p1", address="h:1"),), (Proxy(id="p2", address="h:2"),)])


def wishes(versions: st.SearchStrategy[int]) -> st.SearchStrategy[dict[str, Wish]]:
    """Return tables of wishes."""
    one = st.builds(
        lambda process_id, version, config, port, told: wish_of(
            process_id, version, config=config, port=port, proxies=told
        ),
        st.sampled_from(IDS),
        versions,
        configs,
        ports,
        proxies,
    )
    return st.lists(one, max_size=6).map(lambda found: {wish.process_id: wish for wish in found})


desired = wishes(st.integers(1, 3))
actual = wishes(st.integers(BY_HAND, 3))


def carry_out(actions: list[Action], table: dict[str, Wish]) -> dict[str, Wish]:
    """Return what runs after the actions."""
    after = dict(table)
    for action in actions:
        if isinstance(action, End):
            del after[action.process_id]
        else:
            after[action.wish.process_id] = action.wish
    return after


@given(desired, actual, st.booleans())
def test_once_it_is_so_there_is_nothing_to_do(
    wanted: dict[str, Wish],
    held: dict[str, Wish],
    complete: bool,  # noqa: FBT001 - an argument that hypothesis gives
) -> None:
    """However it was before."""
    after = carry_out(reconcile(wanted.values(), held, complete=complete), held)

    assert reconcile(wanted.values(), after, complete=complete) == []


@given(desired, actual)
def test_every_wish_runs_unless_a_newer_one_is_held(wanted: dict[str, Wish], held: dict[str, Wish]) -> None:
    """A late answer must not undo what came after it."""
    after = carry_out(reconcile(wanted.values(), held, complete=True), held)

    for process_id, wish in wanted.items():
        before = held.get(process_id)
        is_late = before is not None and before.version > wish.version
        assert after[process_id] == (before if is_late else wish)


@given(desired, actual)
def test_what_nobody_wishes_is_ended_only_where_the_admin_has_said_all(
    wanted: dict[str, Wish], held: dict[str, Wish]
) -> None:
    """And never what a person launched."""
    ended = {each.process_id for each in reconcile(wanted.values(), held, complete=True) if isinstance(each, End)}

    assert ended == {each for each, wish in held.items() if wish.is_assigned and each not in wanted}
    assert not [each for each in reconcile(wanted.values(), held, complete=False) if isinstance(each, End)]


@given(desired, actual)
def test_a_process_goes_on_where_it_is_what_is_wished(wanted: dict[str, Wish], held: dict[str, Wish]) -> None:
    """Other proxies are told; only another program, namespace, port or configuration starts it anew."""
    for action in reconcile(wanted.values(), held, complete=True):
        match action:
            case Relaunch(wish):
                assert not wish.runs_as(held[wish.process_id])
            case Retell(wish):
                assert wish.runs_as(held[wish.process_id])
            case Launch(wish):
                assert wish.process_id not in held
            case End(process_id):
                assert process_id not in wanted


def test_each_kind_of_step() -> None:
    """By example."""
    held = wish_of(version=2, config={"backend": "redis"})
    told = wish_of(version=3, config={"backend": "redis"}, proxies=(Proxy(id="p1", address="h:1"),))
    other = wish_of(version=3)

    assert step(held, None) == Launch(held)
    assert step(held, held) is None
    assert step(wish_of(version=1), held) is None
    assert step(told, held) == Retell(told)
    assert step(other, held) == Relaunch(other)
    assert step(other, wish_of(version=BY_HAND)) == Retell(other)
