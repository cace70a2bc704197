"""What opens a provider's circuit, and what closes it again."""

import asyncio
from types import SimpleNamespace

import purgatory.domain.model
import pytest

from demo.gateway.circuit import Circuits
from demo.gateway.failures import CircuitOpen, ProviderFailure, RateLimited, Refused, ServerFailure

DOWN = ServerFailure("openai", "503")


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        """Read it."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The breaker library's clock, in our hands."""
    clock = Clock()
    monkeypatch.setattr(purgatory.domain.model, "time", SimpleNamespace(time=clock.time))
    return clock


def run(circuits: Circuits, *outcomes: ProviderFailure | None) -> list[str]:
    """One attempt after the other; what became of each."""

    async def attempts() -> list[str]:
        return [await attempt(outcome) for outcome in outcomes]

    async def attempt(outcome: ProviderFailure | None) -> str:
        try:
            async with circuits.guard("openai"):
                if outcome is not None:
                    raise outcome
        except CircuitOpen:
            return "stopped"
        except ProviderFailure:
            return "failed"
        return "answered"

    return asyncio.run(attempts())


def test_a_row_of_failures_opens_it() -> None:
    """Then nobody waits for a provider that is down."""
    circuits = Circuits(["openai"], failures_max=3, open_s=5)
    assert run(circuits, DOWN, DOWN, DOWN, None) == ["failed", "failed", "failed", "stopped"]
    assert not circuits.closed("openai")


def test_single_failures_do_not() -> None:
    """A success in between starts the row anew."""
    circuits = Circuits(["openai"], failures_max=3, open_s=5)
    run(circuits, DOWN, DOWN, None, DOWN, DOWN)
    assert circuits.closed("openai")


def test_a_living_provider_keeps_it_closed() -> None:
    """429 and 4xx are answers."""
    circuits = Circuits(["openai"], failures_max=3, open_s=5)
    run(circuits, *[RateLimited("openai", "429")] * 5, *[Refused("openai", "400", status=400)] * 5)
    assert circuits.closed("openai")


def test_it_closes_with_the_first_success_after_a_while(clock: Clock) -> None:
    """Recovery needs nobody's help."""
    circuits = Circuits(["openai"], failures_max=3, open_s=5)
    run(circuits, DOWN, DOWN, DOWN)
    clock.now += 4.9
    assert run(circuits, None) == ["stopped"]
    clock.now += 0.2
    assert run(circuits, None) == ["answered"]
    assert circuits.closed("openai")


def test_it_opens_again_with_the_first_failure_on_probation(clock: Clock) -> None:
    """One failed probe costs one attempt, not three."""
    circuits = Circuits(["openai"], failures_max=3, open_s=5)
    run(circuits, DOWN, DOWN, DOWN)
    clock.now += 5.1
    assert run(circuits, DOWN, None) == ["failed", "stopped"]
