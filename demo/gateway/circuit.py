"""A circuit breaker for each provider: after a row of failures, leave it alone for a while.

purgatory keeps the states. What is decided here is what counts: a provider that says 429 or 4xx is alive,
and a client who hangs up says nothing about it. A slow answer is an answer; users must feel a slow provider
as slow (the latency objective is there to see it), not have it cut off by a short timeout.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import structlog
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import CLOSED, ExcludeType, OpenedState
from purgatory.service._async.circuitbreaker import AsyncCircuitBreaker

from demo.gateway.failures import CircuitOpen, RateLimited, Refused

log = structlog.get_logger(__name__)

FAILURES_MAX: Final = 5
OPEN_S: Final = 5.0
_NOT_THE_PROVIDERS_FAULT: Final[ExcludeType] = [RateLimited, Refused, asyncio.CancelledError]


class Circuits:
    """The breakers of all providers."""

    def __init__(
        self, providers: Iterable[str], *, failures_max: int = FAILURES_MAX, open_s: float = OPEN_S
    ) -> None:
        self._factory = AsyncCircuitBreakerFactory(failures_max, open_s, exclude=_NOT_THE_PROVIDERS_FAULT)
        self._factory.add_listener(self._log_change)
        self._providers = tuple(providers)
        self._breakers: dict[str, AsyncCircuitBreaker] = {}

    def closed(self, provider: str) -> bool:
        """Whether the provider is in normal use; False while it is left alone or on probation."""
        breaker = self._breakers.get(provider)
        return breaker is None or breaker.context.state == CLOSED

    @asynccontextmanager
    async def guard(self, provider: str) -> AsyncIterator[None]:
        """Let one attempt through and learn from its outcome; CircuitOpen if it may not pass."""
        breaker = self._breakers.get(provider)
        if breaker is None:
            breaker = self._breakers[provider] = await self._factory.get_breaker(provider)
        try:
            async with breaker:
                yield
        except OpenedState as opened:
            raise CircuitOpen(provider, "left alone after repeated failures") from opened

    @staticmethod
    def _log_change(name: str, kind: str, event: object) -> None:
        if kind == "state_changed":
            log.warning("circuit_changed", provider=name, state=getattr(event, "state", "unknown"))
