"""The alerting windows of one SLO, derived from the policy in ``windows.yaml``.

The policy is data with its source; this module scales it to an SLO's period and to the scrape
interval, and derives what else follows: burn-rate factors, and at which level each window is recorded.

Levels (why they exist: docs/slo-rules.md): level 0 is a rate over four scrapes; level 1 averages level 0
over every window that a page may read; level 2 samples level 1's shortest window for the longer ones
and for the period itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import Field

from watchkeeper.catalog.base import Duration, Model, format_duration
from watchkeeper.catalog.catalog import Objective
from watchkeeper.errors import WatchkeeperError

SCRAPES_PER_RATE = 4
"""A rate over four scrapes survives one lost scrape and still sees every gap between two scrapes."""


class PolicyError(WatchkeeperError):
    """An SLO that the window policy can not serve."""

    def __init__(self, objective: Objective, field: str, what: str, fix: str) -> None:
        super().__init__(f"SLO {objective.id}: {what}; {fix}")
        self.field = field
        """The SLO's own field that has to change."""
        self.what = what
        self.fix = fix


class PolicyPair(Model):
    """A long and a short window; both must burn ``budget_percent`` per long window."""

    long: Duration
    short: Duration
    budget_percent: Annotated[Decimal, Field(gt=0, le=100)]


class Policy(Model):
    """The policy as written, for an SLO of ``period``."""

    period: Duration
    page: Annotated[tuple[PolicyPair, ...], Field(min_length=1)]
    ticket: Annotated[tuple[PolicyPair, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair of windows, scaled to an SLO."""

    long: timedelta
    short: timedelta
    factor: Decimal
    """Burn rate that alerts: 1 spends the budget in exactly one period."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Everything about time that an SLO's rules need."""

    level0: timedelta
    level1: tuple[timedelta, ...]
    level2: tuple[timedelta, ...]
    page: tuple[Pair, ...]
    ticket: tuple[Pair, ...]

    @property
    def page_long(self) -> timedelta:
        """The shortest level 1 window that outlasts a pending phase: the page pairs' shorter long window."""
        return self.level1[1]

    @property
    def sampled(self) -> timedelta:
        """The level 1 window that level 2 and the period sample: the shortest."""
        return self.level1[0]


@cache
def default_policy() -> Policy:
    """Read ``windows.yaml``."""
    return Policy.model_validate(yaml.safe_load(files("alerts").joinpath("windows.yaml").read_text("utf-8")))


def windows_for(objective: Objective, scrape_interval: timedelta, policy: Policy | None = None) -> Windows:
    """Scale the policy to one SLO.

    Raises:
        PolicyError: a window would be shorter than a rate needs, or an alert could never fire.
    """
    policy = policy or default_policy()
    slo = objective.slo
    scale = Decimal(slo.period / timedelta(seconds=1)) / Decimal(policy.period / timedelta(seconds=1))

    def scaled(pairs: Sequence[PolicyPair]) -> tuple[Pair, ...]:
        return tuple(_scaled(pair, scale, scrape_interval, objective) for pair in pairs)

    page, ticket = scaled(policy.page), scaled(policy.ticket)
    every = {window for pair in (*page, *ticket) for window in (pair.long, pair.short)}
    page_longest = max(pair.long for pair in page)
    for pair in (*(page if slo.alerts.page else ()), *(ticket if slo.alerts.ticket else ())):
        _can_fire(pair, objective)
    return Windows(
        level0=SCRAPES_PER_RATE * scrape_interval,
        level1=tuple(sorted(window for window in every if window <= page_longest)),
        level2=tuple(sorted(window for window in every if window > page_longest)),
        page=page if slo.alerts.page else (),
        ticket=ticket if slo.alerts.ticket else (),
    )


def _scaled(pair: PolicyPair, scale: Decimal, scrape: timedelta, objective: Objective) -> Pair:
    long, short = (_whole_scrapes(window, scale, scrape) for window in (pair.long, pair.short))
    shortest = SCRAPES_PER_RATE * scrape
    period = objective.slo.period
    if short < shortest:
        raise PolicyError(
            objective,
            "period",
            f"period {format_duration(period)} makes a window of {format_duration(short)}, "
            f"less than {SCRAPES_PER_RATE} scrapes ({format_duration(shortest)})",
            "use a longer period or a shorter scrape_interval",
        )
    # Spending `budget_percent` of the budget within `long`: SRE workbook, chapter 5.
    return Pair(long=long, short=short, factor=(pair.budget_percent / 100) * Decimal(period / long))


def _can_fire(pair: Pair, objective: Objective) -> None:
    if pair.factor * objective.slo.error_budget_ratio >= 1:
        lowest = (100 - 100 / pair.factor).quantize(Decimal("0.1"))
        raise PolicyError(
            objective,
            "objective",
            f"with objective {objective.slo.objective} even a total outage burns slower than "
            f"{pair.factor.normalize():f} times, where the {format_duration(pair.long)} window alerts",
            f"use an objective above {lowest} or switch the tier off in 'alerts'",
        )


def _whole_scrapes(window: timedelta, scale: Decimal, scrape: timedelta) -> timedelta:
    scrapes = (Decimal(window / timedelta(seconds=1)) * scale) / Decimal(scrape / timedelta(seconds=1))
    return int(scrapes.to_integral_value()) * scrape
