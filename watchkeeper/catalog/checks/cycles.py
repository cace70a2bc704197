"""Dependencies between services form no cycle: in a cycle nobody can be started or blamed first."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from watchkeeper.catalog.documents import SERVICE
from watchkeeper.catalog.draft import Draft
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.tree import Node

_CYCLES_MAX = 50
"""Each costs a walk over all dependencies; who has more has one cause for most of them."""


def check(draft: Draft) -> Iterator[Problem]:
    """Name each cycle once, at one dependency that would have to go."""
    edges = {
        named.text: {to.text: to for to in service.each("depends_on") if to.text}
        for service in draft.trees(SERVICE)
        if (named := service.get("id")) is not None and named.text
    }
    for _ in range(_CYCLES_MAX):
        cycle = _cycle(edges)
        if not cycle:
            return
        node = edges[cycle[0]].pop(cycle[1])
        if len(cycle) == 2:  # noqa: PLR2004 - it and itself
            what, fix = f"the service '{cycle[0]}' depends on itself", "drop the dependency"
        else:
            what, fix = f"the dependencies go in a circle: {' → '.join(cycle)}", "drop one of them"
        yield Problem(node.place, "cycles", what, fix)


def _cycle(edges: dict[str, dict[str, Node]]) -> tuple[str, ...]:
    """Find a cycle, in the direction of the dependencies, beginning with its first name."""
    try:
        # Sorted, so that the same catalog always names the same cycle.
        TopologicalSorter({name: sorted(edges[name]) for name in sorted(edges)}).prepare()
    except CycleError as error:
        ring = list(reversed(error.args[1]))[:-1]
        first = ring.index(min(ring))
        turned = [*ring[first:], *ring[:first]]
        if turned[1 % len(turned)] not in edges[turned[0]]:
            turned = [turned[0], *reversed(turned[1:])]
        return (*turned, turned[0])
    return ()
