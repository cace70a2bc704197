"""The catalog as OpenSLO v1 documents: one file for each service, with its SLOs.

Indicators stand inside their SLOs, because an SLI's id is unique only within its service. Queries
select counters and not rates (``counter: true``): OpenSLO leaves the window to whoever reads it.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any, assert_never

from interop.indicators import bound_pattern
from interop.openslo import ALERTS, TIERS, VERSION
from interop.output import Exported
from interop.report import Finding
from watchkeeper import promql
from watchkeeper.catalog.base import format_duration
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.problems import Place
from watchkeeper.catalog.selector import Selector
from watchkeeper.catalog.service import Service
from watchkeeper.catalog.sli import AvailabilitySli, BooleanSli, FreshnessSli, LatencySli, RatioSli, Sli
from watchkeeper.catalog.slo import Slo
from watchkeeper.promql import Expr

DESCRIPTION_LENGTH_MAX = 1050
_UNSAID = ("depends_on", "scrape", "budgets", "load", "scaling", "probes", "drills")
_NATIVE_RATE = timedelta(minutes=5)
Document = dict[str, Any]


def export(catalog: Catalog) -> tuple[tuple[Exported, ...], tuple[Finding, ...]]:
    """Write every service, and name what OpenSLO can not say of it."""
    findings: list[Finding] = []
    files = tuple(
        Exported(f"{service.id}.yaml", list(_documents(service, findings))) for service in catalog.services
    )
    return files, tuple(findings)


def _documents(service: Service, findings: list[Finding]) -> Iterator[Document]:
    def unsaid(path: str, why: str, fix: str) -> None:
        findings.append(
            Finding(Place(f"services/{service.id}.yaml"), path, f"'{path}' is not carried", why, fix)
        )

    _unsaid_sections(service, unsaid)
    yield {
        "apiVersion": VERSION,
        "kind": "Service",
        "metadata": {"name": service.id, "displayName": service.name, "labels": {"team": service.team}},
        "spec": {"description": _cut(service.description)},
    }
    by_id = {sli.id: sli for sli in service.slis}
    for index, slo in enumerate(service.slos):
        period = format_duration(slo.period)
        if period.endswith("s"):
            unsaid(f"slos[{index}]", f"OpenSLO counts in minutes, and {period} are none", "round the period")
            continue
        for path, text in (("description", slo.description), ("sli", by_id[slo.sli].description)):
            if len(text) > DESCRIPTION_LENGTH_MAX:
                unsaid(
                    f"slos[{index}].{path}",
                    f"it is cut at {DESCRIPTION_LENGTH_MAX:,} characters",
                    "shorten it",
                )
        yield _slo(service, slo, by_id[slo.sli], period)


def _unsaid_sections(service: Service, unsaid: Callable[[str, str, str], None]) -> None:
    no_word = ("OpenSLO has no word for it", "keep the catalog as its source")
    for section in _UNSAID:
        if getattr(service, section):
            unsaid(section, *no_word)
    if len(service.description) > DESCRIPTION_LENGTH_MAX:
        unsaid("description", f"it is cut at {DESCRIPTION_LENGTH_MAX:,} characters", "shorten it")
    used = {slo.sli for slo in service.slos}
    for index, sli in enumerate(service.slis):
        if sli.id not in used:
            unsaid(f"slis[{index}]", "no SLO refers to it", "write an SLO on it, or drop it")
        if isinstance(sli, LatencySli) and sli.buckets:
            unsaid(f"slis[{index}].buckets", *no_word)


def _slo(service: Service, slo: Slo, sli: Sli, period: str) -> Document:
    tiers = next(name for name, on in TIERS.items() if on == (slo.alerts.page, slo.alerts.ticket))
    metric, threshold = _metric(sli)
    return {
        "apiVersion": VERSION,
        "kind": "SLO",
        "metadata": {
            "name": f"{service.id}-{slo.id}",
            "labels": {"team": service.team},
            "annotations": {ALERTS: tiers},
        },
        "spec": {
            "description": _cut(slo.description),
            "service": service.id,
            "indicator": {
                "metadata": {"name": sli.id},
                "spec": {"description": _cut(sli.description), **metric},
            },
            "timeWindow": [{"duration": period, "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{**threshold, "targetPercent": slo.objective}],
        },
    }


def _metric(sli: Sli) -> tuple[Document, Document]:
    """Give an SLI's metric, and what its objective adds to it."""
    by = sli.group_by
    match sli:
        case AvailabilitySli():
            bad = sli.events.with_matchers(sli.bad)
            return _ratio("bad", _sum(bad, by), _sum(sli.events, by)), {}
        case RatioSli():
            return _ratio("bad", _sum(sli.bad, by), _sum(sli.total, by)), {}
        case LatencySli(format="classic"):
            bound = bound_pattern(_seconds(sli.threshold))
            bucket = Selector(f"{sli.histogram.metric}_bucket", (*sli.histogram.matchers, bound))
            count = Selector(f"{sli.histogram.metric}_count", sli.histogram.matchers)
            return _ratio("good", _sum(bucket, by), _sum(count, by)), {}
        case LatencySli():
            return _native(sli), {}
        case FreshnessSli():
            age = promql.aggregate("max", promql.TIME - _series(sli.timestamp), by=by)
            return _threshold(age), {"op": "lte", "value": _seconds(sli.max_age)}
        case BooleanSli():
            # PromQL has no builder for `== bool`: only this export needs it.
            well = promql.aggregate("min", Expr(f"{_series(sli.gauge)} == bool 1"), by=by)
            return _threshold(well), {"op": "gte", "value": 1}
        case _:
            assert_never(sli)


def _native(sli: LatencySli) -> Document:
    merged = promql.aggregate(
        "sum", promql.over("rate", _series(sli.histogram), _NATIVE_RATE), by=sli.group_by
    )
    count = promql.call("histogram_count", merged)
    bound = promql.number(_seconds(sli.threshold))
    quick = promql.call("histogram_fraction", promql.number(0), bound, merged) * count
    return _ratio("good", quick, count, counter=False)


def _ratio(key: str, numerator: Expr, total: Expr, *, counter: bool = True) -> Document:
    return {"ratioMetric": {"counter": counter, key: _source(numerator), "total": _source(total)}}


def _threshold(query: Expr) -> Document:
    return {"thresholdMetric": _source(query)}


def _source(query: Expr) -> Document:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query.text}}}


def _sum(selector: Selector, by: tuple[str, ...]) -> Expr:
    return promql.aggregate("sum", _series(selector), by=by)


def _series(selector: Selector) -> Expr:
    return promql.series(selector.metric, [(m.name, m.op, m.value) for m in selector.matchers])


def _seconds(value: timedelta) -> Decimal:
    return Decimal(value // timedelta(milliseconds=1)).scaleb(-3)


def _cut(text: str) -> str:
    return text[:DESCRIPTION_LENGTH_MAX]
