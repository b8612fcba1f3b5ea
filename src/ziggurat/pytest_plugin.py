"""Options, fixtures and hooks for pytest; what they decide is decided in the modules that they call.

It is loaded in every run, so it imports little: the stack, and with it sockets and processes, only when a fixture
is asked for.
"""

from __future__ import annotations

import secrets
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from ziggurat import may_leave
from ziggurat.errors import GateClosed, UnknownName, ZigguratError
from ziggurat.failure import Explainer
from ziggurat.guard import Guard
from ziggurat.hang.plugin import HangExplainer
from ziggurat.tiers import DEFAULT_FOLDERS, Tier, parse_folders, tiers_below, tiers_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from ziggurat.lease import Lease
    from ziggurat.scope import StackScope
    from ziggurat.stack import RunningStack

    Folders = dict[PurePath, frozenset[Tier]]

ITEM_TIER: pytest.StashKey[Tier] = pytest.StashKey()
FOLDERS: pytest.StashKey[Folders] = pytest.StashKey()
EXPLAINER: pytest.StashKey[Explainer] = pytest.StashKey()
GATE: pytest.StashKey[RunningStack | str] = pytest.StashKey()
GUARD = Guard()

MARKERS = (
    "unit: one component, no backend; the network and processes are refused",
    "integration: real processes that the tests start themselves",
    "e2e: the whole system, started by a person",
    "may_leave(*commands): regular expressions of processes that this test may leave behind; all, if none is given",
    "tiers(*names): of a test that stands in several tiers, only these",
    "shared(*stacks): uses these run stacks, beside those that it names as fixtures",
    "exclusive(*stacks): has these run stacks alone while it runs; without names, all that it uses",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings."""
    group = parser.getgroup("ziggurat", "stacks of real processes, in tiers")
    group.addoption(
        "--tier",
        action="append",
        choices=[tier.value for tier in Tier],
        help="run only this tier's tests; may be given twice",
    )
    group.addoption(
        "--e2e",
        choices=["auto", "require"],
        default="auto",
        help="without a fit running stack, e2e tests are skipped (auto) or fail (require)",
    )
    group.addoption(
        "--timelines",
        metavar="FOLDER",
        help="where the timelines of failed tests are written; else below pytest's temporary folder",
    )
    parser.addini("ziggurat_tiers", "TIER=FOLDER, one a line; all=FOLDER for tests in every tier", type="linelist")
    parser.addini("ziggurat_run_stacks", "FIXTURE=MODULE:NAME of a Stack for all workers, one a line", type="linelist")
    left = "regular expressions, one a line, of commands that any test may leave behind"
    parser.addini(may_leave.SETTING, left, type="linelist")
    parser.addini("ziggurat_gate", "MODULE:NAME of the Gate for e2e tests", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings; a wrong one is a usage error."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    try:
        config.stash[FOLDERS] = parse_folders(config.getini("ziggurat_tiers") or list(DEFAULT_FOLDERS))
        may_leave.patterns(may_leave.SETTING, config.getini(may_leave.SETTING))
        explainer = config.stash[EXPLAINER] = Explainer(config)
        _share_run_stacks(config)
    except ZigguratError as error:
        raise pytest.UsageError(str(error)) from error
    config.pluginmanager.register(explainer, "ziggurat-explainer")
    config.pluginmanager.register(HangExplainer(config, explainer), "ziggurat-hangs")
    if hasattr(config, "workerinput"):
        from ziggurat.keeper import kernel

        # A worker whose controller is killed would go on until its present test ends, and its stacks with it.
        kernel.end_with_parent()


def _share_run_stacks(config: pytest.Config) -> None:
    """Register what gives out the run stacks, where the project has any."""
    lines = config.getini("ziggurat_run_stacks")
    if lines:
        from ziggurat.run import wiring

        def attached(stack: RunningStack) -> None:
            config.stash[EXPLAINER].recorder.enter(stack)

        wiring.register(config, lines, trust=GUARD.trust_this_thread, attached=attached)


# === which tests, in which tiers ===


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out folders that hold no test of the tiers asked for: their imports cost time."""
    wanted = config.getoption("tier")
    if not wanted or not collection_path.is_dir():
        return None
    tiers = tiers_below(_below_root(config, collection_path), config.stash[FOLDERS])
    return True if tiers is not None and tiers.isdisjoint(map(Tier, wanted)) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Multiply a test that stands in several tiers: one for each, with that tier's mark."""
    config = metafunc.config
    tiers = tiers_of(_below_root(config, metafunc.definition.path), config.stash[FOLDERS])
    if len(tiers) < 2:  # noqa: PLR2004 - one tier is no choice
        return
    kept = [tier for tier in Tier if tier in tiers & _chosen_tiers(metafunc.definition)]
    if "tier" not in metafunc.fixturenames:
        metafunc.fixturenames.append("tier")
    params = [pytest.param(tier, marks=getattr(pytest.mark, tier.value), id=tier.value) for tier in kept]
    metafunc.parametrize("tier", params, scope="session")


def _chosen_tiers(definition: pytest.Item) -> frozenset[Tier]:
    """Return the tiers that a test's mark names; all where it has none."""
    mark = definition.get_closest_marker("tiers")
    for name in mark.args if mark else ():
        if name not in list(Tier):
            pytest.fail(f"{definition.nodeid}: {UnknownName('tier', str(name), list(Tier))}", pytrace=False)
    return frozenset(map(Tier, mark.args)) if mark else frozenset(Tier)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail the collection of what may leave something that is no regular expression: its tests would run in vain.

    A usage error would end a worker of pytest-xdist without a word.
    """
    del collector
    report = yield
    wrong = [problem for node in report.result or () if isinstance(node, pytest.Item) for problem in _wrong_marks(node)]
    if wrong:
        report.outcome, report.longrepr, report.result = "failed", "\n".join(wrong), []
    return report


def _wrong_marks(item: pytest.Item) -> list[str]:
    try:
        may_leave.of_marks(item)
    except ZigguratError as error:
        return [f"{item.nodeid}: {error}"]
    return []


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give each test its tier, and the mark of it, before anybody selects by marks."""
    tier = _tier_of(item.config, item)
    if tier is not None:
        item.stash[ITEM_TIER] = tier
        item.add_marker(tier.value)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of tiers not asked for, and run the pyramid from the bottom up.

    From the bottom up, a stack of a session never ends inside a unit test, which may not touch it.
    """
    wanted = config.getoption("tier")
    left_out = [item for item in items if wanted and item.stash.get(ITEM_TIER, None) not in wanted]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    order = list(Tier)
    items[:] = sorted(
        (item for item in items if item not in gone),
        key=lambda item: order.index(item.stash.get(ITEM_TIER, Tier.UNIT)),
    )
    if any(_may_start_processes(item) for item in items):
        _look_for_leaks(config)
    if not config.getini("ziggurat_run_stacks") and any(_names_run_stacks(item) for item in items):
        _refuse_run_stacks(config)


def _may_start_processes(item: pytest.Item) -> bool:
    return item.stash.get(ITEM_TIER, None) is not Tier.UNIT


def _look_for_leaks(config: pytest.Config) -> None:
    from ziggurat.leaks import LeakDetector

    if not config.pluginmanager.has_plugin("ziggurat-leaks"):
        config.pluginmanager.register(LeakDetector(config, _may_start_processes), "ziggurat-leaks")


def _names_run_stacks(item: pytest.Item) -> bool:
    return any(mark.args for name in ("shared", "exclusive") for mark in item.iter_markers(name))


def _refuse_run_stacks(config: pytest.Config) -> None:
    from ziggurat.run.undeclared import Undeclared

    if not config.pluginmanager.has_plugin("ziggurat-run-undeclared"):
        config.pluginmanager.register(Undeclared(), "ziggurat-run-undeclared")


def _tier_of(config: pytest.Config, item: pytest.Item) -> Tier | None:
    marked = [tier for tier in Tier if item.get_closest_marker(tier)]
    if marked:
        return marked[0]
    tiers = tiers_of(_below_root(config, item.path), config.stash[FOLDERS])
    return next(iter(tiers)) if len(tiers) == 1 else None


def _below_root(config: pytest.Config, path: Path) -> PurePath:
    return PurePath(path.relative_to(config.rootpath)) if path.is_relative_to(config.rootpath) else PurePath(path)


# === what a test may do ===


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Hold each test to its tier, from set-up to teardown."""
    tier = item.stash.get(ITEM_TIER, None)
    if tier is None:
        return (yield)
    GUARD.enter(tier)
    try:
        return (yield)
    finally:
        GUARD.leave()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Let an e2e test through the gate, and fail what was refused and swallowed in the set-up."""
    if item.stash.get(ITEM_TIER, None) is Tier.E2E:
        _pass_gate(item.config)
    return (yield from _held_to_its_tier())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that was refused something, also if its code swallowed the error."""
    del item
    return (yield from _held_to_its_tier())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Fail what was refused and swallowed in the teardown."""
    del item
    return (yield from _held_to_its_tier())


def _held_to_its_tier() -> Generator[None, object, object]:
    """Raise what was refused in a phase that passed, or was given up as skipped or expected to fail, all the same."""
    try:
        result = yield
    except (pytest.skip.Exception, pytest.xfail.Exception):
        _raise_violation()
        raise
    except BaseException:
        # It fails anyway; what was refused is its reason, or a line above it.
        GUARD.take_violations()
        raise
    _raise_violation()
    return result


def _raise_violation() -> None:
    violations = GUARD.take_violations()
    if violations:
        raise violations[0]


def _pass_gate(config: pytest.Config) -> RunningStack:
    """Return the running stack; skip or fail the test where it is not fit. Looked at once a run."""
    if GATE not in config.stash:
        config.stash[GATE] = _enter_gate(config)
    entered = config.stash[GATE]
    if not isinstance(entered, str):
        return entered
    if config.getoption("e2e") == "require":
        pytest.fail(entered, pytrace=False)
    pytest.skip(entered)


def _enter_gate(config: pytest.Config) -> RunningStack | str:
    from ziggurat import gate

    place = config.getini("ziggurat_gate")
    if not place:
        return "no ziggurat_gate is set: this project has no stack for e2e tests"
    try:
        running = gate.load(place).enter()
    except GateClosed as closed:
        return str(closed)
    config.stash[EXPLAINER].recorder.enter(running)
    return running


# === fixtures ===


@pytest.fixture
def tier(request: pytest.FixtureRequest) -> Tier | None:
    """The tier of this test; None in a folder that has no tier."""
    return request.node.stash.get(ITEM_TIER, None)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def keeper() -> Iterator[Lease]:
    """The keeper of this run; every process that it owns ends with it."""
    from ziggurat.lease import own

    with own() as lease:
        yield lease
        lease.end()


@pytest.fixture(scope="session")
def running_stack(pytestconfig: pytest.Config) -> RunningStack:
    """The stack that a person started: for e2e tests."""
    return _pass_gate(pytestconfig)


@pytest.fixture(scope="session")
def stack_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the services' logs; pytest keeps those of the last runs."""
    return tmp_path_factory.mktemp("stack-logs")


def _scope(config: pytest.Config, lease: Lease, logs: Path) -> Iterator[StackScope]:
    from ziggurat.scope import StackScope

    scope = StackScope(lease, logs, config.stash[EXPLAINER].recorder)
    yield scope
    scope.end()


@pytest.fixture(scope="session")
def session_stacks(pytestconfig: pytest.Config, keeper: Lease, stack_logs: Path) -> Iterator[StackScope]:
    """Starts stacks that live until the session ends: ``session_stacks.start(stack)``."""
    yield from _scope(pytestconfig, keeper, stack_logs)


@pytest.fixture(scope="module")
def module_stacks(pytestconfig: pytest.Config, keeper: Lease, stack_logs: Path) -> Iterator[StackScope]:
    """Starts stacks that live until the module's last test has ended."""
    yield from _scope(pytestconfig, keeper, stack_logs)


@pytest.fixture
def test_stacks(pytestconfig: pytest.Config, keeper: Lease, stack_logs: Path) -> Iterator[StackScope]:
    """Starts stacks that live until the test has ended."""
    yield from _scope(pytestconfig, keeper, stack_logs)


@pytest.fixture(scope="session")
def session_namespace(pytestconfig: pytest.Config) -> str:
    """A name that no other worker has, nor any other run: for what it keeps in a shared stack."""
    return _unique(pytestconfig, "session")


@pytest.fixture(scope="module")
def module_namespace(pytestconfig: pytest.Config) -> str:
    """A name that no other module has: for what it keeps in a shared stack."""
    return _unique(pytestconfig, "module")


@pytest.fixture
def test_namespace(pytestconfig: pytest.Config) -> str:
    """A name that no other test has, in letters, digits and dashes: for what it keeps in a shared stack."""
    return _unique(pytestconfig, "test")


def _unique(config: pytest.Config, scope: str) -> str:
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    return f"{scope}-{worker}-{secrets.token_hex(6)}"
