"""Fakes for tests of your own fixtures and helpers: the real stack over services that are no processes.

What plans, fills in, awaits and reports a stack is the real code; only the keeper is a fake, which plays each service
by its script. So a wrong template, a cycle or a service that does not come up is found without a process.

>>> from pathlib import Path
>>> from tempfile import mkdtemp
>>> from ziggurat import FREE, Notify, Service, Stack
>>> from ziggurat.testing import FakeStacks, Script
>>> db = Service(name="db", command=("db", "--listen", "{sql}"), ports={"sql": FREE}, ready=Notify())
>>> with FakeStacks(Path(mkdtemp()), {"db": Script(log=("ready to accept",))}) as stacks:
...     shop = stacks.start(Stack(name="shop", services=(db,)))
...     shop.command("db")[:2], shop["db"].log.lines(), shop["db"].kill().signal
(('db', '--listen'), ['ready to accept'], 'SIGKILL')
"""

from __future__ import annotations

from ziggurat.testing.lease import FakeLease as FakeLease
from ziggurat.testing.link import FakeLink as FakeLink
from ziggurat.testing.script import Script as Script
from ziggurat.testing.stack import FakeStack as FakeStack, FakeStacks as FakeStacks

__all__ = ["FakeLease", "FakeLink", "FakeStack", "FakeStacks", "Script"]
