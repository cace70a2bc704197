"""Runs one of our HTTP services until it is told to stop: what uvicorn is set to, once.

Stands alone so that every service stops alike: SIGTERM or SIGINT, requests in flight finish, exit 0.
"""

import signal

import structlog
import uvicorn
from starlette.types import ASGIApp

from watchkeeper import logs
from watchkeeper.errors import WatchkeeperError

STOP_TIMEOUT_S = 5
KEEP_ALIVE_S = 75
"""Longer than a scrape interval, so that Prometheus keeps its connection."""
CONNECTIONS_MAX = 256


def serve(app: ASGIApp, *, service: str, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; logs as JSON.

    Raises:
        WatchkeeperError: the address is in use, or the app did not start; the log says more.
    """
    logs.configure(service)
    log = structlog.get_logger(service)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=STOP_TIMEOUT_S,
            timeout_keep_alive=KEEP_ALIVE_S,
            limit_concurrency=CONNECTIONS_MAX,
        )
    )
    # uvicorn raises the signal anew once it has stopped; a stop that was asked for is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    log.info("starting", host=host, port=port)
    try:
        server.run()
    except SystemExit as stop:
        raise WatchkeeperError(
            f"{service}: did not start on {host}:{port}; is the port in use? The log above says why"
        ) from stop
    if not server.started:
        raise WatchkeeperError(f"{service}: did not start on {host}:{port}; the log above says why")
    log.info("stopped")
