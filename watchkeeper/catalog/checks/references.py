"""References: every name that a file uses for something elsewhere leads there.

What a broken file would have defined is not reported as absent: its own problem is.
"""

from collections.abc import Iterable, Iterator

from watchkeeper.catalog.documents import MAINTENANCE, OWNERSHIP, SERVICE, TEAMS
from watchkeeper.catalog.draft import Draft
from watchkeeper.catalog.hints import choose
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.tree import Node


def check(draft: Draft) -> Iterator[Problem]:
    """Follow every reference."""
    yield from _teams(draft)
    yield from _services(draft)
    for service in draft.trees(SERVICE):
        yield from _within(service)
    yield from _jobs(draft)


def _teams(draft: Draft) -> Iterator[Problem]:
    if not draft.readable(TEAMS):
        return
    teams = _words(item.get("id") for tree in draft.trees(TEAMS) for item in tree.each("teams"))
    used = [service.get("team") for service in draft.trees(SERVICE)]
    for tree in draft.trees(OWNERSHIP):
        used += [tree.get("default_team"), *(rule.get("team") for rule in tree.each("rules"))]
    yield from _dangling(used, teams, "team", "add one to teams.yaml")


def _services(draft: Draft) -> Iterator[Problem]:
    used = list(draft.in_services("depends_on"))
    for tree in draft.trees(MAINTENANCE):
        used += [word for window in tree.each("maintenance") for word in window.each("services")]
    yield from _dangling(used, draft.service_ids(), "service", "write its file in services/ first")


def _within(service: Node) -> Iterator[Problem]:
    slis = _words(sli.get("id") for sli in service.each("slis"))
    yield from _dangling(
        (slo.get("sli") for slo in service.each("slos")), slis, "SLI of this service", "state it under 'slis'"
    )
    slos = _words(slo.get("id") for slo in service.each("slos"))
    used = [
        *(word for load in service.each("load") for word in load.each("slos")),
        *(drill.get("expect", "page") for drill in service.each("drills")),
    ]
    yield from _dangling(used, slos, "SLO of this service", "state it under 'slos'")
    jobs = _words(job.get("job") for job in service.each("scrape"))
    scaled = (policy.get("job") for policy in service.each("scaling"))
    yield from _dangling(scaled, jobs, "scrape job of this service", "state it under 'scrape'")


def _jobs(draft: Draft) -> Iterator[Problem]:
    if not draft.readable(SERVICE):
        return
    jobs = _words(job.get("job") for job in draft.in_services("scrape"))
    used = (
        injection.get("job") for drill in draft.in_services("drills") for injection in drill.each("inject")
    )
    yield from _dangling(used, jobs, "scrape job", "state it under 'scrape' of its service")


def _words(nodes: Iterable[Node | None]) -> tuple[str, ...]:
    return tuple(node.text for node in nodes if node is not None and node.text)


def _dangling(
    used: Iterable[Node | None], known: tuple[str, ...], noun: str, nothing: str
) -> Iterator[Problem]:
    names = frozenset(known)
    for node in used:
        if node is not None and node.text and node.text not in names:
            fix = choose(node.text, known, nothing)
            yield Problem(node.place, "references", f"there is no {noun} '{node.text}'", fix)
