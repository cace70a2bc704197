"""The console's JSON: Alertmanager delivers here, and programs read pages here."""

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from console.body import read_json
from console.inbox.service import Inbox
from console.inbox.store import InboxStore
from console.metrics import CONTENT_TYPE, ConsoleMetrics
from watchkeeper.pages import Page, PageDetail

LIMIT_MAX = 1000
ID_MAX = 2**63 - 1


class Receipt(BaseModel):
    """What became of a delivery."""

    outcome: str
    page: int | None = None


class Health(BaseModel):
    """Whether the console is well."""

    status: str


def deliveries(inbox: Inbox, metrics: ConsoleMetrics) -> APIRouter:
    """Give what Alertmanager calls; answers 200 only for what is on disk."""
    api = APIRouter(prefix="/api/v1")

    @api.post("/alertmanager")
    async def take(request: Request) -> Receipt:
        """Take a webhook notification (version 4) in."""
        body = await read_json(request, metrics)
        decision = await run_in_threadpool(inbox.take, body)
        if decision is None:
            return Receipt(outcome="ignored")
        return Receipt(outcome=decision.outcome, page=decision.page_id)

    @api.post("/heartbeat")
    async def beat(request: Request) -> Receipt:
        """Take the Watchdog's notification in."""
        body = await read_json(request, metrics)
        alive = await run_in_threadpool(inbox.beat, body)
        return Receipt(outcome="heard" if alive else "ignored")

    return api


def reading(store: InboxStore) -> APIRouter:
    """Give the pages to programs."""
    api = APIRouter(prefix="/api/v1/pages")

    @api.get("")
    def pages(
        status: Literal["open", "resolved"] | None = None,
        severity: Literal["page", "ticket"] | None = None,
        after_id: Annotated[int, Query(ge=0, le=ID_MAX)] = 0,
        limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
    ) -> list[Page]:
        """Give pages, newest first."""
        return list(store.pages(status=status, severity=severity, after_id=after_id, limit=limit))

    @api.get("/{page_id}")
    def page(page_id: int) -> PageDetail:
        """Give one page with its timeline."""
        found = store.page(page_id) if 0 < page_id <= ID_MAX else None
        if found is None:
            raise HTTPException(404, f"there is no page {page_id}; see /api/v1/pages")
        return found

    return api


def health(inbox: Inbox, metrics: ConsoleMetrics) -> APIRouter:
    """Give what watches the console."""
    api = APIRouter()

    @api.get("/healthz")
    def healthz() -> Health:
        """Answer while the process lives."""
        return Health(status="ok")

    @api.get("/readyz")
    def readyz() -> Health:
        """Answer 200 while pages can be stored."""
        inbox.prove_writable()
        return Health(status="ready")

    @api.get("/metrics")
    def exposition() -> Response:
        """Give the console's metrics to Prometheus."""
        return Response(metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    return api
