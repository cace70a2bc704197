"""What every HTTP client of ours has in common: a pool of connections, bounded time, no proxy."""

from types import TracebackType
from typing import Self

import httpx2

TIMEOUT_S = 5.0


class HttpApi:
    """A client of a server of the stack; a context manager that closes its connections."""

    def __init__(self, base_url: str = "", *, timeout_s: float = TIMEOUT_S) -> None:
        self.base_url = base_url.rstrip("/")
        # A proxy from the user's environment would answer in a dead server's place.
        self._client = httpx2.Client(base_url=self.base_url, timeout=timeout_s, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()
