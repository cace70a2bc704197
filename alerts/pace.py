"""When Alertmanager tells about an alert: the route that takes it, and that route's waiting times.

Stands alone because Alertmanager inherits what a route leaves out from its parents, and takes the first
route that matches; whoever says how long a page takes needs that walked once, from the very configuration
that is generated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from watchkeeper.catalog.base import parse_duration

_MATCHER = re.compile(r'(?P<name>[^=!~]+?)\s*(?P<op>=~|!~|!=|=)\s*"(?P<value>.*)"')
# Alertmanager's own, where a configuration states none.
_DEFAULTS = {"group_wait": "30s", "group_interval": "5m"}


@dataclass(frozen=True, slots=True)
class Pace:
    """How a route tells its receiver."""

    receiver: str
    group_wait: timedelta
    """From the first alert of a group to its first notification."""
    group_interval: timedelta
    """Until news of a group, such as that it is over, is told."""


def pace_of(config: Mapping[str, Any], labels: Mapping[str, str]) -> Pace:
    """Give the pace of the first route that takes an alert with these labels."""
    route = {**_DEFAULTS, **config["route"]}
    while child := _first_match(route, labels):
        inherited = {key: value for key, value in route.items() if key not in {"routes", "matchers"}}
        route = {**inherited, **child}
    return Pace(
        receiver=route["receiver"],
        group_wait=_span(route["group_wait"]),
        group_interval=_span(route["group_interval"]),
    )


def _first_match(route: Mapping[str, Any], labels: Mapping[str, str]) -> Mapping[str, Any] | None:
    routes: list[Mapping[str, Any]] = route.get("routes", [])
    matching = (
        each for each in routes if all(_matches(matcher, labels) for matcher in each.get("matchers", ()))
    )
    return next(matching, None)


def _matches(matcher: str, labels: Mapping[str, str]) -> bool:
    found = _MATCHER.fullmatch(matcher)
    if found is None:
        raise ValueError(f"{matcher!r} is not a matcher of the generated configuration")
    actual, value = labels.get(found["name"], ""), found["value"]
    equal = bool(re.fullmatch(value, actual)) if "~" in found["op"] else value == actual
    return equal is not found["op"].startswith("!")


def _span(text: str) -> timedelta:
    return timedelta(0) if text == "0s" else parse_duration(text)
