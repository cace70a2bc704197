"""Which provider is tried when, and when to give up.

The order is: the provider that serves the model asked for, then the stand-in, then the first once more. It
stops at the first answer, at a refusal that no other provider would take back, when attempts are used up or
the deadline has passed. tenacity is not used: it repeats one call after a wait, while here each attempt is
another call, and waiting would only add latency.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final, Generic, TypeVar

from demo.gateway.failures import CircuitOpen, ProviderFailure, TimedOut
from demo.models import MODELS, Model

ATTEMPTS_MAX: Final = 3

A = TypeVar("A")


class NoAnswerError(Exception):
    """Every attempt failed; `failures` says how, in order."""

    def __init__(self, failures: Sequence[ProviderFailure]) -> None:
        super().__init__("; ".join(map(str, failures)) or "the deadline passed before the first attempt")
        self.failures = tuple(failures)


@dataclass(frozen=True)
class Found(Generic[A]):
    """The answer, and what was tried in vain before."""

    answer: A
    failures: tuple[ProviderFailure, ...]


def candidates(model: Model, providers: Collection[str]) -> tuple[Model, ...]:
    """The models that may answer for `model`, best first, of those whose provider is configured."""
    return tuple(each for each in (model, MODELS[model.stand_in]) if each.provider in providers)


async def first_answer(
    models: Sequence[Model],
    attempt: Callable[[Model, float], Awaitable[A]],
    *,
    deadline_s: float,
    clock: Callable[[], float],
    attempts_max: int = ATTEMPTS_MAX,
) -> Found[A]:
    """Try until one attempt answers.

    Args:
        models: what to try, best first.
        attempt: makes one attempt with this model within this many seconds; raises ProviderFailure.
        deadline_s: when, by `clock`, the user must have an answer.
        clock: seconds, monotonic.
        attempts_max: how many attempts in all; one that an open circuit stops is none.

    Raises:
        NoAnswerError: nobody answered.
    """
    failures: list[ProviderFailure] = []
    for model in islice(cycle(models), attempts_max):
        left_s = deadline_s - clock()
        if left_s <= 0:
            failures.append(TimedOut(model.provider, "the request's deadline has passed"))
            break
        try:
            answer = await attempt(model, left_s)
        except ProviderFailure as failure:
            failures.append(failure)
            if not failure.retryable:
                break
        else:
            return Found(answer, tuple(failures))
        if len(failures) >= len(models) and all(isinstance(each, CircuitOpen) for each in failures):
            break  # trying the same closed doors again cannot help
    raise NoAnswerError(failures)
