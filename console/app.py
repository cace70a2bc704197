"""Puts the console together: one inbox, its JSON, its web pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from console import api, html
from console.headers import SecureHeaders
from console.inbox.service import Clock, Inbox
from console.inbox.store import FILE_NAME, InboxStore, StoreError
from console.inbox.webhook import WebhookError
from console.metrics import ConsoleMetrics
from console.settings import Settings
from console.slo_page import DEADLINE_S
from watchkeeper.allowed_hosts import AllowedHosts
from watchkeeper.prometheus_api import PrometheusApi

STATIC_DIR = Path(__file__).parent / "static"
RETRY_AFTER_S = 5
NAME = "console"
"""How other services reach it in compose."""
_MACHINES = ("/api/", "/readyz", "/metrics")


def utc_now() -> datetime:
    """Tell the time; the console's one clock."""
    return datetime.now(UTC)


def create_app(settings: Settings, *, clock: Clock = utc_now) -> FastAPI:
    """Make a console over its state directory.

    Raises:
        StoreError: the inbox can not be opened.
    """
    store = InboxStore(settings.state_dir / FILE_NAME)
    metrics = ConsoleMetrics()
    inbox = Inbox(store, metrics, clock)
    prometheus = PrometheusApi(settings.prometheus_url, timeout_s=DEADLINE_S)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with prometheus:
            yield
        store.close()

    # The interactive API pages would load their scripts from another host.
    app = FastAPI(title="Watchkeeper console", lifespan=lifespan, docs_url=None, redoc_url=None)
    views = html.Views(settings, store, prometheus, clock)
    app.include_router(api.deliveries(inbox, metrics))
    app.include_router(api.reading(store))
    app.include_router(api.health(inbox, metrics))
    app.include_router(html.router(views))
    app.mount("/static", StaticFiles(directory=STATIC_DIR))
    app.add_middleware(AllowedHosts, hosts={NAME, *settings.allowed_hosts})
    app.add_middleware(SecureHeaders)

    @app.exception_handler(WebhookError)
    def refuse(_request: Request, error: Exception) -> Response:
        return JSONResponse({"detail": str(error)}, 400)

    @app.exception_handler(StoreError)
    def unavailable(request: Request, error: Exception) -> Response:
        # Alertmanager tries again after a 5xx; a 200 for what is not on disk would lose a page.
        if request.url.path.startswith(_MACHINES):
            return JSONResponse({"detail": str(error)}, 503, headers={"Retry-After": str(RETRY_AFTER_S)})
        return views.message("The inbox can not be read", str(error), status=503, links={})

    return app
