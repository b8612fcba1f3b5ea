"""Starts the stack called detached and ends; with --never-ready it says who is there and waits for what never comes."""

import sys
from pathlib import Path

from ziggurat import FREE, Hooks, LogLine, Notify, Service, Stack, lease, start_detached
from ziggurat.keeper import processes

never = "--never-ready" in sys.argv
command = (sys.executable, str(Path(__file__).parent / "serve.py"), "{http}")
ready = LogLine(pattern="never") if never else Notify()
service = Service(name="web", command=command, ports={"http": FREE}, ready=ready)


def tell(_service: str, _what: str) -> None:
    """Write down the pids of keeper, warden and service."""
    found = lease.find("detached")
    assert found is not None
    keeper, warden = found.about_keeper["pid"], found.about_keeper["warden"]
    sys.stdout.write(" ".join(map(str, (keeper, warden, *processes.children(keeper)))) + "\n")
    sys.stdout.flush()
    found.close()


running = start_detached(Stack(name="detached", services=(service,)), hooks=Hooks(progress=tell) if never else Hooks())
running.lease.close()
