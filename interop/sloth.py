"""Sloth's ``prometheus/v1`` specs as services of the catalog.

Sloth's queries are templates over a window and its period is a setting of its own, 30 days unless told
otherwise; the catalog's default is the same.
"""

from decimal import Decimal

from interop.documents import Part
from interop.indicators import Facts, bad_of
from interop.queries import Events, error_events, events, parse
from interop.report import NotExactError
from interop.services import ImportedService, Services, identifier

VERSION = "prometheus/v1"
_ROUTED = "alerts are named, labelled and routed by the catalog's own rules"
_ROUTED_FIX = "say in teams.yaml how the team is reached; see docs/interop.md"


def recognises(document: Part) -> bool:
    """Tell whether a document is a Sloth spec."""
    version = document.node.get("version")
    return version is not None and version.text.startswith(("prometheus/", "sloth/"))


def read(document: Part, services: Services) -> None:
    """Take a spec's SLOs in."""
    version = document.text("version")
    if version != VERSION:
        document.wrong("version", f"'{version}' is not known", f"convert the spec to {VERSION}")
        return
    name = document.text("service")
    service_id = identifier(document, "service", name)
    slos = document.parts("slos")
    if not service_id:
        return
    service = services.service(service_id, document)
    services.owned(service, _labels(document), document)
    for slo in slos:
        _slo(slo, service, services)
    document.done()


def _slo(slo: Part, service: ImportedService, services: Services) -> None:
    name = identifier(slo, "name", slo.text("name"))
    description = slo.prose("description")
    objective = slo.number("objective")
    _labels(slo, team=False)
    page, ticket = _alerting(slo.part("alerting"))
    slo.skip("plugins", "the catalog runs no plugins", "say what the plugin does in the catalog")
    facts = _sli(slo.part("sli"))
    slo.done()
    if objective is None and not slo.has("objective"):
        slo.say("the SLO", "it has no objective", "write one")
    if name and facts and objective is not None:
        services.add(
            service, slo, name, facts, description=description, objective=Decimal(objective), page=page,
            ticket=ticket,
        )  # fmt: skip


def _labels(part: Part, *, team: bool = True) -> str:
    """Take the team from a spec's labels; the others have no counterpart."""
    labels = part.part("labels")
    owner = labels.text("team") if team else ""
    if owner:
        owner = identifier(labels, "team", owner)
    for key in labels.node.keys:
        if not (team and key == "team"):
            labels.skip(
                key, "the rules' labels are the catalog's own", "select by 'service', 'slo' and 'team'"
            )
    labels.done()
    return owner


def _sli(sli: Part) -> Facts | None:
    sli.skip("raw", "a ratio of unknown events can not be weighted by events", "give the two event counts")
    sli.skip("plugin", "the catalog runs no plugins", "write the plugin's two queries out")
    sli.skip("denominator_corrected", "it weighs the windows anew", "use 'events' with the same queries")
    facts = None
    if sli.has("events"):
        counted = sli.part("events")
        error, total = counted.text("error_query"), counted.text("total_query")
        counted.done()
        facts = _facts(counted, error, total)
    elif not sli.node.keys:
        sli.say("the SLI", "there is none", "write 'events' with its two queries")
    sli.done()
    return facts


def _facts(counted: Part, error: str, total: str) -> Facts | None:
    try:
        every = events(parse(total))
        _templated(every)
    except NotExactError as refusal:
        counted.wrong("total_query", refusal.why, refusal.fix)
        return None
    try:
        return bad_of(error_events(parse(error)), every)
    except NotExactError as refusal:
        counted.wrong("error_query", refusal.why, refusal.fix)
        return None


def _templated(total: Events) -> None:
    if total.range is None:
        raise NotExactError("it has no range, so it does not count events", "use sum(rate(...[{{.window}}]))")
    if total.range.length is not None:
        raise NotExactError("its range is fixed, so it is no count over the window", "use [{{.window}}]")


def _alerting(alerting: Part) -> tuple[bool, bool]:
    for key in ("name", "labels", "annotations"):
        alerting.skip(key, _ROUTED, _ROUTED_FIX)
    tiers = []
    for key in ("page_alert", "ticket_alert"):
        tier = alerting.part(key)
        tiers.append(not tier.flag("disable", default=False))
        for routed in ("labels", "annotations"):
            tier.skip(routed, _ROUTED, _ROUTED_FIX)
        tier.done()
    alerting.done()
    page, ticket = tiers
    return page, ticket
