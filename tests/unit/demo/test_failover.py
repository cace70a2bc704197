"""Which provider is tried when, and what the user is told."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from demo.gateway.failover import Found, NoAnswerError, candidates, first_answer
from demo.gateway.failures import (
    CircuitOpen,
    ProviderFailure,
    RateLimited,
    Refused,
    ServerFailure,
    TimedOut,
    verdict,
)
from demo.models import MODELS, PROVIDERS, Model

BOTH = candidates(MODELS["gpt-4o-mini"], PROVIDERS)


class World:
    """Providers that answer or fail after some time, on a clock of their own."""

    def __init__(
        self, failures: Mapping[str, Sequence[ProviderFailure | None]], *, each_s: float = 0.1
    ) -> None:
        self.now = 0.0
        self.tried: list[str] = []
        self._outcomes = {provider: list(outcomes) for provider, outcomes in failures.items()}
        self._each_s = each_s

    async def attempt(self, model: Model, left_s: float) -> str:
        """Take some time, then answer or fail."""
        self.tried.append(model.provider)
        self.now += min(self._each_s, left_s)
        outcome = self._outcomes[model.provider].pop(0)
        if outcome is not None:
            raise outcome
        return model.name

    def ask(self, *, deadline_s: float = 20.0) -> Found[str]:
        """One request."""
        return asyncio.run(
            first_answer(BOTH, self.attempt, deadline_s=deadline_s, clock=lambda: self.now, attempts_max=3)
        )


def test_a_healthy_provider_is_the_only_one_asked() -> None:
    """No failover without need."""
    world = World({"openai": [None]})
    assert world.ask() == Found("gpt-4o-mini", ())
    assert world.tried == ["openai"]


@pytest.mark.parametrize(
    "failure", [ServerFailure("openai", "503"), RateLimited("openai", "429"), CircuitOpen("openai", "open")]
)
def test_the_stand_in_answers_for_a_failing_provider(failure: ProviderFailure) -> None:
    """The answer comes from the other provider's model, and the failure is remembered."""
    world = World({"openai": [failure], "anthropic": [None]})
    assert world.ask() == Found("claude-3-5-haiku-latest", (failure,))


def test_the_first_is_tried_once_more_after_both_failed() -> None:
    """Random errors of both are mostly hidden too."""
    world = World(
        {"openai": [ServerFailure("openai", "500"), None], "anthropic": [ServerFailure("a", "500")]}
    )
    assert world.ask().answer == "gpt-4o-mini"
    assert world.tried == ["openai", "anthropic", "openai"]


def test_attempts_are_bounded() -> None:
    """Three and no more, however fast they fail."""
    down = [ServerFailure("x", "503")] * 9
    world = World({"openai": list(down), "anthropic": list(down)})
    with pytest.raises(NoAnswerError) as caught:
        world.ask()
    assert len(caught.value.failures) == len(world.tried) == 3


def test_a_refusal_is_final() -> None:
    """No other provider would take back a 4xx."""
    world = World({"openai": [Refused("openai", "400", status=400)]})
    with pytest.raises(NoAnswerError) as caught:
        world.ask()
    assert world.tried == ["openai"]
    assert verdict(caught.value.failures).status == 400


def test_nothing_is_tried_after_the_deadline() -> None:
    """A slow failure uses up the time of those after it."""
    world = World({"openai": [TimedOut("openai", "slow")]}, each_s=20)
    with pytest.raises(NoAnswerError) as caught:
        world.ask(deadline_s=20)
    assert world.tried == ["openai"]
    assert verdict(caught.value.failures).status == 504


def test_open_circuits_are_not_asked_twice() -> None:
    """Behind closed doors there is nothing to wait for."""
    world = World(
        {"openai": [CircuitOpen("openai", "open")], "anthropic": [CircuitOpen("anthropic", "open")]}
    )
    with pytest.raises(NoAnswerError) as caught:
        world.ask()
    assert world.tried == ["openai", "anthropic"]
    assert verdict(caught.value.failures).status == 503


def test_rate_limits_everywhere_are_our_failure_with_the_shortest_wait() -> None:
    """The limits are ours at the providers: no user did anything wrong, so no user gets a 429."""
    said = verdict([RateLimited("a", "429", retry_after_s=7), RateLimited("b", "429", retry_after_s=3)])
    assert (said.status, said.retry_after_s) == (503, 3)
    assert verdict([RateLimited("a", "429"), ServerFailure("b", "500")]).status == 503


def test_a_provider_that_is_not_configured_is_no_candidate() -> None:
    """The gateway runs with one provider too."""
    assert [model.provider for model in candidates(MODELS["gpt-4o"], ["anthropic"])] == ["anthropic"]


def test_every_stand_in_exists_at_another_provider() -> None:
    """A stand-in at the same provider would share its outage."""
    for model in MODELS.values():
        assert MODELS[model.stand_in].provider != model.provider
