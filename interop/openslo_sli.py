"""OpenSLO's indicators: ratio and threshold metrics on Prometheus, and which SLI says the same.

Apart from the SLO because an indicator stands inside of one or by itself, and because a threshold metric
is complete only with the objective that holds its operator and value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from interop.documents import Part
from interop.indicators import Facts, bad_of, good_of, native_latency
from interop.queries import Condition, Events, condition, error_events, events, native, parse
from interop.report import NotExactError
from interop.services import identifier
from watchkeeper.catalog.base import DURATION_MAX, format_duration

PROMETHEUS = "prometheus"


@dataclass(frozen=True, slots=True)
class Indicator:
    """What an indicator says: a ratio of events, or a condition that waits for its threshold."""

    name: str
    description: str
    ratio: Facts | None = None
    threshold: Condition | None = None

    def facts(self, objective: Part) -> Facts | None:
        """Give the SLI for one objective; ``None`` if there is none, which is then reported."""
        if self.threshold is None:
            for key in ("op", "value"):
                objective.skip(key, "a ratio is compared with nothing", "drop it")
            return self.ratio
        operator, value = objective.text("op"), objective.number("value")
        try:
            return _threshold(self.threshold, operator, value)
        except NotExactError as refusal:
            objective.say("the threshold", refusal.why, refusal.fix)
            return None


def indicator(document: Part, sources: Mapping[str, str]) -> Indicator | None:
    """Read an indicator."""
    metadata, spec = document.part("metadata"), document.part("spec")
    name = metadata.text("name")
    name = identifier(metadata, "name", name) if name else ""
    title = metadata.prose("displayName")
    metadata.skip("labels", "an SLI has none in the catalog", "say it in its description")
    metadata.skip("annotations", "an SLI has none in the catalog", "say it in its description")
    metadata.done()
    description = spec.prose("description") or title
    ratio, threshold = spec.has("ratioMetric"), spec.has("thresholdMetric")
    found = None
    if ratio == threshold:
        spec.say("the indicator", "exactly one of ratioMetric and thresholdMetric must be given", "write one")
    elif ratio and (facts := _ratio(spec.part("ratioMetric"), sources)):
        found = Indicator(name, description, ratio=facts)
    elif threshold and (judged := _condition(spec.part("thresholdMetric"), sources)):
        found = Indicator(name, description, threshold=judged)
    spec.ignore("ratioMetric", "thresholdMetric")
    spec.done()
    document.done()
    return found


def _ratio(metric: Part, sources: Mapping[str, str]) -> Facts | None:
    counter = metric.flag("counter", default=False)
    for key in ("raw", "rawType"):
        metric.skip(
            key, "a ratio of unknown events can not be weighted by events", "give the two event counts"
        )
    given = [key for key in ("good", "bad") if metric.has(key)]
    numerators = {key: _query(metric.part(key), sources) for key in given}
    total = _query(metric.part("total"), sources) if metric.has("total") else ""
    metric.ignore("good", "bad", "total")
    metric.done()
    if len(given) != 1 or not total or not all(numerators.values()):
        if not metric.has("raw") and (len(given) != 1 or not metric.has("total")):
            metric.say("the ratio", "a total and one of good and bad must be given", "write both")
        return None
    (key,) = given
    try:
        return _facts(key, numerators[key], total, counter=counter)
    except NotExactError as refusal:
        metric.say("the ratio", refusal.why, refusal.fix)
        return None


def _facts(key: str, numerator: str, total: str, *, counter: bool) -> Facts:
    every, part = parse(total), parse(numerator)
    whole = native(every)
    if whole is not None and whole.bound is None and whole.events.range is not None:
        quick = native(part)
        if key != "good" or quick is None or quick.bound is None or quick.events != whole.events:
            raise NotExactError(
                "its numerator is not the quick part of the same native histogram",
                "write histogram_fraction(0, BOUND, H) * histogram_count(H) as good",
            )
        return native_latency(whole.events, quick.bound)
    counted = _counted(events(every), counter=counter)
    return good_of(events(part), counted) if key == "good" else bad_of(error_events(part), counted)


def _counted(total: Events, *, counter: bool) -> Events:
    if total.range is None and not counter:
        raise NotExactError(
            "without 'counter: true' these are gauges, and their quotient weighs no events",
            "write 'counter: true' if the metrics only rise",
        )
    return total


def _condition(metric: Part, sources: Mapping[str, str]) -> Condition | None:
    query = _query(metric, sources)
    metric.done()
    if not query:
        return None
    try:
        return condition(parse(query))
    except NotExactError as refusal:
        metric.say("the threshold metric", refusal.why, refusal.fix)
        return None


def _threshold(judged: Condition, operator: str, value: Decimal | None) -> Facts:
    by = {"group_by": list(judged.by)} if judged.by else {}
    if judged.kind == "boolean":
        if operator != "gte" or value != 1:
            raise NotExactError("a gauge that is 1 while all is well is compared with gte 1", "write that")
        return {"kind": "boolean", "gauge": str(judged.selector), **by}
    if operator != "lte" or value is None:
        raise NotExactError(
            "an age is good up to its limit, which is lte", "write lte and the limit in seconds"
        )
    if value * 1000 % 1 or not 0 < value <= DURATION_MAX // timedelta(seconds=1):
        raise NotExactError(f"{value} s is no age in milliseconds up to ten years", "correct it")
    age = format_duration(timedelta(milliseconds=int(value * 1000)))
    return {"kind": "freshness", "timestamp": str(judged.selector), "max_age": age, **by}


def _query(metric: Part, sources: Mapping[str, str]) -> str:
    """Give the PromQL of a metric; nothing, and a report, if it is another language's."""
    source = metric.part("metricSource")
    reference, kind = source.text("metricSourceRef"), source.text("type")
    spec = source.part("spec")
    kind = kind or sources.get(reference, "")
    query = ""
    if kind.lower() == PROMETHEUS:
        query = spec.text("query")
        if not query:
            spec.say("the metric", "there is no query", "write PromQL under 'query'")
        spec.done()
    else:
        why = f"its source is '{kind[:40]}'" if kind else "nothing says that its source is Prometheus"
        source.say(
            "the metric", f"{why}, and only PromQL is read", "write 'type: Prometheus', or record it there"
        )
    source.done()
    metric.done() if not query else None
    return query
