"""One run of the roll-up, and the loop that repeats it.

A run counts as a success only if every provider could be asked and the ledger was written; what could be
asked is rolled up even when something else could not. A failed run leaves its age to show: freshness is the
signal, not the error count alone.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Final

import httpx2
import structlog
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from demo.faults import Switchboard
from demo.rollup.faults import Corrupt, Stall
from demo.rollup.ledger import Count, Ledger, Row

log = structlog.get_logger(__name__)

OUTCOMES: Final = ("success", "failed", "stalled")
_ANSWER_BYTES_MAX: Final = 1 << 20


class _Usage(BaseModel):
    """What is read of a provider's `GET /usage`; any `*_tokens` total of a model is a kind."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    epoch: str = Field(min_length=1, max_length=64)
    models: dict[str, dict[str, int]]


class Job:
    """Rolls up the usage of some providers, again and again."""

    def __init__(
        self,
        urls: Mapping[str, str],
        ledger: Ledger,
        faults: Switchboard,
        meter: Meter,
        *,
        seed: int = 1,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._urls = urls
        self._ledger = ledger
        self._faults = faults
        self._random = Random(seed)  # noqa: S311 - a simulation has no secrets
        self._wall_clock = wall_clock
        self._last_success = ledger.last_success()
        self._consistent: bool | None = None
        self._runs = meter.create_counter("usage_rollup_runs", description="Runs, by outcome.")
        for outcome in OUTCOMES:
            self._runs.add(0, {"outcome": outcome})
        meter.create_observable_gauge(
            "usage_rollup_last_success_timestamp",
            [self._observe_last_success],
            unit="s",
            description="When the last complete run ended, in unix time; absent before the first.",
        )
        meter.create_observable_gauge(
            "usage_rollup_consistent",
            [self._observe_consistent],
            description="1 while the rolled-up tokens equal the providers' counts; absent before the first.",
        )

    @asynccontextmanager
    async def running(self, every_s: float) -> AsyncIterator[None]:
        """Run now and then every so many seconds, for as long as the context is open."""
        async with httpx2.AsyncClient(timeout=httpx2.Timeout(2.0), trust_env=False) as client:
            loop = asyncio.create_task(self._repeat(client, every_s))
            try:
                yield
            finally:
                loop.cancel()
                with suppress(asyncio.CancelledError):
                    await loop

    async def run(self, client: httpx2.AsyncClient) -> None:
        """One run."""
        if self._faults.get(Stall) is not None:
            self._runs.add(1, {"outcome": "stalled"})
            return
        answers = await asyncio.gather(*(self._ask(client, name, url) for name, url in self._urls.items()))
        counts = [count for answer in answers if answer is not None for count in answer]
        now = self._wall_clock()
        self._consistent = await asyncio.to_thread(
            self._ledger.roll_up, counts, at=now, survives=self._survives
        )
        if None in answers:
            self._runs.add(1, {"outcome": "failed"})
            return
        await asyncio.to_thread(self._ledger.note_success, at=now)
        self._last_success = now
        self._runs.add(1, {"outcome": "success"})

    async def _repeat(self, client: httpx2.AsyncClient, every_s: float) -> None:
        while True:
            try:
                await self.run(client)
            except Exception:
                # Whatever it was (a full disk, a locked file): the next run may succeed, a dead loop never
                # would.
                self._runs.add(1, {"outcome": "failed"})
                log.exception("run_failed")
            await asyncio.sleep(every_s)

    async def _ask(self, client: httpx2.AsyncClient, provider: str, url: str) -> list[Count] | None:
        try:
            response = await client.get(f"{url}/usage")
            response.raise_for_status()
            usage = _Usage.model_validate_json(response.content[:_ANSWER_BYTES_MAX])
        except (httpx2.HTTPError, ValidationError) as error:
            log.warning("provider_not_asked", provider=provider, error=f"{type(error).__name__}: {error}")
            return None
        return [
            Count(provider, usage.epoch, model, total.removesuffix("_tokens"), tokens)
            for model, totals in usage.models.items()
            for total, tokens in totals.items()
            if total.endswith("_tokens")
        ]

    def _survives(self, _row: Row) -> bool:
        fault = self._faults.get(Corrupt)
        return fault is None or self._random.random() >= fault.ratio

    def _observe_last_success(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [] if self._last_success is None else [Observation(self._last_success)]

    def _observe_consistent(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [] if self._consistent is None else [Observation(int(self._consistent))]
