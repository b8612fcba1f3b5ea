"""The stacks of Prism that all workers of a test run share, as the setting ``ziggurat_run_stacks`` names them."""

from prism_stack import bootstrap, full_stack, workspace
from prism_stack.stacks import Runner, keyvalue_stack, paths
from ziggurat import Hooks, Planned, Stack

SMALL_CAPACITY = 5


def keyvalue() -> Stack:
    """Return a proxy and a runner for every namespace."""
    return keyvalue_stack(paths(workspace.programs()))


def small() -> Stack:
    """Return a proxy and a runner that holds few keys in each namespace, so that a test can fill one of its own."""
    runners = (Runner(namespace="*", max_keys=SMALL_CAPACITY),)
    return keyvalue_stack(paths(workspace.programs()), name="small", runners=runners)


def full() -> Planned:
    """Return a whole Prism of two proxies, which soon starts again what failed."""
    layout = full_stack.free_layout(proxies=2)
    pace = full_stack.Pace(heartbeat="500ms", restart_backoff="50ms..500ms", restart_reset="5s", breaker="5/60s")
    return Planned(
        stack=full_stack.full_stack(paths(workspace.programs()), layout, pace=pace),
        hooks=Hooks(prepare=lambda services: bootstrap.serve_default(services, layout)),
    )
