"""What can go wrong with one attempt at one provider, and what the user is told when all have failed.

    ProviderFailure
    ├── Unreachable       no connection, or it broke
    ├── TimedOut          nothing came in time
    ├── ServerFailure     5xx
    ├── RateLimited       429; the provider is well, so its circuit stays closed
    └── Refused           any other 4xx; no other provider would say otherwise, so it is not tried again
    CircuitOpen           not even attempted

They stand apart because the circuit breaker, the failover loop, the metrics and the answer all decide by
these types.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final


class ProviderFailure(Exception):  # noqa: N818 - a failure of somebody else, named so throughout
    """An attempt that brought no answer."""

    outcome: ClassVar[str]
    retryable: ClassVar[bool] = True

    def __init__(self, provider: str, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{provider}: {detail}")
        self.provider = provider
        self.retry_after_s = retry_after_s


class Unreachable(ProviderFailure):
    """No connection, or it broke before the first byte of the answer."""

    outcome = "unreachable"


class TimedOut(ProviderFailure):
    """Nothing came in time."""

    outcome = "timeout"


class ServerFailure(ProviderFailure):
    """The provider answered 5xx, or something that is no answer."""

    outcome = "error"


class RateLimited(ProviderFailure):
    """The provider answered 429."""

    outcome = "rate_limited"


class Refused(ProviderFailure):
    """The provider found fault with the request itself."""

    outcome = "refused"
    retryable = False

    def __init__(self, provider: str, detail: str, *, status: int) -> None:
        super().__init__(provider, detail)
        self.status = status


class CircuitOpen(ProviderFailure):
    """The circuit breaker did not let the attempt through."""

    outcome = "circuit_open"


@dataclass(frozen=True)
class Verdict:
    """What the user is told."""

    status: int
    kind: str
    message: str
    retry_after_s: float | None = None


_RETRY_AFTER_S: Final = 1.0


def verdict(failures: Sequence[ProviderFailure]) -> Verdict:
    """One answer for all failures of a request, in their order; none at all means that time ran out first."""
    if failures and isinstance(last := failures[-1], Refused):
        return Verdict(last.status, "invalid_request_error", str(last))
    if failures and all(isinstance(failure, RateLimited) for failure in failures):
        wait_s = min(failure.retry_after_s or _RETRY_AFTER_S for failure in failures)
        # Not 429: the limits are ours at the providers, not the user's here; the user did nothing wrong.
        return Verdict(503, "providers_exhausted", "every provider is at its rate limit", wait_s)
    if not failures or isinstance(failures[-1], TimedOut):
        return Verdict(504, "timeout", "no provider answered in time")
    return Verdict(503, "no_provider_available", "no provider could answer; try again", _RETRY_AFTER_S)
