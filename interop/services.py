"""Services as they gather from the documents of other tools, until they are files of a catalog.

Several documents may speak of one service. Each SLO is held to the catalog's own models and checks as
it comes, alone, so that what is wrong with it is reported where it was read, and what is written passes.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from interop.documents import Part, Report
from interop.indicators import Facts
from interop.report import InteropError
from interop.writing import service_text
from watchkeeper.catalog.base import IDENTIFIER
from watchkeeper.catalog.checks import run_checks
from watchkeeper.catalog.documents import SERVICE, SETTINGS, TEAMS
from watchkeeper.catalog.draft import Draft, DraftFile
from watchkeeper.catalog.explain import validate
from watchkeeper.catalog.problems import CatalogError, Place, Problem
from watchkeeper.catalog.service import Service
from watchkeeper.catalog.source import Source
from watchkeeper.catalog.tree import read_tree

SLOS_MAX = 5_000
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ID_LENGTH_MAX = 63
_SETTINGS = (
    "product: x\nname: X\nretention: 3660d\nscrape_interval: 1ms\nlinks: {console: http://x.example}\n"
)
"""Retention and scrapes are the target catalog's matter, and its own check's."""


@dataclass(slots=True)
class Imported:
    """One SLO with its SLI, as the catalog's YAML is to say it."""

    sli: dict[str, Any]
    slo: dict[str, Any]


@dataclass(slots=True)
class ImportedService:
    """One service on its way."""

    id: str
    name: str = ""
    description: str = ""
    team: str = ""
    place: Place | None = None
    """Where it was first spoken of."""
    slos: list[Imported] = field(default_factory=list)

    def content(self) -> dict[str, Any]:
        """Give what the file is to say. SLOs that share an SLI share it here too."""
        slis: dict[str, dict[str, Any]] = {}
        for one in self.slos:
            slis.setdefault(one.sli["id"], one.sli)
        name = self.name or self.id
        return {
            "id": self.id,
            "name": name,
            "description": self.description or f"{name}.",
            "team": self.team,
            "slis": list(slis.values()),
            "slos": [one.slo for one in self.slos],
        }


Judge = Callable[[Service], str]


@dataclass
class Services:
    """Every service that the documents speak of."""

    report: Report
    team: str | None = None
    """Owns every service; where there is none, the documents have to say who does."""
    judge: Judge = lambda _: ""
    """Says what the window policy has against a service with one SLO."""
    by_id: dict[str, ImportedService] = field(default_factory=dict)

    def service(self, identifier: str, at: Part) -> ImportedService:
        """Give a service; a new one if no document has spoken of it before."""
        new = ImportedService(identifier, team=self.team or "", place=at.node.place)
        return self.by_id.setdefault(identifier, new)

    def owned(self, service: ImportedService, team: str, at: Part) -> None:
        """Note who owns a service, where a document says so and the caller did not."""
        if self.team is not None or not team:
            return
        if service.team and service.team != team:
            at.say(f"team '{team}'", f"service '{service.id}' has team '{service.team}'", "give --team")
            return
        service.team = team

    def add(
        self,
        service: ImportedService,
        at: Part,
        identifier: str,
        facts: Facts,
        *,
        sli_id: str = "",
        description: str = "",
        sli_description: str = "",
        objective: Decimal,
        period: str = "",
        page: bool = True,
        ticket: bool = True,
    ) -> None:
        """Take one SLO in, or report what keeps it out."""
        if any(one.slo["id"] == identifier for one in service.slos):
            at.say(
                "the SLO", f"service '{service.id}' has an SLO '{identifier}' already", "rename one of them"
            )
            return
        sli_id = self._sli_id(service, sli_id or identifier, facts)
        promise = f"{_plain(objective)} % of events are good."
        sli = {"id": sli_id, **_ordered(facts, sli_description or description or "Good events.")}
        slo: dict[str, Any] = {
            "id": identifier,
            "description": description or promise,
            "sli": sli_id,
            "objective": int(objective) if objective == int(objective) else objective,
        }
        if period and period != "30d":
            slo["period"] = period
        if not (page and ticket):
            slo["alerts"] = {tier: on for tier, on in (("page", page), ("ticket", ticket)) if not on}
        one = Imported(sli, slo)
        model, problems = check_alone(ImportedService(service.id, team="t", slos=[one]))
        for problem in problems:
            at.say("the SLO", problem.what, problem.fix)
        if problems or model is None:
            return
        if refusal := self.judge(model):
            why, _, fix = refusal.partition("; ")
            at.say("the SLO", why, fix)
            return
        if len(service.slos) >= SLOS_MAX:
            raise InteropError(
                f"service {service.id} has more than {SLOS_MAX:,} SLOs; import fewer files at once"
            )
        service.slos.append(one)

    def finish(self) -> None:
        """Report what can not be written, now that all documents were read."""
        for service in self.by_id.values():
            why, fix = "", ""
            if not service.slos:
                why, fix = "it has no SLO that was carried", "mend one, or write the service by hand"
            elif not service.team:
                why, fix = "nobody owns it", "give --team ID"
            if why and service.place is not None:
                self.report.add(service.place, (), f"service '{service.id}' is not carried", why, fix)

    def files(self) -> Iterator[tuple[str, str]]:
        """Give every service that can be written: its id and its file's text."""
        for service in self.by_id.values():
            if service.team and service.slos:
                yield service.id, service_text(service.content())

    def _sli_id(self, service: ImportedService, wanted: str, facts: Facts) -> str:
        taken = {one.sli["id"]: one.sli for one in service.slos}
        candidate, number = wanted, 2
        while candidate in taken and not _says(taken[candidate], facts):
            candidate, number = f"{wanted[: _ID_LENGTH_MAX - 4]}-{number}", number + 1
        return candidate


def identifier(part: Part, key: str, name: str) -> str:
    """Make a name an identifier of the catalog; a change of it is reported, and so is what can be none."""
    made = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not _IDENTIFIER.fullmatch(made) or len(made) > _ID_LENGTH_MAX:
        part.wrong(key, f"no identifier can be made of '{name[:80]}'", f"{IDENTIFIER.rule}, and at most 63")
        return ""
    if made != name:
        part.note(
            key,
            f"'{name[:80]}' is '{made}' here",
            "the catalog's identifiers are simpler",
            "rename it, or leave it so",
        )
    return made


def check_alone(service: ImportedService) -> tuple[Service | None, tuple[Problem, ...]]:
    """Hold one service to the catalog's models and checks; give it, or what is wrong with it."""
    name = f"services/{service.id}.yaml"
    try:
        root = read_tree(Source(name, service_text(service.content())))
        stubs = [
            _stub(SETTINGS.path, _SETTINGS),
            _stub(TEAMS.path, f"teams:\n  - {{id: {service.team}, name: T}}\n"),
        ]
    except CatalogError as error:
        return None, error.problems
    model, problems = validate(Service, root)
    if not isinstance(model, Service):
        return None, problems
    return model, tuple(run_checks(Draft((*stubs, DraftFile(SERVICE, name, root, model)))))


def _stub(path: str, text: str) -> DraftFile:
    document = SETTINGS if path == SETTINGS.path else TEAMS
    root = read_tree(Source(path, text))
    model, _ = validate(document.model, root)
    return DraftFile(document, path, root, model)


def _ordered(facts: Facts, description: str) -> dict[str, Any]:
    """Put the description behind the kind, as the catalog's files have it."""
    head: dict[str, Any] = {key: facts[key] for key in ("kind", "format") if key in facts}
    return {**head, "description": description, **facts}


def _says(sli: dict[str, Any], facts: Facts) -> bool:
    return {key: value for key, value in sli.items() if key not in {"id", "description"}} == facts


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
