"""A metric's name must not contradict the use it is put to.

Names are conventions, so only endings that have one meaning everywhere are held against their author.
"""

from collections.abc import Iterator

from watchkeeper.catalog.draft import Draft
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.selector import Selector
from watchkeeper.catalog.service import Service
from watchkeeper.catalog.sli import AvailabilitySli, BooleanSli, FreshnessSli, LatencySli, RatioSli, Sli

_HISTOGRAM_PARTS = ("_bucket", "_count", "_sum")
_COUNTERS = (*_HISTOGRAM_PARTS, "_total")


def check(draft: Draft) -> Iterator[Problem]:
    """Look at the metric of every selector of every SLI."""
    for service, root in draft.modelled(Service):
        for index, sli in enumerate(service.slis):
            for key, what, fix in _complaints(sli):
                yield Problem(root.place_of(("slis", index, key)), "metrics", what, fix)


def _complaints(sli: Sli) -> Iterator[tuple[str, str, str]]:
    match sli:
        case LatencySli(histogram=histogram):
            if end := _end(histogram, _HISTOGRAM_PARTS):
                base = histogram.metric.removesuffix(end)
                yield "histogram", f"'{histogram.metric}' is a part of a histogram", f"name all of it: {base}"
        case AvailabilitySli(events=events):
            yield from _counter("events", events)
        case RatioSli(bad=bad, total=total):
            yield from _counter("bad", bad)
            yield from _counter("total", total)
        case FreshnessSli(timestamp=timestamp):
            yield from _gauge("timestamp", timestamp)
        case BooleanSli(gauge=gauge):
            yield from _gauge("gauge", gauge)


def _counter(key: str, selector: Selector) -> Iterator[tuple[str, str, str]]:
    end = _end(selector, ("_bucket", "_sum"))
    if end == "_bucket" and any(matcher.name == "le" for matcher in selector.matchers):
        return
    if end:
        counter = f"{selector.metric.removesuffix(end)}_count"
        yield key, f"'{selector.metric}' does not count events", f"use the histogram's counter, {counter}"


def _gauge(key: str, selector: Selector) -> Iterator[tuple[str, str, str]]:
    if _end(selector, _COUNTERS):
        yield key, f"'{selector.metric}' is a counter, and '{key}' needs a gauge", "use a gauge"


def _end(selector: Selector, ends: tuple[str, ...]) -> str:
    return next((end for end in ends if selector.metric.endswith(end)), "")
