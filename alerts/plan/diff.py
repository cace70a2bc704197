"""What must change so that what runs becomes what is wanted, one readable line each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Literal

from alerts.plan.state import Fact, Item, Kind, Part, State

_PART_OF: Mapping[Kind, Part] = {
    Kind.SLO: Part.RULES,
    Kind.RULE: Part.RULES,
    Kind.JOB: Part.PROMETHEUS,
    Kind.PROMETHEUS: Part.PROMETHEUS,
    Kind.ROUTE: Part.ALERTMANAGER,
    Kind.RECEIVER: Part.ALERTMANAGER,
    Kind.INHIBITION: Part.ALERTMANAGER,
    Kind.INTERVAL: Part.ALERTMANAGER,
    Kind.ALERTMANAGER: Part.ALERTMANAGER,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    sign: Literal["+", "-", "~"]
    kind: Kind
    name: str
    what: str
    """The fact that changed, or what came or went."""
    was: str | None = None
    """None: it was not there, or is too long for a line."""
    becomes: str | None = None
    diff: tuple[str, ...] = ()
    """Line by line, of what is too long."""

    @property
    def line(self) -> str:
        """All of it, for a person."""
        subject = self.name if self.kind is Kind.SLO else f"{self.kind} {self.name}"
        arrow = "" if self.was is None or self.becomes is None else f" {self.was} -> {self.becomes}"
        return f"{self.sign} {subject}  {self.what}{arrow}"


def compare(runs: State, wanted: State) -> tuple[Change, ...]:
    """Give every difference, in a fixed order; what one side does not have as a whole part is left out."""
    compared = runs.parts & wanted.parts
    kinds = list(Kind)
    keys = sorted(runs.items.keys() | wanted.items.keys(), key=lambda key: (kinds.index(key[0]), key[1]))
    changes: list[Change] = []
    for key in keys:
        if _PART_OF[key[0]] in compared:
            changes += _item(runs.items.get(key), wanted.items.get(key))
    if Part.ALERTMANAGER in compared:
        changes += _orders(runs, wanted)
    return tuple(changes)


def _item(was: Item | None, becomes: Item | None) -> Iterator[Change]:
    if was is None and becomes is not None:
        yield Change("+", becomes.kind, becomes.name, f"new: {becomes.summary}" if becomes.summary else "new")
    elif was is not None and becomes is None:
        about = f" ({was.summary})" if was.summary else ""
        yield Change("-", was.kind, was.name, f"orphaned: it runs, and the catalog does not know it{about}")
    elif was is not None and becomes is not None:
        yield from _facts(was, becomes)


def _facts(was: Item, becomes: Item) -> Iterator[Change]:
    names = dict.fromkeys((*becomes.facts, *was.facts))
    changed = {name for name in names if not _equal(was.facts.get(name), becomes.facts.get(name))}
    for name in names:
        if name not in changed:
            continue
        before, after = was.facts.get(name), becomes.facts.get(name)
        either = after or before
        if either is None or either.follows & changed:
            continue
        if (before and before.is_long) or (after and after.is_long):
            diff = unified_diff(_lines(before), _lines(after), "runs", "catalog", lineterm="", n=3)
            yield Change("~", becomes.kind, becomes.name, f"{name} changed", diff=tuple(diff))
        else:
            yield Change(
                "~",
                becomes.kind,
                becomes.name,
                name,
                before.value if before else either.without,
                after.value if after else either.without,
            )


def _equal(one: Fact | None, other: Fact | None) -> bool:
    return one is other or (one is not None and other is not None and one.equals(other))


def _lines(fact: Fact | None) -> list[str]:
    return [] if fact is None else fact.value.splitlines()


def _orders(runs: State, wanted: State) -> Iterator[Change]:
    for parent in runs.orders.keys() & wanted.orders.keys():
        common = set(runs.orders[parent]) & set(wanted.orders[parent])
        was, becomes = ([name for name in each.orders[parent] if name in common] for each in (runs, wanted))
        if was != becomes:
            diff = tuple(unified_diff(was, becomes, "runs", "catalog", lineterm=""))
            # The first route that matches wins, so their order is a decision.
            yield Change("~", Kind.ROUTE, parent, "order of its routes changed", diff=diff)
