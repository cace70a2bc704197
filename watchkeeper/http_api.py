"""What every HTTP client of ours has in common: no proxy, and an answer within bounds of time and size.

A server that drips would hold a client for ever, since a socket's timeout is for each read: so one clock
runs over the whole exchange, from connecting to the last byte.
"""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx2

TIMEOUT_S: Final = 5.0
RESPONSE_BYTES_MAX: Final = 32 * 1024 * 1024
_CONNECTED: Final = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})


class FetchError(Exception):
    """There is no answer that can be used; ``str(error)`` is the reason, in one line."""


class AnswerTooLargeError(FetchError):
    """The answer is larger than ``RESPONSE_BYTES_MAX``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    body: bytes


class HttpApi:
    """A client of a server of the stack; a context manager that closes its connections."""

    def __init__(self, base_url: str = "", *, timeout_s: float = TIMEOUT_S) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout_s = timeout_s
        self._client = httpx2.Client(
            base_url=self.base_url,
            timeout=timeout_s,
            # A proxy from the user's environment would answer in a dead server's place.
            trust_env=False,
            # One connection per exchange: the clock that ends the one ends no other.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def _fetch(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask once; the whole answer, whatever its status.

        Raises:
            FetchError: none came in time, or too large a one.
        """
        body = bytearray()
        clock = _Clock(self._timeout_s)
        try:
            with (
                clock,
                self._client.stream(
                    method, path, params=params, data=form, extensions={"trace": clock.watch}
                ) as response,
            ):
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > RESPONSE_BYTES_MAX:
                        raise AnswerTooLargeError(f"the answer is larger than {RESPONSE_BYTES_MAX} bytes")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            if not clock.expired:
                raise FetchError(
                    str(error).splitlines()[0] if str(error) else type(error).__name__
                ) from error
        # A body that is as long as the connection looks complete when the clock has cut it off.
        if clock.expired:
            raise FetchError(f"no whole answer within {self._timeout_s:g} s")
        return Answer(response.status_code, bytes(body))


class _Clock:
    """Cuts an exchange's connection off when its time is up."""

    def __init__(self, timeout_s: float) -> None:
        self.expired = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(timeout_s, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, event: str, details: Mapping[str, Any]) -> None:
        """Learn of the connection as the client makes it."""
        if event not in _CONNECTED:
            return
        with self._lock:
            self._socket = details["return_value"].get_extra_info("socket")
            if self.expired:
                self._cut_off()

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            self._cut_off()

    def _cut_off(self) -> None:
        if self._socket is not None:
            # Not closed: a reader in another thread would not notice, and the number may be another's by now.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
