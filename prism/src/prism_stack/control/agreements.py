"""What an admin and its peers have agreed on beside the messages: names of metadata and settings, and a bound."""

CONTROL_ADDRESS = "control_address"
"""The metadata in which a proxy says where it is told things."""
HEARTBEAT_INTERVAL = "heartbeat_interval_ms"
"""The metadata in which a peer says how often it will be heard of."""
OWN_PREFIX = "prism."
"""Settings that begin so are the admin's."""
PROXIES_SETTING = "prism.proxies"
"""The setting of a process that names the proxies to register with, as `id=host:port`, with commas between."""
LARGEST_WELCOME = 2 << 20
"""Bytes of assignments in the answer to a registration, half of what a receiver takes by default."""
