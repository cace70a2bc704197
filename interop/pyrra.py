"""Pyrra's ``ServiceLevelObjective`` resources as services of the catalog.

Pyrra knows objectives and no services. The label ``pyrra.dev/service`` names one; without it every
objective is a service of its own. The label ``pyrra.dev/team`` names the owner.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from interop.documents import Part
from interop.indicators import Facts, bad_of, good_of, native_latency
from interop.queries import Events, parse, selector
from interop.report import NotExactError
from interop.services import Services, identifier
from watchkeeper.catalog.base import format_duration, parse_duration

API = "pyrra.dev/"
VERSION = "pyrra.dev/v1alpha1"
KIND = "ServiceLevelObjective"
SERVICE_LABEL = "pyrra.dev/service"
TEAM_LABEL = "pyrra.dev/team"
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,20})?")


def recognises(document: Part) -> bool:
    """Tell whether a document is Pyrra's."""
    version = document.node.get("apiVersion")
    return version is not None and version.text.startswith(API)


def read(document: Part, services: Services) -> None:
    """Take an objective in."""
    version, kind = document.text("apiVersion"), document.text("kind")
    if (version, kind) != (VERSION, KIND):
        key = "kind" if version == VERSION else "apiVersion"
        document.wrong(key, f"'{f'{version} {kind}'[:80]}' is not known", f"use {VERSION} {KIND}")
        return
    metadata, spec = document.part("metadata"), document.part("spec")
    document.ignore("status")  # what the cluster last did with it, not what anybody asked for
    document.done()
    name, service_name, team = _metadata(metadata)
    description = spec.prose("description")
    objective, period = _target(spec), _window(spec)
    alerts = _alerting(spec.part("alerting"))
    spec.skip("partial_response_strategy", "it speaks to Thanos Ruler alone", "set it in the ruler")
    indicator = spec.part("indicator")
    found = _indicator(indicator)
    spec.done()
    if name and found and objective is not None and period:
        kind, facts = found
        service = services.service(service_name or name, metadata)
        services.owned(service, team, metadata)
        services.add(
            service, indicator, name if service_name else kind, facts, description=description,
            objective=objective, period=period, page=alerts, ticket=alerts,
        )  # fmt: skip


def _metadata(metadata: Part) -> tuple[str, str, str]:
    name = identifier(metadata, "name", metadata.text("name"))
    labels = metadata.part("labels")
    taken = {key: labels.text(key) for key in (SERVICE_LABEL, TEAM_LABEL)}
    service, team = (identifier(labels, key, value) if value else "" for key, value in taken.items())
    for key in labels.node.keys:
        if key not in taken:
            labels.skip(
                key, "labels of the resource have no counterpart", "select by 'service', 'slo' and 'team'"
            )
    labels.done()
    metadata.skip("namespace", "the catalog knows no Kubernetes namespaces", "put it in the export's options")
    metadata.skip("annotations", "annotations of the resource have no counterpart", "say it in a description")
    metadata.done()
    return name, service, team


def _target(spec: Part) -> Decimal | None:
    text = spec.text("target")
    if text and _PERCENT.fullmatch(text):
        return Decimal(text)
    spec.wrong("target", f"'{text[:40]}' is no percentage in quotes", 'write one such as "99.9"')
    return None


def _window(spec: Part) -> str:
    text = spec.text("window")
    try:
        return format_duration(parse_duration(text))
    except ValueError as error:
        why, _, fix = str(error).partition("; ")
        spec.wrong("window", why, fix)
        return ""


def _alerting(alerting: Part) -> bool:
    on = alerting.flag("burnrates", default=True) and not alerting.flag("disabled", default=False)
    if not alerting.flag("absent", default=True):
        alerting.wrong(
            "absent",
            "an SLO here always tells when its series are gone",
            "route the alert SliAbsent to nobody",
        )
    if alerting.text("burnRateType") not in {"", "static"}:
        alerting.wrong("burnRateType", "thresholds here do not change with traffic", "leave it out")
    for key in ("name", "absentName"):
        alerting.skip(
            key, "alerts have one name each, ErrorBudgetBurn and SliAbsent", "tell them by label 'slo'"
        )
    for key in ("severities", "labels", "annotations"):
        alerting.skip(key, "alerts are labelled by the catalog's own rules", "say in teams.yaml who is told")
    alerting.done()
    return on


def _indicator(indicator: Part) -> tuple[str, Facts] | None:
    given = [kind for kind in _READERS if indicator.has(kind)]
    parts = {kind: indicator.part(kind) for kind in given}
    indicator.done()
    if len(given) != 1:
        why = "there is none" if not given else f"there are {len(given)}, and an objective has one"
        indicator.say("the indicator", why, "write exactly one of ratio, latency, latencyNative, bool_gauge")
        return None
    (kind,) = given
    part = parts[kind]
    by = part.texts("grouping")
    try:
        facts = _READERS[kind](part, by)
    except NotExactError as refusal:
        part.say(f"the indicator '{kind}'", refusal.why, refusal.fix)
        return None
    part.done()
    name: str = facts["kind"]
    return name, facts


def _ratio(part: Part, by: tuple[str, ...]) -> Facts:
    bad, total = part.part("errors"), part.part("total")
    return bad_of(_metric(bad, by), _metric(total, by))


def _latency(part: Part, by: tuple[str, ...]) -> Facts:
    success, total = part.part("success"), part.part("total")
    good = _metric(success, by)
    if not good.selector.metric.endswith("_bucket"):
        raise NotExactError("'success' is no bucket of a histogram", "use the metric ending in _bucket")
    return good_of(good, _metric(total, by))


def _metric(part: Part, by: tuple[str, ...]) -> Events:
    text = part.text("metric")
    part.done()
    return Events(selector(parse(text)), by)


def _native(part: Part, by: tuple[str, ...]) -> Facts:
    total = _metric(part.part("total"), by)
    text = part.text("latency")
    try:
        seconds = Decimal(parse_duration(text) // timedelta(milliseconds=1)).scaleb(-3)
    except ValueError as error:
        why, _, fix = str(error).partition("; ")
        raise NotExactError(why, fix) from error
    return native_latency(total, seconds)


def _boolean(part: Part, by: tuple[str, ...]) -> Facts:
    gauge = selector(parse(part.text("metric")))
    part.note(
        "metric",
        "the gauge is carried only if it is one series per group",
        "Pyrra counts the samples of each series by itself; here all series of a group are judged together, "
        "and one that is not 1 is enough",
        "make sure that it matches one, or name the labels that tell its series apart in 'group_by'",
    )
    return {"kind": "boolean", "gauge": str(gauge), **({"group_by": list(by)} if by else {})}


_READERS: Mapping[str, Callable[[Part, tuple[str, ...]], Facts]] = {
    "ratio": _ratio,
    "latency": _latency,
    "latencyNative": _native,
    "bool_gauge": _boolean,
}
"""By the indicator's key."""
