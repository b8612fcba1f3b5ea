"""A launcher under everything that can happen to it in any order: kills of processes and of itself among it."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import cast

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.unit.prism_stack.launcher.conftest import FakeClock, FakeCrew, FakeState, World, wish_of

from prism_stack.errors import PrismError
from prism_stack.launcher.callbacks import Callbacks, Caller
from prism_stack.launcher.crew import Crew
from prism_stack.launcher.endings import Manner
from prism_stack.launcher.life import Stage
from prism_stack.launcher.policy import RestartPolicy
from prism_stack.launcher.runner import Stopped
from prism_stack.launcher.supervisor import Rules
from prism_stack.launcher.takeover import take_up

AT_ONCE = 0.0
ids = st.sampled_from(["ns:a:keyvalue", "ns:b:keyvalue", "shared:keyvalue"])
versions = st.integers(1, 4)
configs = st.sampled_from([{}, {"backend": "redis"}])
RULES = Rules(restart=RestartPolicy(most_failures=3), max_processes=2)


class LauncherMachine(RuleBasedStateMachine):
    """What the launcher knows and what runs are the same, whatever happens."""

    def __init__(self) -> None:
        super().__init__()
        logging.disable(logging.CRITICAL)
        self.clock, self.crew, self.state = FakeClock(), FakeCrew(), FakeState()
        self.world = self.new_world()

    def new_world(self) -> World:
        """Return a launcher that knows nothing yet."""
        world = World(self.clock, self.crew, self.state, RULES)
        self.callbacks = Callbacks(world.roster, self.clock)
        return world

    def teardown(self) -> None:
        """Give descriptors back."""
        os.close(self.world.supervisor._news)
        logging.disable(logging.NOTSET)

    # === what callers do ===

    @rule(process_id=ids, config=configs)
    def launch(self, process_id: str, config: dict[str, str]) -> None:
        """A person launches."""
        with suppress(PrismError):
            self.world.launches.launch(wish_of(process_id, config=config), AT_ONCE, as_it_is=not config)

    @rule(process_id=ids, version=versions, config=configs)
    def assign(self, process_id: str, version: int, config: dict[str, str]) -> None:
        """The admin assigns, perhaps late."""
        with suppress(PrismError):
            self.world.launches.assign(wish_of(process_id, version, config=config), AT_ONCE)

    @rule(wished=st.dictionaries(ids, versions), complete=st.booleans())
    def settle(self, wished: dict[str, int], complete: bool) -> None:  # noqa: FBT001 - hypothesis gives it by name
        """The admin says what it wishes."""
        self.world.launches.settle([wish_of(*each) for each in wished.items()], complete=complete)

    @rule(process_id=ids, force=st.booleans(), drained=st.booleans())
    def end(self, process_id: str, force: bool, drained: bool) -> None:  # noqa: FBT001
        """Somebody ends a process, whatever that says to it."""
        self.world.stopped = Stopped(drained=drained, reason="" if drained else "no redis")
        with suppress(PrismError):
            self.world.endings.end(process_id, Manner(force=force))
            assert process_id not in self.crew.alive

    # === what processes do ===

    @rule(process_id=ids, healthy=st.booleans())
    def be_heard(self, process_id: str, healthy: bool) -> None:  # noqa: FBT001
        """A process handshakes where it has not, and says how it is."""
        process = self.world.roster.find(process_id)
        if process is None or process_id not in self.crew.alive:
            return
        caller = Caller(process_id=process_id, token=process.life.token)
        with suppress(PrismError):
            self.callbacks.handshake(caller, self.crew.alive[process_id], "here:1", "here:2")
        with suppress(PrismError):
            self.callbacks.heartbeat(caller, healthy=healthy, reason="")

    @rule(process_id=ids, status=st.sampled_from([0, 3, -9]))
    def die(self, process_id: str, status: int) -> None:
        """A process ends."""
        if process_id in self.crew.alive:
            self.crew.die(process_id, status)

    @rule(refuses=st.sampled_from(["", "", "there is no program"]))
    def change_programs(self, refuses: str) -> None:
        """Programs come and go."""
        self.crew.refuses = refuses

    @rule(full=st.booleans())
    def change_disk(self, full: bool) -> None:  # noqa: FBT001
        """The disk fills up, or has room."""
        self.world.fill_disk()
        if not full:
            self.state.fails = None
            self.world.roster.save()

    # === what time and kills do ===

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 30.0, 600.0]))
    def look(self, seconds: float) -> None:
        """Time passes, and the supervisor looks."""
        self.clock.now += seconds
        self.world.supervisor.step()
        self.world.supervisor.step()

    @rule()
    def kill_launcher(self) -> None:
        """The launcher is killed, and one comes after it; what could not be saved it cannot know."""
        if self.state.fails:
            return
        os.close(self.world.supervisor._news)
        saved = self.state.saved
        self.world = self.new_world()
        take_up(saved, cast("Crew", self.crew), self.world.roster, self.world.supervisor, self.clock)
        self.crew.told = []
        for process in self.world.roster.all():
            if process.life.stage is Stage.TERMINATING:
                self.world.endings.finish(process)

    # === what holds ===

    @invariant()
    def what_runs_is_known_by_its_pid(self) -> None:
        """Nothing runs that nobody could end."""
        known = {process.id: process.life.pid for process in self.world.roster.all() if process.life.is_alive}
        ended = {each.process_id: each.pid for each in self.crew.told}
        assert self.crew.alive.items() <= known.items()
        assert all(pid == ended.get(process_id) for process_id, pid in known.items() - self.crew.alive.items())

    @invariant()
    def only_what_is_there_has_a_port(self) -> None:
        """No port is leaked, and none is shared."""
        ports = [process.port for process in self.world.roster.all()]
        assert sorted(ports) == sorted(self.crew.held)

    @invariant()
    def there_are_no_more_than_allowed(self) -> None:
        """However they came to be."""
        assert len(self.world.roster) <= RULES.max_processes

    @invariant()
    def what_is_saved_is_what_is_there(self) -> None:
        """Where it can be."""
        if self.state.fails is None:
            there = {(each.id, each.life.pid, each.wish.version) for each in self.world.roster.all()}
            assert {(each.id, each.life.pid, each.wish.version) for each in self.state.saved} == there

    @invariant()
    def only_what_runs_is_healthy(self) -> None:
        """And what has failed says why."""
        for process in self.world.roster.all():
            assert not process.life.is_healthy or process.life.stage is Stage.RUNNING
            assert process.life.last_error or process.life.stage not in {Stage.FAILED, Stage.WAITING}


TestLauncher = LauncherMachine.TestCase
TestLauncher.settings = settings(stateful_step_count=30, deadline=None)
