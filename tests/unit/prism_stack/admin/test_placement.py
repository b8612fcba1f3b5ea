"""Who runs the processes of a namespace, and where they register."""

import pytest
from hypothesis import given, strategies as st
from tests.unit.prism_stack.admin.conftest import launcher_of, proxy_of

from prism_stack.admin.placement import NoRoom, choose_launcher, proxies_of

loads = st.dictionaries(st.sampled_from("abc"), st.integers(0, 12))


@given(loads)
def test_the_launcher_with_the_smallest_share_taken_is_chosen(load: dict[str, int]) -> None:
    """And one that is full never is."""
    launchers = [launcher_of("a", 10), launcher_of("b", 5), launcher_of("c", 1)]
    roomy = [each for each in launchers if load.get(each.key.id, 0) < each.max_processes]
    if not roomy:
        with pytest.raises(NoRoom):
            choose_launcher(launchers, load, 1)
        return
    chosen = choose_launcher(launchers, load, 1)

    assert chosen in roomy
    shares = {each.key.id: load.get(each.key.id, 0) / each.max_processes for each in roomy}
    assert shares[chosen.key.id] == min(shares.values())


def test_a_launcher_of_other_things_is_not_chosen() -> None:
    """One that names no types starts anything."""
    proxies_only, anything = launcher_of("a", process_types=frozenset({"proxy"})), launcher_of("b")

    assert choose_launcher([proxies_only, anything], {}, 1) is anything
    assert choose_launcher([proxies_only], {}, 1) is None


def test_all_patterns_of_a_namespace_need_room_together() -> None:
    """Two do not fit where one would."""
    with pytest.raises(NoRoom):
        choose_launcher([launcher_of("a", 3)], {"a": 2}, 2)


def test_a_runner_registers_with_every_proxy_its_own_first() -> None:
    """One that is gone is left out."""
    peers = [proxy_of("a"), proxy_of("c"), proxy_of("b"), proxy_of("d", gone=True), launcher_of("l")]

    assert proxies_of(peers, "b") == "b=b:1,a=a:1,c=c:1"
