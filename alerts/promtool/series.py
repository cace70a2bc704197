"""Raw series, made up for one SLI, that burn its error budget at a chosen constant rate.

Only whole numbers are counted: fractional increments would add up to a float error that Prometheus
takes for a counter reset.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import assert_never

from alerts.promtool.labels import labels_for
from watchkeeper import promql
from watchkeeper.catalog.catalog import Objective
from watchkeeper.catalog.selector import Matchers, Selector
from watchkeeper.catalog.sli import AvailabilitySli, BooleanSli, FreshnessSli, LatencySli, RatioSli

GROUP_VALUE = "one"
"""Value of every ``group_by`` label in the made-up series."""


@dataclass(frozen=True, slots=True)
class InputSeries:
    """One series in promtool's notation."""

    series: str
    values: str

    def as_mapping(self) -> Mapping[str, str]:
        """Give it as promtool reads it."""
        return {"series": self.series, "values": self.values}


def testable(objective: Objective) -> bool:
    """Tell whether promtool can be fed the SLI: promtool 2.42 has no notation for native histograms."""
    sli = objective.sli
    return not (isinstance(sli, LatencySli) and sli.format == "native")


def counts_moments(objective: Objective) -> bool:
    """Tell whether the SLI judges moments (a condition holds or not) instead of counting events."""
    return isinstance(objective.sli, FreshnessSli | BooleanSli)


def burning(objective: Objective, bad_ratio: Decimal, steps: int) -> Sequence[InputSeries]:
    """Make up series for ``steps`` scrapes in which ``bad_ratio`` of all events are bad, evenly."""
    sli = objective.sli
    match sli:
        case AvailabilitySli():
            good, bad = _split(bad_ratio)
            return [
                _counter(sli.events, objective, good, steps, avoid=sli.bad),
                _counter(sli.events.with_matchers(sli.bad), objective, bad, steps),
            ]
        case RatioSli():
            good, bad = _split(bad_ratio)
            return [
                _counter(sli.total, objective, good + bad, steps),
                _counter(sli.bad, objective, bad, steps),
            ]
        case LatencySli():
            good, bad = _split(bad_ratio)
            name, matchers = sli.histogram.metric, sli.histogram.matchers
            bound = promql.number(Decimal(sli.threshold // timedelta(milliseconds=1)).scaleb(-3)).text
            return [
                _counter(Selector(f"{name}_count", matchers), objective, good + bad, steps),
                _counter(Selector(f"{name}_bucket", matchers), objective, good, steps, le=bound),
            ]
        case FreshnessSli():
            age = int(sli.max_age.total_seconds())
            return [_gauge(sli.timestamp, objective, bad_ratio, steps, good=10**9, bad=-2 * age)]
        case BooleanSli():
            return [_gauge(sli.gauge, objective, bad_ratio, steps, good=1, bad=0)]
        case _:
            assert_never(sli)


def _split(bad_ratio: Decimal) -> tuple[int, int]:
    # As many events per scrape as make both counts whole.
    denominator = bad_ratio.as_integer_ratio()[1]
    events = denominator * max(1, 1000 // denominator)
    bad = int(bad_ratio * events)
    return events - bad, bad


def _counter(
    selector: Selector,
    objective: Objective,
    step: int,
    steps: int,
    *,
    avoid: Matchers | None = None,
    **extra: str,
) -> InputSeries:
    labels = _labels(selector, objective, avoid) | extra
    return InputSeries(promql.series(selector.metric, **labels).text, f"0+{step}x{steps}")


def _gauge(
    selector: Selector, objective: Objective, bad_ratio: Decimal, steps: int, *, good: int, bad: int
) -> InputSeries:
    series = promql.series(selector.metric, **_labels(selector, objective, None)).text
    return InputSeries(series, " ".join(_pattern(bad_ratio, steps, good, bad)))


def _pattern(bad_ratio: Decimal, steps: int, good: int, bad: int) -> Iterator[str]:
    if bad_ratio in {0, 1}:
        yield f"{bad if bad_ratio else good}x{steps}"
        return
    cycle = cycle_steps(bad_ratio)
    for _ in range(steps // cycle + 1):
        yield f"{bad}"
        yield f"{good}x{cycle - 2}"


def cycle_steps(bad_ratio: Decimal) -> int:
    """Give how many scrapes hold exactly one bad moment, for SLIs that judge moments; 0 when none is bad."""
    return int(1 / bad_ratio) if bad_ratio else 0


def _labels(selector: Selector, objective: Objective, avoid: Matchers | None) -> dict[str, str]:
    grouped = dict.fromkeys(objective.sli.group_by, GROUP_VALUE)
    return {**labels_for(selector.matchers, avoid=avoid.matchers if avoid else ()), **grouped}
