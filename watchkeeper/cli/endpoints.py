"""The servers that commands talk to, from the environment of the one who calls."""

import os

from watchkeeper.endpoints import endpoints


def console_url() -> str:
    """Give the console's base URL."""
    return endpoints(os.environ).console


def prometheus_url() -> str:
    """Give Prometheus's base URL."""
    return endpoints(os.environ).prometheus


def alertmanager_url() -> str:
    """Give Alertmanager's base URL."""
    return endpoints(os.environ).alertmanager
