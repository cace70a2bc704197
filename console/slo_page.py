"""The state of SLOs as Prometheus knows it: objective, budget left, error ratio per window, alerts.

Stands alone because it is the one part of the console that waits for somebody else, and must not make
anybody wait with it: whatever Prometheus does, an answer is there in time.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import anyio
from anyio import to_thread

from watchkeeper import promql
from watchkeeper.catalog.base import parse_duration
from watchkeeper.conventions import (
    ALERTNAME,
    BUDGET_REMAINING_RATIO,
    ERROR_RATIO,
    OBJECTIVE_RATIO,
    PERIOD_SECONDS,
    SERVICE,
    SEVERITY,
    SLO,
    TEAM,
    WINDOW,
)
from watchkeeper.errors import BackendError
from watchkeeper.prometheus_api import PrometheusApi, Sample

DEADLINE_S = 1.5
"""For the whole question; people are promised a page within two seconds."""
SLOS_MAX = 1000

_NAME = "__name__"
_ALERTS = "ALERTS"
_FAST = (ERROR_RATIO, OBJECTIVE_RATIO, PERIOD_SECONDS, BUDGET_REMAINING_RATIO, _ALERTS)
_ALERT_STATE = "alertstate"
_OWN_LABELS = frozenset({_NAME, SLO, SERVICE, TEAM, WINDOW})
_ALERT_LABELS = frozenset({ALERTNAME, SEVERITY, _ALERT_STATE})

_Group = tuple[tuple[str, str], ...]
_ActiveAlert = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class WindowState:
    """How one window burns."""

    window: str
    error_ratio: float
    burn_rate: float | None
    """1: spends exactly the budget over the period. None: the objective is not known."""


@dataclass(frozen=True, slots=True)
class SloState:
    """One SLO, or one group of an SLO that is judged by group."""

    slo: str
    service: str
    team: str
    group: Mapping[str, str]
    objective_ratio: float | None
    period: timedelta | None
    budget_remaining_ratio: float | None
    windows: tuple[WindowState, ...]
    """Shortest first."""
    alerts: tuple[tuple[str, str, str], ...]
    """Name, severity and state (pending, firing) of what is active."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What could be learned."""

    states: Sequence[SloState]
    problem: str | None = None
    """Why there is nothing to see."""


async def ask(prometheus: PrometheusApi, *, slo: str | None = None, service: str | None = None) -> Answer:
    """Ask for the state of one SLO, of a service's, or of all; answers in time, whatever happens."""
    expr = question(slo=slo, service=service)
    try:
        with anyio.fail_after(DEADLINE_S):
            samples = await to_thread.run_sync(partial(prometheus.query, expr), abandon_on_cancel=True)
    except TimeoutError:
        return Answer((), f"{prometheus.base_url}: Prometheus did not answer within {DEADLINE_S} s")
    except BackendError as error:
        return Answer((), str(error))
    return Answer(read(samples))


def question(*, slo: str | None = None, service: str | None = None) -> str:
    """Give one query for everything: one round trip, one instant."""
    matchers = [(_NAME, "=~", "|".join(_FAST)), (SLO, "!=", "")]
    if slo is not None:
        matchers.append((SLO, "=", slo))
    if service is not None:
        matchers.append((SERVICE, "=", service))
    return promql.series("", matchers).text


def read(samples: Iterable[Sample]) -> Sequence[SloState]:
    """Sort samples into states, by SLO and group; a NaN or an infinity tells as much as no sample."""
    objectives: dict[str, float] = {}
    periods: dict[str, float] = {}
    alerts: dict[str, dict[_Group, set[_ActiveAlert]]] = {}
    budgets: dict[tuple[str, _Group], float] = {}
    ratios: dict[tuple[str, _Group], dict[str, float]] = {}
    owners: dict[str, tuple[str, str]] = {}
    for sample in samples:
        labels = sample.labels
        slo = labels.get(SLO, "")
        owners.setdefault(slo, (labels.get(SERVICE, ""), labels.get(TEAM, "")))
        if not math.isfinite(sample.value):
            continue
        match labels.get(_NAME):
            case name if name == OBJECTIVE_RATIO:
                objectives[slo] = sample.value
            case name if name == PERIOD_SECONDS:
                periods[slo] = sample.value
            case name if name == BUDGET_REMAINING_RATIO:
                budgets[slo, _group(labels)] = sample.value
            case name if name == ERROR_RATIO:
                ratios.setdefault((slo, _group(labels)), {})[labels.get(WINDOW, "")] = sample.value
            case _:
                active = (labels.get(ALERTNAME, ""), labels.get(SEVERITY, ""), labels.get(_ALERT_STATE, ""))
                group = _group(labels, _ALERT_LABELS)
                alerts.setdefault(slo, {}).setdefault(group, set()).add(active)
    keys = {*budgets, *ratios}
    # What is not known must be seen: an alert of a group without data, and an SLO without any.
    keys |= {(slo, group) for slo, by_group in alerts.items() for group in by_group if group}
    keys |= {(slo, ()) for slo in owners if not any(known == slo for known, _ in keys)}
    return [
        SloState(
            slo=slo,
            service=owners[slo][0],
            team=owners[slo][1],
            group=dict(group),
            objective_ratio=objectives.get(slo),
            period=timedelta(seconds=periods[slo]) if slo in periods else None,
            budget_remaining_ratio=budgets.get((slo, group)),
            windows=_windows(ratios.get((slo, group), {}), objectives.get(slo)),
            alerts=_alerts_of(group, alerts.get(slo, {})),
        )
        for slo, group in sorted(keys)[:SLOS_MAX]
    ]


def _group(labels: Mapping[str, str], others: frozenset[str] = frozenset()) -> _Group:
    return tuple(sorted(item for item in labels.items() if item[0] not in _OWN_LABELS | others))


def _alerts_of(group: _Group, alerts: Mapping[_Group, set[_ActiveAlert]]) -> tuple[_ActiveAlert, ...]:
    """Give a group's alerts: its own, and those about the whole SLO, which have no group labels."""
    return tuple(sorted(alerts.get(group, set()) | alerts.get((), set())))


def _windows(ratios: Mapping[str, float], objective: float | None) -> tuple[WindowState, ...]:
    budget = 1 - objective if objective is not None else 0.0
    return tuple(
        WindowState(window, ratio, ratio / budget if budget > 0 else None)
        for window, ratio in sorted(ratios.items(), key=lambda item: _length(item[0]))
    )


def _length(window: str) -> timedelta:
    try:
        return parse_duration(window)
    except ValueError:
        return timedelta(0)
