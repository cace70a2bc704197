"""Two counts of events as an SLI of the catalog: which kind says exactly the same, if one does.

Every format ends here, so that the same two queries become the same SLI whoever wrote them.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from interop.queries import Difference, Events
from interop.report import NotExactError
from watchkeeper.catalog.base import DURATION_MAX, format_duration
from watchkeeper.catalog.selector import Matcher, Matchers, MatchOp, Selector

Facts = dict[str, Any]
"""What the catalog's YAML says of an SLI, without its id and description."""

_OPPOSITE: dict[MatchOp, MatchOp] = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
_LE = "le"
_BOUND = re.compile(r"([0-9]+)(?:\\\.([0-9]+)|\(\\\.0\)\?)?")
_NOT_SECONDS = re.compile(r"_(milliseconds|ms|microseconds|us|nanoseconds|ns|minutes|hours|bytes|ratio)$")


def bad_of(bad: Events | Difference, total: Events) -> Facts:
    """Make an SLI of the bad events and all of them.

    Raises:
        NotExactError: no kind of SLI says the same.
    """
    if isinstance(bad, Difference):
        _alike(bad.every, total)
        if _whole(bad.every) != _whole(total):
            raise NotExactError(
                "the bad events are a difference that does not begin with all events",
                "subtract the good events from exactly the total",
            )
        return good_of(bad.but, total)
    _alike(bad, total)
    return {**_counted(bad.selector, _whole(total).selector), **_grouped(total.by)}


def good_of(good: Events, total: Events) -> Facts:
    """Make an SLI of the good events and all of them.

    Raises:
        NotExactError: no kind of SLI says the same.
    """
    _alike(good, total)
    every = _whole(total).selector
    if _bucket(good.selector):
        return {**_latency(good.selector, every), **_grouped(total.by)}
    extra = _extra(good.selector, every)
    if extra is None:
        raise NotExactError(
            "the good events are counted apart from the total, and the catalog counts bad ones",
            "count the bad events, or narrow the total's own selector to the good ones",
        )
    if not extra:
        raise NotExactError("good and total are the same, so nothing is ever bad", "narrow the good events")
    if len(extra) > 1:
        raise NotExactError(
            f"{len(extra)} matchers make an event good; that one of them fails is no single selector",
            "count the bad events instead",
        )
    bad = replace(extra[0], op=_OPPOSITE[extra[0].op])
    return {"kind": "availability", "events": str(every), "bad": str(Matchers((bad,))), **_grouped(total.by)}


def native_latency(events: Events, seconds: Decimal) -> Facts:
    """Make a latency SLI of a native histogram.

    Raises:
        NotExactError: the bound is none that the catalog can say.
    """
    _in_seconds(events.selector.metric)
    return {
        "kind": "latency",
        "format": "native",
        "histogram": str(events.selector),
        "threshold": _threshold(seconds),
        **_grouped(events.by),
    }


def bound_pattern(seconds: Decimal) -> Matcher:
    """Match the bucket with this bound. Its text may be 1 or 1.0, as the exposition format has it."""
    text = f"{seconds.normalize():f}"
    return Matcher(_LE, "=~", text.replace(".", "\\.") if "." in text else f"{text}(\\.0)?")


def _alike(part: Events, total: Events) -> None:
    """Refuse two counts that are not of the same kind: their quotient would be no share of events."""
    if set(part.by) != set(total.by):
        raise NotExactError(
            "its two queries are not grouped by the same labels", "use the same 'by (...)' in both"
        )
    if (part.function, part.range) != (total.function, total.range):
        raise NotExactError(
            "its two queries do not count in the same way over the same window",
            "use the same function and range in both",
        )


def _counted(bad: Selector, every: Selector) -> Facts:
    extra = _extra(bad, every)
    if extra is None:
        return {"kind": "ratio", "bad": str(bad), "total": str(every)}
    if not extra:
        raise NotExactError("bad and total are the same, so everything is bad", "narrow the bad events")
    return {"kind": "availability", "events": str(every), "bad": str(Matchers(tuple(extra)))}


def _extra(part: Selector, every: Selector) -> Sequence[Matcher] | None:
    """Give the matchers that narrow ``every`` to ``part``; nothing where it is no part by its text."""
    if part.metric != every.metric or not set(every.matchers) <= set(part.matchers):
        return None
    return [matcher for matcher in dict.fromkeys(part.matchers) if matcher not in every.matchers]


def _bucket(selector: Selector) -> bool:
    return selector.metric.endswith("_bucket") and any(one.name == _LE for one in selector.matchers)


def _whole(total: Events) -> Events:
    """Write the bucket without an upper bound as what it equals: the histogram's count."""
    selector = total.selector
    top = Matcher(_LE, "=", "+Inf")
    if selector.metric.endswith("_bucket") and top in selector.matchers:
        rest = tuple(one for one in selector.matchers if one != top)
        return replace(total, selector=Selector(f"{selector.metric.removesuffix('_bucket')}_count", rest))
    return total


def _latency(good: Selector, every: Selector) -> Facts:
    base = good.metric.removesuffix("_bucket")
    rest = tuple(one for one in good.matchers if one.name != _LE)
    bounds = [one for one in good.matchers if one.name == _LE]
    if every.metric != f"{base}_count" or set(rest) != set(every.matchers):
        raise NotExactError(
            "the bucket and the total are not of the same histogram with the same matchers",
            f"use {base}_bucket and {base}_count with the same matchers",
        )
    _in_seconds(base)
    return {
        "kind": "latency",
        "histogram": str(Selector(base, every.matchers)),
        "threshold": _threshold(_bound(bounds)),
    }


def _bound(bounds: Sequence[Matcher]) -> Decimal:
    if len(bounds) == 1:
        text = bounds[0].value
        if bounds[0].op == "=~" and (found := _BOUND.fullmatch(text)):
            return Decimal(f"{found[1]}.{found[2] or 0}")
        if bounds[0].op == "=" and re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", text):
            return Decimal(text)
    raise NotExactError("'le' does not choose exactly one bucket by its bound", 'write le="0.5" or the like')


def _threshold(seconds: Decimal) -> str:
    if seconds * 1000 % 1 or not 0 < seconds <= DURATION_MAX // timedelta(seconds=1):
        raise NotExactError(
            f"the bound {seconds} s is not a whole number of milliseconds up to ten years",
            "use another bucket",
        )
    return format_duration(timedelta(milliseconds=int(seconds * 1000)))


def _in_seconds(metric: str) -> None:
    if found := _NOT_SECONDS.search(metric):
        raise NotExactError(
            f"the histogram is in {found[1]}, and the catalog's thresholds are in seconds",
            "record durations in seconds",
        )


def _grouped(by: tuple[str, ...]) -> Facts:
    return {"group_by": list(by)} if by else {}
