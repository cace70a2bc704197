"""Panels and dashboards as Grafana 13 wants them, on top of grafanalib.

grafanalib writes a format of 2017 and some values that Grafana misreads. All that is mended lives here,
so a dashboard is a list of panels and nothing else. Three rules hold for every panel: a unit, a
description, and a text that says what an empty panel means.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from grafanalib.core import Dashboard, GridPos, Panel, Stat, Target, Template, TimeSeries

from watchkeeper.promql import Expr

PROMETHEUS: Mapping[str, str] = {"type": "prometheus", "uid": "prometheus"}
"""By uid, as provisioned: Grafana 13 knows data sources by nothing else."""
SCHEMA_VERSION = 42
COLUMNS = 24

GREEN, ORANGE, RED = "green", "orange", "red"

_LEGACY = frozenset(
    {
        *("rows", "style", "hideControls", "sharedCrosshair", "gnetId", "__inputs"),
        *("cacheTimeout", "error", "height", "minSpan", "span", "hideTimeOverride"),
        # 100 points hide spikes, and the other two coarsen the step unasked.
        *("maxDataPoints", "intervalFactor", "step"),
    }
)
"""Keys that grafanalib writes and Grafana no longer reads, or reads to the reader's harm."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel."""

    expr: Expr
    legend: str
    instant: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A threshold: from ``value`` on (None: from the beginning) the colour holds."""

    value: float | None
    color: str


@dataclass(frozen=True, slots=True)
class Look:
    """How the values of a panel are shown."""

    unit: str
    empty: str
    """What an empty panel means, in words."""
    steps: Sequence[Step] = (Step(None, GREEN),)
    minimum: float | None = None
    decimals: int | None = None


class PromTarget(Target):
    """A Prometheus query with the keys that the editor and Explore need."""

    def to_json_data(self) -> dict[str, Any]:
        """Give the target; ``refId`` is assigned with the panel's other targets."""
        return {
            "datasource": dict(PROMETHEUS),
            "editorMode": "code",
            "exemplar": not self.instant,
            "expr": self.expr,
            "format": "time_series",
            "instant": self.instant,
            "legendFormat": self.legendFormat,
            "range": not self.instant,
            "refId": self.refId,
        }


class LabelValues(Template):
    """A variable whose choices are the values of one label, its own name, on some series."""

    def to_json_data(self) -> dict[str, Any]:
        """Give the variable; without a default, Grafana takes the first value."""
        text, value = ("All", "$__all") if self.default == "All" else (self.default, self.default)
        return {
            "allValue": ".*" if self.includeAll else None,
            "current": {} if self.default is None else {"text": text, "value": value},
            "datasource": dict(PROMETHEUS),
            "definition": self.query,
            "hide": 0,
            "includeAll": self.includeAll,
            "label": self.label,
            "multi": False,
            "name": self.name,
            "options": [],
            "query": {"query": self.query, "refId": self.name},
            "refresh": 2,
            "sort": 1,
            "type": "query",
        }


def label_values(
    label: str, title: str, among: Expr, *, default: str | None = None, include_all: bool = False
) -> Template:
    """Let the reader choose one value of a label among series."""
    query = f"label_values({among}, {label})"
    return LabelValues(name=label, label=title, query=query, default=default, includeAll=include_all)


def time_series(title: str, description: str, look: Look, queries: Sequence[Query]) -> Panel:
    """Draw lines over time, worst first in the tooltip."""
    return TimeSeries(
        **_common(title, description, look, queries, color="palette-classic"),
        legendCalcs=["lastNotNull", "max"],
        legendDisplayMode="table",
        tooltipMode="multi",
        tooltipSort="desc",
        fillOpacity=5,
        thresholdsStyleMode="off" if len(look.steps) == 1 else "line",
    )


def stat(title: str, description: str, look: Look, queries: Sequence[Query]) -> Panel:
    """Show the latest value, in the colour of its threshold."""
    return Stat(
        **_common(title, description, look, queries, color="thresholds"),
        reduceCalc="lastNotNull",
        colorMode="value",
        graphMode="none",
        noValue=look.empty,
        format=look.unit,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side, sharing the width equally."""

    height: int
    panels: Sequence[Panel]


def place(rows: Sequence[Row]) -> list[Panel]:
    """Give every panel its place and its number, row by row."""
    return list(_placed(rows))


def render(dashboard: Dashboard) -> str:
    """Write a dashboard as JSON; the same dashboard gives the same bytes."""
    plain = json.loads(json.dumps(dashboard, default=lambda part: part.to_json_data()))
    modern = _without_legacy(plain)
    modern["schemaVersion"] = SCHEMA_VERSION
    return json.dumps(modern, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _common(
    title: str, description: str, look: Look, queries: Sequence[Query], *, color: str
) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "unit": look.unit,
        "noValue": look.empty,
        "min": look.minimum,
        "decimals": look.decimals,
        "color": {"mode": color},
        # grafanalib writes the first step's value as the text "null".
        "thresholds": {
            "mode": "absolute",
            "steps": [{"color": step.color, "value": step.value} for step in look.steps],
        },
    }
    return {
        "title": title,
        "description": description,
        "dataSource": dict(PROMETHEUS),
        "targets": [
            PromTarget(expr=query.expr.text, legendFormat=query.legend, instant=query.instant, refId=ref)
            for query, ref in zip(queries, ascii_uppercase, strict=False)
        ],
        "extraJson": {"fieldConfig": {"defaults": defaults}},
    }


def _placed(rows: Sequence[Row]) -> Iterator[Panel]:
    number, top = 1, 0
    for row in rows:
        width = COLUMNS // len(row.panels)
        for column, panel in enumerate(row.panels):
            panel.id = number
            panel.gridPos = GridPos(h=row.height, w=width, x=column * width, y=top)
            number += 1
            yield panel
        top += row.height


def _without_legacy(part: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(part, dict):
        return {key: _without_legacy(value) for key, value in part.items() if key not in _LEGACY}
    if isinstance(part, list):
        return [_without_legacy(value) for value in part]
    return part
