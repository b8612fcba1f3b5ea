"""What the unit tier refuses, at the line that tries."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]

NETWORK = {
    "connect": "socket.socket().connect(('127.0.0.1', 9))",
    "connect_ex": "socket.socket().connect_ex(('127.0.0.1', 9))",
    "create_connection": "socket.create_connection(('127.0.0.1', 9))",
    "bind": "socket.socket().bind(('127.0.0.1', 0))",
    "bind ipv6": "socket.socket(socket.AF_INET6).bind(('::1', 0))",
    "sendto": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "sendmsg": "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('127.0.0.1', 9))",
    "unix connect": "socket.socket(socket.AF_UNIX).connect('/nowhere')",
    "unix bind": "socket.socket(socket.AF_UNIX).bind('/nowhere/s')",
    "asyncio": "asyncio.run(asyncio.open_connection('127.0.0.1', 9))",
    "asyncio server": "asyncio.run(asyncio.start_server(print, '127.0.0.1', 0))",
    "urlopen": "urllib.request.urlopen('http://127.0.0.1:9')",
    "channel": "grpc.insecure_channel('127.0.0.1:9')",
    "secure channel": "grpc.secure_channel('127.0.0.1:9', grpc.ssl_channel_credentials())",
    "server": "grpc.server(None)",
    "aio channel": "asyncio.run(aio_channel())",
    "aio server": "asyncio.run(aio_server())",
}
PROCESSES = {
    "run": "subprocess.run(['true'])",
    "popen": "subprocess.Popen(['true'])",
    "system": "os.system('true')",
    "fork": "os.fork()",
    "forkpty": "os.forkpty()",
    "posix_spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "posix_spawnp": "os.posix_spawnp('true', ['true'], {})",
    "spawnlp": "os.spawnlp(os.P_WAIT, 'true', 'true')",
    "exec": "os.execv('/bin/true', ['true'])",
    "asyncio": "asyncio.run(asyncio.create_subprocess_exec('true'))",
    "multiprocessing fork": "multiprocessing.get_context('fork').Process(target=print).start()",
    "multiprocessing spawn": "multiprocessing.get_context('spawn').Process(target=print).start()",
    "multiprocessing forkserver": "multiprocessing.get_context('forkserver').Process(target=print).start()",
    "pool": "concurrent.futures.ProcessPoolExecutor().submit(print).result()",
    "pty": "pty.spawn('true')",
}
IMPORTS = """
import asyncio, concurrent.futures, multiprocessing, os, pty, socket, subprocess, urllib.request
"""
GRPC = """
import grpc, grpc.aio

async def aio_channel():
    grpc.aio.insecure_channel('127.0.0.1:9')

async def aio_server():
    grpc.aio.server()
"""


def module_of(statements: dict[str, str]) -> str:
    """Return a module with one test for each statement."""
    return "".join(
        f"\ndef test_{name.replace(' ', '_')}(tmp_path):\n    {statement}\n" for name, statement in statements.items()
    )


def assert_all_refused(result: pytest.RunResult, statements: dict[str, str]) -> None:
    """Check that each test failed once, with the tiers that may do what it tried."""
    result.assert_outcomes(failed=len(statements))
    text = result.stdout.str()
    refused = text.count("E       ziggurat.errors.TierViolation: the unit tier does not allow ")
    assert refused == len(statements), text
    assert text.count("the tiers that may: integration, e2e") >= len(statements)


@pytest.mark.filterwarnings("ignore")
def test_the_unit_tier_refuses_the_network(write: Write, run: Run) -> None:
    """Whatever library tries; gRPC was imported before the first test."""
    write("unit/test_network.py", IMPORTS + GRPC + module_of(NETWORK))

    assert_all_refused(run("-W", "ignore"), NETWORK)


def test_grpc_that_a_test_imports_is_refused_too(write: Write, run: Run) -> None:
    """Its core is not there when the run begins."""
    body = indent(f"{GRPC}\ngrpc.insecure_channel('127.0.0.1:9')", "    ")
    write("unit/test_network.py", f"def test_it():\n{body}\n")

    assert_all_refused(run(), {"it": ""})


def test_the_unit_tier_refuses_processes(write: Write, run: Run) -> None:
    """Whoever starts them, and at whatever level."""
    write("unit/test_processes.py", IMPORTS + module_of(PROCESSES))

    assert_all_refused(run("-W", "ignore"), PROCESSES)


def test_what_needs_neither_works(write: Write, run: Run) -> None:
    """Pairs of sockets, event loops, threads, files and resolving nothing."""
    source = """
        import asyncio, queue, socket, threading

        def test_pair():
            left, right = socket.socketpair()
            with left, right:
                left.send(b"x")
                assert right.recv(1) == b"x"

        def test_loop():
            asyncio.run(asyncio.sleep(0))

        def test_thread():
            said = queue.Queue()
            threading.Thread(target=said.put, args=(1,)).start()
            assert said.get(timeout=5) == 1

        def test_grpc_import():
            import grpc.aio
            assert grpc.StatusCode.OK
    """
    write("unit/test_a.py", source)

    run().assert_outcomes(passed=4)


@pytest.mark.parametrize("tier", ["integration"])
def test_the_other_tiers_may(write: Write, run: Run, tier: str) -> None:
    """Both the network and processes, also after unit tests were refused."""
    write("unit/test_a.py", "import os\ndef test_it():\n    os.fork()")
    source = """
        import socket, subprocess, grpc

        def test_it():
            subprocess.run(["true"], check=True)
            with socket.create_server(("127.0.0.1", 0)) as server:
                with grpc.insecure_channel("127.0.0.1:%d" % server.getsockname()[1]):
                    pass
    """
    write(f"{tier}/test_a.py", source)

    run().assert_outcomes(passed=1, failed=1)


@pytest.mark.parametrize(
    "swallowed",
    [
        "try:\n        os.fork()\n    except Exception:\n        pass",
        "try:\n        os.fork()\n    except Exception:\n        pytest.skip('no processes here')",
        "with contextlib.suppress(BaseException):\n        os.fork()\n    pytest.xfail('later')",
        "thread = threading.Thread(target=swallow)\n    thread.start()\n    thread.join()",
    ],
    ids=["passes", "skips", "xfails", "thread"],
)
def test_a_swallowed_refusal_fails_the_test(write: Write, run: Run, swallowed: str) -> None:
    """A test that went on without noticing has tested something else."""
    source = f"""
import contextlib, os, pytest, threading

def swallow():
    with contextlib.suppress(Exception):
        os.fork()

def test_it():
    {swallowed}
"""
    write("unit/test_a.py", source)
    result = run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*TierViolation: the unit tier does not allow starting a process*"])


def test_a_refused_test_fails_once(write: Write, run: Run) -> None:
    """Not in its teardown again."""
    write("unit/test_a.py", "import os\ndef test_it():\n    os.fork()\ndef test_other():\n    pass")

    run().assert_outcomes(failed=1, passed=1)


def test_a_refused_fixture_is_an_error_of_its_test(write: Write, run: Run) -> None:
    """In set-up and in teardown, also where it was swallowed."""
    source = """
        import contextlib, os, pytest

        @pytest.fixture
        def before():
            with contextlib.suppress(Exception):
                os.fork()

        @pytest.fixture
        def after():
            yield
            os.fork()

        def test_before(before):
            pass

        def test_after(after):
            pass
    """
    write("unit/test_a.py", source)

    run().assert_outcomes(errors=2, passed=1)


def test_the_keeper_is_refused_in_the_unit_tier(write: Write, run: Run) -> None:
    """Asking for a stack there says which tiers have one."""
    write("unit/test_a.py", "def test_it(test_stacks):\n    pass")
    result = run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the unit tier does not allow*; the tiers that may: integration, e2e"])


def test_a_behaviour_test_is_held_to_the_tier_that_it_stands_in(write: Write, run: Run) -> None:
    """The same body is refused in one and not in another."""
    write("behaviour/test_a.py", "import subprocess\ndef test_it(tier):\n    subprocess.run(['true'], check=True)")

    run("--tier", "unit", "--tier", "integration").assert_outcomes(passed=1, failed=1, deselected=1)
