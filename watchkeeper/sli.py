"""An SLI compiled to PromQL: one pair (bad, total), used wherever the SLI is asked for.

Alerts, dashboards, load objectives, the gate and the console all take this pair, so they can not
disagree about what a bad event is.

Counters and histograms give events per second (``rate``). Gauges that state a condition (freshness,
boolean) give one event per evaluation: *total* is 1, *bad* is 1 while the condition does not hold; their
error ratio is the share of time that was bad. Either way ``bad`` is 0, not absent, while there are
events and none is bad: a healthy service has an error ratio of 0 and not of "no data".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import assert_never

from watchkeeper import promql
from watchkeeper.catalog.selector import Selector
from watchkeeper.catalog.sli import AvailabilitySli, BooleanSli, FreshnessSli, LatencySli, RatioSli, Sli
from watchkeeper.conventions import BUCKET
from watchkeeper.promql import Expr


@dataclass(frozen=True, slots=True)
class CompiledSli:
    """The pair. Both sides have exactly the labels of ``group_by``.

    ``bad`` is a subset of ``total``, so bad ÷ total is an error ratio in [0, 1] wherever total is above 0.
    """

    bad: Expr
    total: Expr


def compile_sli(sli: Sli, window: timedelta) -> CompiledSli:
    """Compile an SLI: events as rates over ``window``, conditions as they are at the present moment."""
    by = sli.group_by
    match sli:
        case AvailabilitySli():
            total = _rate(sli.events, window, by)
            return _coalesced(_rate(sli.events.with_matchers(sli.bad), window, by), total)
        case RatioSli():
            return _coalesced(_rate(sli.bad, window, by), _rate(sli.total, window, by))
        case LatencySli(format="classic"):
            return _classic_latency(sli, window)
        case LatencySli():
            return _native_latency(sli, window)
        case FreshnessSli():
            age = promql.TIME - _series(sli.timestamp)
            return _condition(age.gt_bool(_seconds(sli.max_age)), by)
        case BooleanSli():
            return _condition(_series(sli.gauge).ne_bool(promql.number(1)), by)
        case _:
            assert_never(sli)


def _classic_latency(sli: LatencySli, window: timedelta) -> CompiledSli:
    total = _rate(_suffixed(sli.histogram, "_count"), window, sli.group_by)
    # A bucket's bound is text: OpenMetrics and Prometheus 3 write 1.0 where others may write 1.
    bound = f"{_seconds(sli.threshold)}"
    pattern = bound.replace(".", "\\.") if "." in bound else f"{bound}(\\.0)?"
    buckets = _suffixed(sli.histogram, "_bucket")
    fast = promql.series(buckets.metric, [*_matchers(buckets), (BUCKET, "=~", pattern)])
    good = promql.aggregate("sum", promql.over("rate", fast, window), by=sli.group_by)
    # Extrapolation may differ between two series by a hair; less than no bad event is none.
    return CompiledSli(bad=promql.call("clamp_min", total - good, promql.number(0)), total=total)


def _native_latency(sli: LatencySli, window: timedelta) -> CompiledSli:
    merged = promql.aggregate("sum", promql.over("rate", _series(sli.histogram), window), by=sli.group_by)
    total = promql.call("histogram_count", merged)
    fast = promql.call("histogram_fraction", promql.number(0), _seconds(sli.threshold), merged)
    # Without events the fraction is NaN, which would poison every average of it; a comparison drops it.
    slow = ((promql.number(1) - fast) * total).ge(promql.number(0))
    return _coalesced(slow, total)


def _condition(is_bad: Expr, by: Sequence[str]) -> CompiledSli:
    # Several series in one group are judged together: bad as soon as one of them is.
    bad = promql.aggregate("max", is_bad, by=by)
    return CompiledSli(bad=bad, total=bad * promql.number(0) + promql.number(1))


def _coalesced(bad: Expr, total: Expr) -> CompiledSli:
    return CompiledSli(bad=bad.or_(total * promql.number(0)), total=total)


def _rate(selector: Selector, window: timedelta, by: Sequence[str]) -> Expr:
    return promql.aggregate("sum", promql.over("rate", _series(selector), window), by=by)


def _series(selector: Selector) -> Expr:
    return promql.series(selector.metric, _matchers(selector))


def _matchers(selector: Selector) -> list[tuple[str, str, str]]:
    return [(m.name, m.op, m.value) for m in selector.matchers]


def _suffixed(selector: Selector, suffix: str) -> Selector:
    return Selector(selector.metric + suffix, selector.matchers)


def _seconds(value: timedelta) -> Expr:
    return promql.number(Decimal(value // timedelta(milliseconds=1)).scaleb(-3))
