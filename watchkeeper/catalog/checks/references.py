"""References: every name that a file uses for something elsewhere leads there.

What a broken file would have defined is not reported as absent: its own problem is.
"""

from collections.abc import Iterable, Iterator

from watchkeeper.catalog.base import IDENTIFIER
from watchkeeper.catalog.documents import MAINTENANCE, OWNERSHIP, SERVICE, TEAMS
from watchkeeper.catalog.draft import Draft, DraftFile
from watchkeeper.catalog.hints import choose
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.tree import Node

Names = tuple[str, ...] | None
"""What is defined; ``None`` where a broken file keeps it unknown."""

_GUESSES_MAX = 20
"""Guessing what was meant compares with every name there is; after so many nobody reads on."""


def check(draft: Draft) -> Iterator[Problem]:
    """Follow every reference."""
    yield from _teams(draft)
    yield from _services(draft)
    for file in draft.files:
        if file.document is SERVICE and file.root is not None:
            yield from _within(file, file.root)
    jobs = draft.names(SERVICE, "scrape", "job")
    used = (
        injection.get("job") for drill in draft.in_services("drills") for injection in drill.each("inject")
    )
    yield from _dangling(used, jobs, "there is no scrape job", "state it under 'scrape' of its service")


def _teams(draft: Draft) -> Iterator[Problem]:
    used = [service.get("team") for service in draft.trees(SERVICE)]
    for tree in draft.trees(OWNERSHIP):
        used += [tree.get("default_team"), *(rule.get("team") for rule in tree.each("rules"))]
    yield from _dangling(used, draft.names(TEAMS, "teams", "id"), "there is no team", "add it to teams.yaml")


def _services(draft: Draft) -> Iterator[Problem]:
    used = list(draft.in_services("depends_on"))
    for tree in draft.trees(MAINTENANCE):
        used += [word for window in tree.each("maintenance") for word in window.each("services")]
    yield from _dangling(
        used, draft.service_ids(), "there is no service", "write its file in services/ first"
    )


def _within(file: DraftFile, service: Node) -> Iterator[Problem]:
    slis = (slo.get("sli") for slo in service.each("slos"))
    yield from _dangling(slis, file.names("slis", "id"), "this service has no SLI", "state it under 'slis'")
    slos = [
        *(word for load in service.each("load") for word in load.each("slos")),
        *(drill.get("expect", "page") for drill in service.each("drills")),
    ]
    yield from _dangling(slos, file.names("slos", "id"), "this service has no SLO", "state it under 'slos'")
    scaled = (policy.get("job") for policy in service.each("scaling"))
    jobs = file.names("scrape", "job")
    yield from _dangling(scaled, jobs, "this service has no scrape job", "state it under 'scrape'")


def _dangling(used: Iterable[Node | None], known: Names, what: str, nothing: str) -> Iterator[Problem]:
    """Find the names that lead nowhere; ``nothing`` is the advice where nothing at all is defined."""
    if known is None:
        return
    names = frozenset(known)
    # What is no identifier has its own problem already.
    dangling = (n for n in used if n is not None and IDENTIFIER.fits(n.text) and n.text not in names)
    for number, node in enumerate(dangling):
        fix = choose(node.text, known, nothing) if number < _GUESSES_MAX else nothing
        yield Problem(node.place, "references", f"{what} '{node.text}'", fix)
