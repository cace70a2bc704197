"""The rules of one SLO: what is recorded, and when its error budget alerts.

Bad and total events are recorded apart and divided last, so every ratio is weighted by events: an
error at night counts as one error, not as an hour. How the levels build on one another, and why this
is exact, is told in ``docs/slo-rules.md``.

Two groups per SLO. ``slo-<id>`` runs at the scrape interval and holds all that a page reads.
``slo-<id>-long`` runs every minute and holds the ticket windows, the period and the budget that is left.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import reduce

from alerts.links import runbook_url, slo_dashboard_url
from alerts.policy import Pair, Windows, windows_for
from alerts.rules import AlertingRule, Group, RecordingRule
from watchkeeper import conventions as c
from watchkeeper import promql
from watchkeeper.catalog.catalog import Objective
from watchkeeper.catalog.settings import Settings
from watchkeeper.promql import Expr
from watchkeeper.sli import compile_sli

LONG_INTERVAL = timedelta(minutes=1)
ABSENT_PENDING = timedelta(minutes=10)
"""Longer than any restart; a blind SLO is an incident, a restarting exporter is not."""


def slo_groups(objective: Objective, settings: Settings) -> tuple[Group, Group]:
    """Give the two rule groups of one SLO.

    Raises:
        PolicyError: the window policy can not serve this SLO.
    """
    windows = windows_for(objective, settings.scrape_interval)
    rules = _SloRules(objective, settings, windows)
    name = f"slo-{objective.id}"
    long_interval = max(LONG_INTERVAL, settings.scrape_interval)
    return (
        Group(name, settings.scrape_interval, tuple(rules.fast())),
        Group(f"{name}-long", long_interval, tuple(rules.long())),
    )


class _SloRules:
    """The rules of one SLO; holds what they all share."""

    def __init__(self, objective: Objective, settings: Settings, windows: Windows) -> None:
        self._objective = objective
        self._slo = objective.slo
        self._links = settings.links
        self._windows = windows
        self._labels: Mapping[str, str] = {
            c.SLO: objective.id,
            c.SERVICE: objective.service.id,
            c.TEAM: objective.service.team,
        }

    def fast(self) -> Iterator[RecordingRule | AlertingRule]:
        """What is promised, levels 0 and 1, and the alerts that read them."""
        windows = self._windows
        objective = promql.number(self._slo.objective.scaleb(-2))
        yield RecordingRule(c.OBJECTIVE_RATIO, promql.call("vector", objective), self._labels)
        seconds = promql.number(self._slo.period // timedelta(seconds=1))
        yield RecordingRule(c.PERIOD_SECONDS, promql.call("vector", seconds), self._labels)
        pair = compile_sli(self._objective.sli, windows.level0)
        yield self._record(c.BAD_RATE, pair.bad, windows.level0)
        yield self._record(c.TOTAL_RATE, pair.total, windows.level0)
        for window in windows.level1:
            for metric in (c.BAD_RATE, c.TOTAL_RATE):
                level0 = self._recorded(metric, windows.level0)
                yield self._record(metric, promql.over("avg_over_time", level0, window), window)
            yield self._error_ratio(window)
        if windows.page:
            yield self._burn(windows.page, c.SEVERITY_PAGE)
        yield self._absent()

    def long(self) -> Iterator[RecordingRule | AlertingRule]:
        """Level 2, the period, the budget that is left, and the tickets."""
        windows, period = self._windows, self._slo.period
        for window in (*windows.level2, period):
            for metric in (c.BAD_RATE, c.TOTAL_RATE):
                yield self._record(metric, self._sampled(metric, window), window)
            yield self._error_ratio(window)
        budget = promql.number(self._slo.error_budget_ratio)
        left = promql.number(1) - self._recorded(c.ERROR_RATIO, period) / budget
        yield RecordingRule(c.BUDGET_REMAINING_RATIO, promql.without("max", left, [c.WINDOW]), self._labels)
        if windows.ticket:
            yield self._burn(windows.ticket, c.SEVERITY_TICKET)

    def _sampled(self, metric: str, window: timedelta) -> Expr:
        sampled, longest = self._windows.sampled, self._windows.level1[-1]
        by_subquery = promql.over("avg_over_time", self._recorded(metric, sampled), window, step=sampled)
        # A subquery steps at whole multiples of its step; before the first one there is only young history.
        return by_subquery.or_(self._recorded(metric, longest), ignoring=[c.WINDOW])

    def _error_ratio(self, window: timedelta) -> RecordingRule:
        total = self._recorded(c.TOTAL_RATE, window) > promql.number(0)
        return self._record(c.ERROR_RATIO, self._recorded(c.BAD_RATE, window) / total, window)

    def _burn(self, pairs: tuple[Pair, ...], severity: str) -> AlertingRule:
        slo = self._slo
        burning = reduce(Expr.or_, (self._burning(pair) for pair in pairs))
        period = promql.duration(slo.period)
        return AlertingRule(
            alert=c.ALERT_BURN,
            expr=burning,
            severity=severity,
            labels=self._labels,
            summary=f"{self._objective.service.name}: {slo.description}",
            description=(
                "{{ $value | humanizePercentage }} of events are bad"
                f"{self._group_text()}; {_percent(slo.error_budget_ratio)} % are allowed. "
                f"Error budget left for {period}: {self._budget_left_text()}."
            ),
            runbook_url=runbook_url(self._links, c.ALERT_BURN),
            dashboard_url=slo_dashboard_url(self._links, self._objective.id),
        )

    def _burning(self, pair: Pair) -> Expr:
        # 14.4 * 0.001, not 0.0144: a reviewer sees the burn rate and the budget.
        threshold = promql.number(pair.factor) * promql.number(self._slo.error_budget_ratio)

        def above(window: timedelta) -> Expr:
            return promql.without("max", self._recorded(c.ERROR_RATIO, window), [c.WINDOW]) > threshold

        return above(pair.long).and_(above(pair.short))

    def _absent(self) -> AlertingRule:
        return AlertingRule(
            alert=c.ALERT_SLI_ABSENT,
            expr=self._is_absent(),
            severity=c.SEVERITY_PAGE if self._slo.alerts.page else c.SEVERITY_TICKET,
            labels=self._labels,
            pending=ABSENT_PENDING,
            summary=f"{self._objective.service.name}: nobody can tell whether {self._slo.id} holds",
            description=(
                f"The series behind SLO {self._objective.id} are gone for {promql.duration(ABSENT_PENDING)}: "
                "an outage would go unnoticed. Was a metric or a label renamed, or is a target gone?"
            ),
            runbook_url=runbook_url(self._links, c.ALERT_SLI_ABSENT),
            dashboard_url=slo_dashboard_url(self._links, self._objective.id),
        )

    def _is_absent(self) -> Expr:
        level0 = self._recorded(c.BAD_RATE, self._windows.level0)
        absent = promql.without("max", promql.call("absent", level0), [c.WINDOW])
        if not self._objective.sli.group_by:
            return absent
        # absent() sees only that every group is gone; one group alone is missed where it lately was.
        lately = self._recorded(c.BAD_RATE, self._windows.page_long)
        missing = lately.unless(level0, ignoring=[c.WINDOW])
        return absent.or_(promql.without("max", missing, [c.WINDOW]) * promql.number(0) + promql.number(1))

    def _record(self, metric: str, expr: Expr, window: timedelta) -> RecordingRule:
        return RecordingRule(metric, expr, {**self._labels, c.WINDOW: promql.duration(window)})

    def _recorded(self, metric: str, window: timedelta) -> Expr:
        return promql.series(metric, **{c.SLO: self._objective.id, c.WINDOW: promql.duration(window)})

    def _group_text(self) -> str:
        labels = self._objective.sli.group_by
        return " for " + ", ".join(f"{label} {{{{ $labels.{label} }}}}" for label in labels) if labels else ""

    def _budget_left_text(self) -> str:
        grouped = "".join(f",{label}=%q" for label in self._objective.sli.group_by)
        arguments = "".join(f" $labels.{label}" for label in self._objective.sli.group_by)
        query = f"{c.BUDGET_REMAINING_RATIO}{{{c.SLO}='{self._objective.id}'{grouped}}}"
        lookup = f'printf "{query}"{arguments} | query' if grouped else f'query "{query}"'
        return (
            f"{{{{ with {lookup} }}}}{{{{ . | first | value | humanizePercentage }}}}"
            "{{ else }}not known yet{{ end }}"
        )


def _percent(ratio: Decimal) -> str:
    return promql.number(ratio.scaleb(2)).text
