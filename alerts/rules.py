"""Prometheus rules as values: groups of recording and alerting rules, and how they are written to a file.

Kept apart from what the rules say, so that other forms of output (a PrometheusRule resource, a ruler's
API) can start from the same values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import promql_parser

from watchkeeper import conventions as c
from watchkeeper.promql import Expr, duration


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """Record an expression as a new series."""

    record: str
    expr: Expr
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_mapping(self) -> Mapping[str, Any]:
        """Give the rule as Prometheus reads it."""
        rule: dict[str, Any] = {"record": self.record, "expr": pretty(self.expr)}
        if self.labels:
            rule["labels"] = dict(self.labels)
        return rule


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """Alert while an expression gives series. Its owner, severity, runbook and dashboard are not optional."""

    alert: str
    expr: Expr
    severity: str
    labels: Mapping[str, str]
    """With the ``team`` that owns the alert and the ``service`` that it is about."""
    summary: str
    description: str
    runbook_url: str
    dashboard_url: str
    pending: timedelta = timedelta(0)
    """How long the expression must hold before the alert fires."""

    def as_mapping(self) -> Mapping[str, Any]:
        """Give the rule as Prometheus reads it."""
        rule: dict[str, Any] = {"alert": self.alert, "expr": pretty(self.expr)}
        if self.pending:
            rule["for"] = duration(self.pending)
        rule["labels"] = {c.SEVERITY: self.severity, **self.labels}
        rule["annotations"] = self.annotations
        return rule

    @property
    def annotations(self) -> dict[str, str]:
        """What the page says, as templates."""
        return {
            c.SUMMARY: self.summary,
            c.DESCRIPTION: self.description,
            c.RUNBOOK_URL: self.runbook_url,
            c.DASHBOARD_URL: self.dashboard_url,
        }


Rule = RecordingRule | AlertingRule


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that Prometheus evaluates in order, together, at one interval."""

    name: str
    interval: timedelta
    rules: Sequence[Rule]

    def as_mapping(self) -> Mapping[str, Any]:
        """Give the group as Prometheus reads it."""
        return {
            "name": self.name,
            "interval": duration(self.interval),
            "rules": [rule.as_mapping() for rule in self.rules],
        }

    @property
    def alerts(self) -> tuple[AlertingRule, ...]:
        """The alerting rules only."""
        return tuple(rule for rule in self.rules if isinstance(rule, AlertingRule))


def pretty(expr: Expr) -> str:
    """Lay an expression out over lines, as Prometheus's own formatter does."""
    # promql-parser ships no type hints for its node classes.
    node: Any = promql_parser.parse(expr.text)
    laid_out: str = node.prettify()
    return laid_out.strip()
