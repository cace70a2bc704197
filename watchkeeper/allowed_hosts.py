"""Answers only to the names that a service is known by, so that no web page of others can read it.

By DNS rebinding a page that someone opens may point its own name at this machine and then talk to a
service on loopback as if it were its own server. The Host header gives that name away. Stands alone so
that every service of ours with something to tell is guarded alike; Starlette's guard does not know IPv6.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ALLOWED_HOSTS_ENV: Final = "WATCHKEEPER_ALLOWED_HOSTS"
"""More names, with commas between them."""
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
OPEN_PATHS: Final = frozenset({"/metrics", "/healthz"})
"""Harmless, and asked for by whatever name or address discovery came up with."""
_HOST_SHOWN_MAX = 100


def allowed_hosts(env: Mapping[str, str]) -> frozenset[str]:
    """Give the further names that an environment allows."""
    names = (name.strip().lower() for name in env.get(ALLOWED_HOSTS_ENV, "").split(","))
    return frozenset(name for name in names if name)


class AllowedHosts:
    """Refuses requests for any other host with 421; plain ASGI, so that nothing is buffered."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = LOOPBACK | frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "lifespan" or scope.get("path") in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        host = _name(Headers(scope=scope).get("host", ""))
        if host in self._hosts:
            await self._app(scope, receive, send)
            return
        detail = (
            f"not known as {host[:_HOST_SHOWN_MAX]!r}; if it should be, add the name to {ALLOWED_HOSTS_ENV}"
        )
        await JSONResponse({"detail": detail}, 421)(scope, receive, send)


def _name(authority: str) -> str:
    """Take the port off a Host header."""
    end = authority.find("]") + 1 if authority.startswith("[") else authority.find(":")
    return (authority[:end] if end > 0 else authority).lower()
