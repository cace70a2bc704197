"""OpenSLO v1 documents as services of the catalog.

Documents refer to each other by name, in any order and over several files. So they are gathered first,
and the SLOs are read when all are there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from interop.documents import Part
from interop.openslo_sli import Indicator, indicator
from interop.services import Services, identifier
from watchkeeper.catalog.base import format_duration, parse_duration

API = "openslo"
VERSION = "openslo/v1"
ALERTS = "watchkeeper/alerts"
"""Annotation of an SLO: which tiers of alert it has; OpenSLO's own policies can not say it exactly."""
TIERS: Mapping[str, tuple[bool, bool]] = {
    "page,ticket": (True, True),
    "page": (True, False),
    "ticket": (False, True),
    "none": (False, False),
}
_DERIVED = "burn alerts are derived from the window policy, for every SLO alike"
_DERIVED_FIX = "compare the policy in alerts/windows.yaml; switch tiers with 'alerts' of the SLO"
_SHORTHAND = re.compile(r"([1-9][0-9]{0,5})([mhdw])")


def recognises(document: Part) -> bool:
    """Tell whether a document is OpenSLO's."""
    version = document.node.get("apiVersion")
    return version is not None and version.text.startswith(API)


@dataclass
class Gathered:
    """Every document that was read, by what it is and what it is called."""

    services: Services
    slos: list[Part] = field(default_factory=list)
    named: dict[tuple[str, str], Part] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    """Data sources by name: their type."""

    def read(self, document: Part) -> None:
        """Take a document in."""
        version, kind = document.text("apiVersion"), document.text("kind")
        if version != VERSION:
            document.wrong("apiVersion", f"'{version[:40]}' is not known", f"convert it to {VERSION}")
            return
        if kind == "SLO":
            self.slos.append(document)
        elif kind in {"SLI", "Service"}:
            self._name(document, kind)
        elif kind == "DataSource":
            self._source(document)
        elif kind in {"AlertPolicy", "AlertCondition"}:
            document.wrong("kind", f"{kind}: {_DERIVED}", _DERIVED_FIX)
        elif kind == "AlertNotificationTarget":
            document.wrong("kind", "who is told follows from the team", "say it in teams.yaml")
        else:
            document.wrong("kind", f"'{kind[:40]}' is no kind of {VERSION}", "correct it")

    def finish(self) -> None:
        """Read services and SLOs, now that everything they refer to is there."""
        for (kind, _), document in self.named.items():
            if kind == "Service":
                self._service(document)
        used: set[str] = set()
        for slo in self.slos:
            used.add(self._slo(slo))
        for (kind, name), document in self.named.items():
            if kind == "SLI" and name not in used:
                document.say(
                    f"SLI '{name[:80]}'", "no SLO here refers to it", "give the file with its SLO too"
                )

    def _name(self, document: Part, kind: str) -> None:
        node = document.node.get("metadata", "name")
        name = node.text if node is not None else ""
        if self.named.setdefault((kind, name), document) is not document:
            document.say(f"{kind} '{name[:80]}'", "there is another of this name", "rename one of them")

    def _source(self, document: Part) -> None:
        name = document.part("metadata").text("name")
        self.sources[name] = document.part("spec").text("type")
        document.note(
            "kind",
            f"the connection of data source '{name[:80]}' is not carried",
            "the catalog knows one Prometheus, which is a matter of deployment",
            "configure it in deploy/prometheus",
        )

    def _service(self, document: Part) -> None:
        document.ignore("apiVersion", "kind")
        metadata, spec = document.part("metadata"), document.part("spec")
        name = identifier(metadata, "name", metadata.text("name"))
        if name:
            service = self.services.service(name, metadata)
            service.name = metadata.prose("displayName")
            service.description = spec.prose("description")
            self.services.owned(service, _labels(metadata), metadata)
        metadata.skip("annotations", "they are another tool's", "say it in a description")
        for part in (metadata, spec, document):
            part.done()

    def _slo(self, document: Part) -> str:
        """Read an SLO; give the name of the SLI that it refers to."""
        document.ignore("apiVersion", "kind")
        metadata, spec = document.part("metadata"), document.part("spec")
        service_name = identifier(spec, "service", spec.text("service"))
        # An SLO's full id in the catalog is SERVICE-SLO: a name that says the service need not say it twice.
        name = identifier(metadata, "name", metadata.text("name").removeprefix(f"{service_name}-"))
        description = spec.prose("description") or metadata.prose("displayName")
        metadata.ignore("displayName")
        team = _labels(metadata)
        page, ticket = _alerts(metadata.part("annotations"))
        period = _period(spec)
        counted = _occurrences(spec)
        for policy in spec.parts("alertPolicies"):
            policy.say("the alert policy", _DERIVED, _DERIVED_FIX)
        found, reference = self._indicator(spec)
        objectives = spec.parts("objectives")
        for part in (metadata, spec, document):
            part.done()
        if not objectives:
            spec.say("the SLO", "it has no objectives", "write at least one")
        for index, objective in enumerate(objectives):
            target = _target(objective)
            facts = found.facts(objective) if found else None
            label = objective.prose("displayName")
            objective.done()
            if not (name and service_name and period and counted and facts and found and target is not None):
                continue
            service = self.services.service(service_name, metadata)
            self.services.owned(service, team, metadata)
            several = len(objectives) > 1
            self.services.add(
                service,
                objective,
                f"{name}-{index + 1}" if several else name,
                facts,
                sli_id=found.name or name,
                description=(label or description) if several else (description or label),
                sli_description=found.description,
                objective=target,
                period=period,
                page=page,
                ticket=ticket,
            )
        return reference

    def _indicator(self, spec: Part) -> tuple[Indicator | None, str]:
        reference = spec.text("indicatorRef")
        if spec.has("indicator"):
            inline = spec.part("indicator")
            return indicator(inline, self.sources), reference
        spec.ignore("indicator")
        document = self.named.get(("SLI", reference))
        if document is None:
            key = "indicatorRef" if reference else "indicator"
            spec.wrong(key, f"there is no SLI '{reference[:80]}' here", "give the file that has it too")
            return None, reference
        document.ignore("apiVersion", "kind")
        return indicator(document, self.sources), reference


def _labels(metadata: Part) -> str:
    labels = metadata.part("labels")
    team = labels.text("team")
    team = identifier(labels, "team", team) if team else ""
    for key in labels.node.keys:
        if key != "team":
            labels.skip(
                key, "the rules' labels are the catalog's own", "select by 'service', 'slo' and 'team'"
            )
    return team


def _alerts(annotations: Part) -> tuple[bool, bool]:
    text = annotations.text(ALERTS)
    for key in annotations.node.keys:
        if key != ALERTS:
            annotations.skip(key, "they are another tool's", "say it in a description")
    if text and text not in TIERS:
        annotations.wrong(ALERTS, f"'{text[:40]}' is no choice of tiers", f"use one of {'; '.join(TIERS)}")
    return TIERS.get(text, (True, True))


def _period(spec: Part) -> str:
    windows = spec.parts("timeWindow")
    if not windows:
        why = "the SLO states none, and 30d is the catalog's default"
        spec.note("timeWindow", "the time window is 30d here", why, "write one")
        return "30d"
    window = windows[0]
    for other in windows[1:]:
        other.say("the time window", "an SLO has one", "make an SLO of each")
    text = window.text("duration")
    calendar = window.has("calendar")
    window.skip("calendar", "the catalog's periods roll", "use a rolling window, such as 30d")
    rolling = window.flag("isRolling", default=not calendar)
    window.done()
    if calendar or not rolling:
        if not calendar:
            window.wrong("isRolling", "the catalog's periods roll", "use a rolling window, such as 30d")
        return ""
    if not _SHORTHAND.fullmatch(text):
        window.wrong(
            "duration",
            f"'{text[:40]}' has no fixed length in days",
            "write one such as 30d; a month is not always as long",
        )
        return ""
    try:
        return format_duration(parse_duration(text))
    except ValueError as error:
        why, _, fix = str(error).partition("; ")
        window.wrong("duration", why, fix)
        return ""


def _occurrences(spec: Part) -> bool:
    method = spec.text("budgetingMethod")
    if method == "Occurrences":
        return True
    spec.wrong(
        "budgetingMethod",
        f"'{method[:40]}' weighs time, and the catalog weighs events",
        "use Occurrences if that will do",
    )
    return False


def _target(objective: Part) -> Decimal | None:
    ratio, percent = objective.number("target"), objective.number("targetPercent")
    if (ratio is None) == (percent is None):
        objective.say("the objective", "exactly one of target and targetPercent must be given", "write one")
        return None
    objective.skip("timeSliceTarget", "the catalog weighs events", "drop it")
    objective.skip("timeSliceWindow", "the catalog weighs events", "drop it")
    exact = ratio * 100 if ratio is not None else percent
    return exact.normalize() if exact is not None else None
