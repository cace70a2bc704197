"""Reads a request's JSON body within bounds: of size, of time, of kind."""

import asyncio

from fastapi import HTTPException, Request

from console.metrics import MEDIA_TYPE, SLOW, TOO_LARGE, ConsoleMetrics

BODY_BYTES_MAX = 1024 * 1024
READ_TIMEOUT_S = 10.0


async def read_json(request: Request, metrics: ConsoleMetrics) -> bytes:
    """Read the body of a request that says that it is JSON.

    Raises:
        HTTPException: 415 it does not say so, 413 it is too large, 408 it came too slowly.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        # Also keeps web pages of others out: a browser sends them on with this type only if we allow it.
        metrics.rejected(MEDIA_TYPE)
        raise HTTPException(415, f"Content-Type is {kind or 'missing'!r}; send application/json")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > BODY_BYTES_MAX:
        raise _too_large(metrics)
    body = bytearray()
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise _too_large(metrics)
    except TimeoutError as error:
        metrics.rejected(SLOW)
        raise HTTPException(408, f"the body did not arrive within {READ_TIMEOUT_S:.0f} s") from error
    return bytes(body)


def _too_large(metrics: ConsoleMetrics) -> HTTPException:
    metrics.rejected(TOO_LARGE)
    return HTTPException(
        413, f"the body is larger than {BODY_BYTES_MAX} bytes; set max_alerts on Alertmanager's webhook"
    )
