"""Limits on what comes from outside, as plain ASGI middleware: the size of a body, and the request id.

They stand apart from the applications because each service needs them, and in front of parsing because that
is the point.
"""

import re
import uuid
from collections.abc import Callable

import structlog
from opentelemetry import trace
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo import semconv, wire

REQUEST_ID_HEADER = "X-Request-ID"
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class BodyLimit:
    """Refuses bodies over `bytes_max` with 413, announced by Content-Length or not."""

    def __init__(
        self, app: ASGIApp, *, bytes_max: int, on_refused: Callable[[], None] = lambda: None
    ) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._on_refused = on_refused
        self._message = f"the body is larger than {bytes_max} bytes; send less"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > self._bytes_max:
            self._on_refused()
            await wire.error(413, "body_too_large", self._message)(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._bytes_max:
                self._on_refused()
                raise HTTPException(413, self._message)
            return message

        await self._app(scope, counted, send)


class RequestId:
    """Gives every request an id, the caller's if it is fit to log; logs, span and answer carry it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bind the id around the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _ACCEPTABLE_ID.fullmatch(given) else uuid.uuid4().hex
        trace.get_current_span().set_attribute(semconv.REQUEST_ID, [request_id])

        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, labelled)
