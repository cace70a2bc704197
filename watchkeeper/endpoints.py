"""Where the stack's servers listen unless someone says otherwise: loopback, shifted by one offset.

Stands alone so that the command line, the console and the exporters agree. Pure: the environment is an
argument, and reading it is the business of whoever starts a program.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchkeeper.errors import WatchkeeperError

HOST: Final = "127.0.0.1"
PORT_OFFSET_ENV: Final = "WATCHKEEPER_PORT_OFFSET"
CONSOLE_URL_ENV: Final = "WATCHKEEPER_CONSOLE_URL"
PROMETHEUS_URL_ENV: Final = "WATCHKEEPER_PROMETHEUS_URL"
ALERTMANAGER_URL_ENV: Final = "WATCHKEEPER_ALERTMANAGER_URL"
GRAFANA_URL_ENV: Final = "WATCHKEEPER_GRAFANA_URL"

CONSOLE_PORT: Final = 9400
EXPORTERS_PORT: Final = 9464
PROMETHEUS_PORT: Final = 9090
ALERTMANAGER_PORT: Final = 9093
_PORT_MAX = 65535


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Base URLs, without a slash at the end."""

    console: str
    prometheus: str
    alertmanager: str
    grafana: str | None
    """None: there is none in this stack."""


def endpoints(env: Mapping[str, str]) -> Endpoints:
    """Give the URLs that an environment means.

    Raises:
        WatchkeeperError: the offset is no number or leads to no port, or a URL is no URL.
    """
    grafana = env.get(GRAFANA_URL_ENV, "")
    return Endpoints(
        console=_url(env, CONSOLE_URL_ENV, CONSOLE_PORT),
        prometheus=_url(env, PROMETHEUS_URL_ENV, PROMETHEUS_PORT),
        alertmanager=_url(env, ALERTMANAGER_URL_ENV, ALERTMANAGER_PORT),
        grafana=_checked(grafana, GRAFANA_URL_ENV) if grafana else None,
    )


def shifted(port: int, env: Mapping[str, str]) -> int:
    """Shift a default port by the environment's offset.

    Raises:
        WatchkeeperError: the offset is no number or leads to no port.
    """
    text = env.get(PORT_OFFSET_ENV) or "0"
    try:
        result = port + int(text)
    except ValueError as error:
        raise WatchkeeperError(
            f"{PORT_OFFSET_ENV}={text!r} is not a whole number; use one such as 1000"
        ) from error
    if not 0 < result <= _PORT_MAX:
        raise WatchkeeperError(
            f"{PORT_OFFSET_ENV}={text} shifts port {port} to {result}; no such port exists"
        )
    return result


def _url(env: Mapping[str, str], name: str, port: int) -> str:
    given = env.get(name, "")
    return _checked(given, name) if given else f"http://{HOST}:{shifted(port, env)}"


def _checked(url: str, name: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise WatchkeeperError(f"{name}={url!r} is not a URL; write one such as http://{HOST}:9000")
    return url.rstrip("/")
