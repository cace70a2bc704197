"""How every service of the demo runs: one FastAPI app on one uvicorn worker, stopped gracefully by SIGTERM.

Arguments can be given on the command line or in the environment (`--port` or `PORT`); what is left over is
the service's own.
"""

import argparse
import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from demo.telemetry import Telemetry

log = structlog.get_logger(__name__)

_PORT_MAX: Final = 65_535
_GRACE_S: Final = 5
_FLUSH_S_MAX: Final = 3.0


class Arguments(argparse.ArgumentParser):
    """A parser whose options default to environment variables: `--some-option` to `SOME_OPTION`."""

    def __init__(self, description: str) -> None:
        super().__init__(description=description)
        self.option("--name", says="name of this process in logs, traces and metrics")
        self.option("--host", default="127.0.0.1", says="address to listen on")
        self.option("--port", kind=port, says="port to listen on")

    def option(
        self, flag: str, *, says: str, default: str | None = None, kind: Callable[[str], object] = str
    ) -> None:
        """Add an option; without a default it is required."""
        variable = flag.removeprefix("--").replace("-", "_").upper()
        default = os.environ.get(variable, default)
        self.add_argument(
            flag, type=kind, default=default, required=default is None, help=f"{says} (or ${variable})"
        )


def port(text: str) -> int:
    """Parse a port number."""
    if not text.isdigit() or not 0 < int(text) <= _PORT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; use a number from 1 to {_PORT_MAX}")
    return int(text)


def named_urls(texts: Sequence[str]) -> dict[str, str]:
    """Parse `openai=http://127.0.0.1:18201` pairs; ValueError says which one is wrong."""
    urls: dict[str, str] = {}
    for text in texts:
        name, _, url = text.partition("=")
        if not name or not url.startswith(("http://", "https://")):
            raise ValueError(f"{text!r} is no provider; write it as name=http://host:port")
        if name in urls:
            raise ValueError(f"provider {name!r} is given twice; keep one")
        urls[name] = url.rstrip("/")
    return urls


def app(
    title: str, telemetry: Telemetry, *running: Callable[[], AbstractAsyncContextManager[object]]
) -> FastAPI:
    """An app without documentation pages, in which the contexts `running` are open while it serves."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        log.info("started", title=title)
        async with _all_open(running):
            yield
        log.info("stopping", title=title)
        await asyncio.to_thread(_within_grace, telemetry.shutdown)

    application = FastAPI(title=title, lifespan=lifespan, docs_url=None, redoc_url=None)

    @application.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": problems(error)}, status_code=422)

    return application


def problems(error: RequestValidationError) -> str:
    """What is wrong with a request. Its input is not repeated: it may be huge, or not fit for JSON (NaN)."""
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'][1:]))}: {problem['msg']}" for problem in error.errors()[:8]
    )


def _within_grace(flush: Callable[[], None]) -> None:
    """Let the exporters send what is queued, but stop all the same while their collector is down."""
    flushing = threading.Thread(target=flush, daemon=True)
    flushing.start()
    flushing.join(_FLUSH_S_MAX)
    if flushing.is_alive():
        log.warning("telemetry_not_flushed", waited_s=_FLUSH_S_MAX)


@asynccontextmanager
async def _all_open(
    running: Sequence[Callable[[], AbstractAsyncContextManager[object]]],
) -> AsyncIterator[None]:
    if not running:
        yield
        return
    async with running[0](), _all_open(running[1:]):
        yield


def serve(application: FastAPI, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; open requests get a few seconds to finish."""
    uvicorn.run(
        application,
        host=host,
        port=port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
