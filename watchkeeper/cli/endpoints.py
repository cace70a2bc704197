"""The servers that commands talk to: those that the caller names, else those of the running stack."""

import os

from deploy.local.paths import StateDir
from deploy.local.record import known_record
from watchkeeper.endpoints import PORT_OFFSET_ENV, Endpoints, endpoints


def stack_endpoints(state: StateDir) -> Endpoints:
    """Give the base URLs: as the environment names them, else shifted as the stack that runs there.

    Without a stack the environment's own port offset counts.
    """
    record = known_record(state)
    running = {} if record is None else {PORT_OFFSET_ENV: str(record.place.port_offset)}
    return endpoints({**os.environ, **running})


def prometheus_url() -> str:
    """Give Prometheus's base URL."""
    return endpoints(os.environ).prometheus


def alertmanager_url() -> str:
    """Give Alertmanager's base URL."""
    return endpoints(os.environ).alertmanager
