"""One side of a plan, read from rule groups and configurations as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.plan.rules import items_of, rules_of
from alerts.plan.servers import alertmanager_items, prometheus_items, route_orders
from alerts.plan.state import Item, Part, State


@dataclass(frozen=True, slots=True)
class Documents:
    """What was found; None: that part is away."""

    groups: Sequence[Mapping[str, Any]] | None
    """Rule groups, as a file has them or as Prometheus' API tells them."""
    prometheus: Mapping[str, Any] | None
    alertmanager: Mapping[str, Any] | None


def read(documents: Documents) -> State:
    """Read one side."""
    items: list[Item] = []
    parts: set[Part] = set()
    orders: dict[str, tuple[str, ...]] = {}
    if documents.groups is not None:
        parts.add(Part.RULES)
        items += items_of(rules_of(documents.groups))
    if documents.prometheus is not None:
        parts.add(Part.PROMETHEUS)
        items += prometheus_items(documents.prometheus)
    if documents.alertmanager is not None:
        parts.add(Part.ALERTMANAGER)
        items += alertmanager_items(documents.alertmanager)
        orders |= route_orders(documents.alertmanager.get("route") or {})
    return State({(item.kind, item.name): item for item in items}, frozenset(parts), orders)
