"""The gateway's HTTP face: from a chat request to the answer of whichever provider gave one.

What it decides: who waits, how long the whole may take, and what the user is told. A slot is held until the
last byte of a stream is out or the user has hung up, whichever comes first.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, TypeVar

import anyio
import structlog
from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from opentelemetry import trace
from starlette.types import Receive, Scope, Send

from demo import exposition, semconv, serving, wire
from demo.gateway.admission import Admission, Overloaded
from demo.gateway.circuit import OPEN_S, Circuits
from demo.gateway.failover import Found, NoAnswerError, candidates, first_answer
from demo.gateway.failures import ServerFailure, verdict
from demo.gateway.metrics import GatewayMetrics
from demo.gateway.upstream import Reply, Upstream, client
from demo.limits import BodyLimit, RequestId
from demo.models import MODELS, Model
from demo.telemetry import Telemetry
from demo.wire import ChatRequest

log = structlog.get_logger(__name__)

_BODY_BYTES_MAX: Final = 1 << 20
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_TENANT_UNKNOWN: Final = "unknown"
_CLIENT_CLOSED_REQUEST: Final = 499  # what proxies log for a user who hung up; nobody receives it
_BROKEN_OFF: Final = (
    b'data: {"error":{"message":"the answer broke off","type":"server_error","code":"server_error"}}\n\n'
)


HangUp = Callable[[], Awaitable[None]]
T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """How much one replica takes on, and how long a user waits for the first byte."""

    concurrency: int = 32
    queue_max: int = 16
    queue_s_max: float = 1.0
    deadline_s: float = 20.0
    circuit_open_s: float = OPEN_S


class EventStream(StreamingResponse):
    """A stream that gives back what it holds however it ends: read out, broken, or with the user gone."""

    def __init__(self, events: AsyncIterator[bytes], held: AsyncExitStack) -> None:
        super().__init__(events, headers={"Content-Type": wire.EVENT_STREAM, "Cache-Control": "no-store"})
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream, then let go; the letting go must not be cut short by the same hang-up that caused it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await self._held.aclose()


class Gateway:
    """One replica."""

    def __init__(
        self, name: str, providers: Mapping[str, str], telemetry: Telemetry, limits: Limits = Limits()
    ) -> None:
        self.name = name
        self.providers = tuple(providers)
        self.client = client()
        telemetry.watch_client(self.client)
        self._limits = limits
        self.metrics = GatewayMetrics(telemetry, self.providers)
        circuits = Circuits(self.providers, open_s=limits.circuit_open_s)
        self._admission = Admission(
            limit=limits.concurrency, queue_max=limits.queue_max, wait_s_max=limits.queue_s_max
        )
        self._upstream = Upstream(providers, self.client, circuits, self.metrics, telemetry)
        self.metrics.watch(
            limit=limits.concurrency,
            in_use=lambda: self._admission.in_use,
            closed=circuits.closed,
            providers=self.providers,
        )

    @property
    def models(self) -> list[Model]:
        """What users may ask for: models of the configured providers."""
        return [model for model in MODELS.values() if model.provider in self.providers]

    async def chat(self, request: ChatRequest, tenant: str, hung_up: HangUp) -> Response:
        """Answer one chat request, or drop it when `hung_up` comes first."""
        arrived = time.monotonic()
        model = MODELS.get(request.model)
        if model is None or model.provider not in self.providers:
            known = ", ".join(each.name for each in self.models)
            return wire.error(404, "model_not_found", f"no such model here; use one of: {known}")
        async with AsyncExitStack() as held:
            try:
                held.callback(await self._admission.enter())
            except Overloaded as overloaded:
                self.metrics.rejected.add(1, {"reason": overloaded.reason})
                return wire.error(503, "overloaded", str(overloaded), retry_after_s=1)
            self.metrics.chat_requests.add(1, {semconv.PROVIDER_NAME: model.provider})
            try:
                found = await _unless(hung_up(), self._answer(request, model, tenant, arrived))
            except NoAnswerError as error:
                return self._no_answer(error)
            if found is None:
                return Response(status_code=_CLIENT_CLOSED_REQUEST)
            reply = found.answer
            if not request.stream:
                return Response(reply.body, media_type="application/json")
            held.push_async_callback(reply.aclose)
            self.metrics.time_to_first_token.record(
                time.monotonic() - arrived,
                {semconv.PROVIDER_NAME: reply.model.provider, semconv.REQUEST_MODEL: model.name},
            )
            return EventStream(_events(reply, include_usage=request.wants_usage), held.pop_all())
        raise AssertionError("unreachable")

    async def _answer(self, request: ChatRequest, model: Model, tenant: str, arrived: float) -> Found[Reply]:
        async def attempt(each: Model, left_s: float) -> Reply:
            if each.provider != model.provider and not failed_over:
                failed_over.append(each.provider)
                self.metrics.failovers.add(1, {semconv.PROVIDER_NAME: model.provider})
            return await self._upstream.attempt(request, each, timeout_s=left_s, tenant=tenant)

        failed_over: list[str] = []
        return await first_answer(
            candidates(model, self.providers),
            attempt,
            deadline_s=arrived + self._limits.deadline_s,
            clock=time.monotonic,
        )

    def _no_answer(self, error: NoAnswerError) -> Response:
        answer = verdict(error.failures)
        span = trace.get_current_span()
        span.record_exception(error)
        log.error("no_answer", status=answer.status, attempts=len(error.failures), exc_info=error)
        return wire.error(answer.status, answer.kind, answer.message, retry_after_s=answer.retry_after_s)


async def _unless(hung_up: Awaitable[None], work: Awaitable[T]) -> T | None:
    """Do the work, but give it up and return None when the user hangs up first.

    A server only tells who asks: until an answer has begun, nobody else would notice that its user is gone.
    """
    working, watching = asyncio.ensure_future(work), asyncio.ensure_future(hung_up)
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _hang_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _events(reply: Reply, *, include_usage: bool) -> AsyncIterator[bytes]:
    """The reply's events for the user: usage only if asked for, an error event if the provider breaks off."""
    try:
        async for event, answer in reply.events():
            if include_usage or answer.usage is None:
                yield f"data: {event}\n\n".encode()
    except ServerFailure:
        # The status line is long gone; this is how the format says that an answer is not whole.
        yield _BROKEN_OFF
        return
    yield wire.STREAM_END


def build(gateway: Gateway, telemetry: Telemetry) -> FastAPI:
    """The gateway's app."""
    app = serving.app("LLM gateway", telemetry, lambda: gateway.client)
    app.add_middleware(
        BodyLimit,
        bytes_max=_BODY_BYTES_MAX,
        on_refused=lambda: gateway.metrics.rejected.add(1, {"reason": "body_too_large"}),
    )
    app.add_middleware(RequestId)
    app.include_router(exposition.router(telemetry.registry, [gateway.metrics.time_to_first_token]))

    @app.post("/v1/chat/completions", response_model=None)
    async def chat(
        request: ChatRequest, http: Request, x_tenant_id: Annotated[str, Header()] = _TENANT_UNKNOWN
    ) -> Response:
        tenant = x_tenant_id if _TENANT.fullmatch(x_tenant_id) else _TENANT_UNKNOWN
        return await gateway.chat(request, tenant, partial(_hang_up, http))

    @app.get("/v1/models")
    async def models() -> dict[str, object]:
        listed = [{"id": each.name, "object": "model", "owned_by": each.provider} for each in gateway.models]
        return {"object": "list", "data": listed}

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive", "replica": gateway.name}

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        # Ready even while every provider is down: a balancer that takes all replicas out answers worse than
        # they do.
        return {"status": "ready", "replica": gateway.name}

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return wire.error(400, "invalid_request_error", serving.problems(error))

    telemetry.watch_server(app)
    return app
