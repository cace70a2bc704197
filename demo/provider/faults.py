"""What can go wrong at a provider, each with the bounds within which a drill may turn it."""

from typing import Annotated, Final

from pydantic import Field

from demo.faults import Fault


class Latency(Fault):
    """Every answer starts this much later."""

    seconds: Annotated[float, Field(gt=0, le=60)]


class Errors(Fault):
    """This share of calls fails with 500."""

    ratio: Annotated[float, Field(gt=0, le=1)]


class Outage(Fault):
    """Every call fails at once with 503. The process itself stays alive, and /healthz says so."""


class RateLimit(Fault):
    """Calls beyond this rate get 429, in place of the provider's ordinary limit."""

    requests_per_s: Annotated[float, Field(gt=0, le=10_000)]


class TokenRunaway(Fault):
    """Answers are this many times as long, and billed so.

    They are generated as much faster: a runaway that also slowed would ring the latency page, and the drill
    could no longer tell which alarm it rehearses.
    """

    multiplier: Annotated[float, Field(gt=1, le=1_000)]


KINDS: Final[dict[str, type[Fault]]] = {
    "latency": Latency,
    "errors": Errors,
    "outage": Outage,
    "rate_limit": RateLimit,
    "token_runaway": TokenRunaway,
}
