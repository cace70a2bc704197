"""One FastAPI app over any set of exporters; with a set of one, an exporter runs alone."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI, HTTPException, Response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from exporters import own_metrics
from exporters.snapshot import Board, Clock, Exporter, Poller, render
from watchkeeper.allowed_hosts import AllowedHosts

STOP_TIMEOUT_S = 2.0
NAME = "exporters"
"""How other services reach it in compose."""


def utc_now() -> datetime:
    """Tell the time; the exporters' one clock."""
    return datetime.now(UTC)


def create_app(
    exporters: Sequence[Exporter], *, allowed_hosts: Iterable[str] = (), clock: Clock = utc_now
) -> FastAPI:
    """Make an app that polls and serves these exporters."""
    board = Board(exporters)
    process = CollectorRegistry()
    ProcessCollector(registry=process)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        pollers = [Poller(exporter, board, clock) for exporter in exporters]
        for poller in pollers:
            poller.start()
        yield
        for poller in pollers:
            poller.stop(timeout_s=STOP_TIMEOUT_S)

    app = FastAPI(title="Watchkeeper exporters", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_middleware(AllowedHosts, hosts={NAME, *allowed_hosts})

    @app.get("/metrics")
    def exposition() -> Response:
        """Give the latest snapshots; never waits for a source."""
        own = render(list(own_metrics.families(board.standings())))
        body = b"".join((own, generate_latest(process), *board.bodies()))
        return Response(body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Answer while the process lives."""
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> dict[str, str]:
        """Answer 200 once every exporter has something to serve."""
        waiting = [name for name, standing in board.standings().items() if standing.snapshot is None]
        if waiting:
            raise HTTPException(503, f"no snapshot yet: {', '.join(waiting)}; the log says why")
        return {"status": "ready"}

    return app
