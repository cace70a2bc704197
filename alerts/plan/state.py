"""What a plan compares: items of some kind, each with facts that have a normal form.

Both sides, what runs and what is wanted, are read into these, so comparing knows nothing of Prometheus or
Alertmanager; whatever is a matter of formatting, of order or of defaults is gone by then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SECRET = "<secret>"  # noqa: S105 - what Alertmanager shows in a secret's place
"""Equals every value: what is masked can not be compared."""


class Kind(StrEnum):
    """What an item is; in the order in which a plan lists them."""

    SLO = "slo"
    RULE = "rule"
    JOB = "scrape job"
    PROMETHEUS = "prometheus"
    ROUTE = "route"
    RECEIVER = "receiver"
    INHIBITION = "inhibition"
    INTERVAL = "time interval"
    ALERTMANAGER = "alertmanager"


class Part(StrEnum):
    """What can be away as a whole: of what is away, nothing is compared."""

    RULES = "rules"
    PROMETHEUS = "Prometheus' configuration"
    ALERTMANAGER = "Alertmanager's configuration"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that holds of an item."""

    value: str
    """Normal form: equal means equal."""
    is_long: bool = False
    """PromQL or prose: a line says only that it changed."""
    follows: frozenset[str] = frozenset()
    """Other facts that this one is derived from: while one of them changes, this says nothing new."""

    without: str = "(default)"
    """Shown in its place where it is not said."""

    def equals(self, other: "Fact") -> bool:
        """Tell whether both say the same, as far as one can see."""
        return self.value == other.value or SECRET in (self.value, other.value)


@dataclass(frozen=True, slots=True)
class Item:
    """An SLO, a route, a scrape job: something that can be there or not."""

    kind: Kind
    name: str
    facts: Mapping[str, Fact]
    summary: str = ""
    """What it is, for when it comes or goes."""


Key = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class State:
    """One side."""

    items: Mapping[Key, Item]
    parts: frozenset[Part]
    orders: Mapping[str, tuple[str, ...]]
    """Names of a route's children in the order in which they are tried, by the route's name."""
