"""What `prismctl local start` is called and where it listens, and so where a command asks that is told nothing."""

LOCAL = "prism"
"""The name of the local stack at its keeper."""
ADMIN_PORT, LAUNCHER_PORT, RUNNER_PORT = 8981, 7070, 9095
FIRST_DATA_PORT, FIRST_CONTROL_PORT = 9090, 9190
"""Of the first proxy; each further one has the next."""
MOST_PROXIES = RUNNER_PORT - FIRST_DATA_PORT
"""With one more, a proxy and the default namespace's runner would ask for one port."""
