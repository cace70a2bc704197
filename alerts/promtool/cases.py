"""The promtool tests of a rule file: each alert fires in one test and stays silent in another.

An SLO is tested at three constant burn rates: a total outage (page and ticket), twice the sustainable
rate (ticket only) and half of it (neither), and once after an outage has ended (the page must stop).
Evaluation times keep away from window edges, which Prometheus 3 counts differently.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from alerts.policy import windows_for
from alerts.promtool.series import GROUP_VALUE, InputSeries, burning, counts_moments, cycle_steps, testable
from alerts.promtool.stack_cases import CASES
from alerts.rules import AlertingRule, Group
from watchkeeper import conventions as c
from watchkeeper import promql
from watchkeeper.catalog.catalog import Objective
from watchkeeper.catalog.settings import Settings

OUTAGE = timedelta(minutes=11)
STEADY = timedelta(minutes=11)
ABSENT = timedelta(minutes=12)
SLOW_BURN, SUSTAINABLE = Decimal(2), Decimal("0.5")


def slo_tests(objective: Objective, groups: Sequence[Group], settings: Settings) -> list[Mapping[str, Any]]:
    """Give the tests of one SLO's groups, in promtool's form."""
    alerts = [rule for group in groups for rule in group.alerts]
    return list(_SloCases(objective, settings, alerts).tests())


def stack_tests(groups: Sequence[Group], settings: Settings) -> list[Mapping[str, Any]]:
    """Give the tests of the alerts on processes and on the stack itself, in promtool's form."""
    return [
        case.as_mapping(rule, settings.scrape_interval)
        for group in groups
        for rule in group.alerts
        for case in CASES[rule.alert](rule)
    ]


class _SloCases:
    """The tests of one SLO."""

    def __init__(self, objective: Objective, settings: Settings, rules: Sequence[AlertingRule]) -> None:
        self._objective = objective
        self._budget = objective.slo.error_budget_ratio
        self._interval = settings.scrape_interval
        self._burn_rules = [rule for rule in rules if rule.alert == c.ALERT_BURN]
        self._severities = {rule.severity for rule in self._burn_rules}

    def tests(self) -> Iterator[Mapping[str, Any]]:
        name = self._objective.id
        yield self._test(
            f"{name}: nothing is measured, so SliAbsent fires",
            [],
            [self._alerting(c.ALERT_SLI_ABSENT, None, ABSENT, fires=True)],
        )
        if self._objective.sli.group_by and testable(self._objective):
            yield self._one_group_gone()
        if testable(self._objective):
            yield self._outage()
            if c.SEVERITY_PAGE in self._severities:
                yield self._recovered()
            yield self._steady(
                SLOW_BURN, "burns twice as fast as it may: a ticket, no page", c.SEVERITY_TICKET
            )
            yield self._steady(SUSTAINABLE, "burns half as fast as it may: silence", None)

    def _one_group_gone(self) -> Mapping[str, Any]:
        before, after = self._steps(OUTAGE), self._steps(ABSENT)
        healthy = burning(self._objective, Decimal(0), before)
        gone = [InputSeries(s.series, f"{s.values} stale") for s in healthy]
        stays = burning(self._objective, Decimal(0), before + after)
        other = [InputSeries(s.series.replace(f'"{GROUP_VALUE}"', '"two"'), s.values) for s in stays]
        vanished = dict.fromkeys(self._objective.sli.group_by, GROUP_VALUE)
        labels = {c.ALERTNAME: c.ALERT_SLI_ABSENT, c.SLO: self._objective.id, "alertstate": "firing"}
        at = (before + after) * self._interval
        return self._test(
            f"{self._objective.id}: one group of several is gone, so SliAbsent fires for it",
            [*gone, *other],
            [firing({**labels, **vanished}, at, fires=True), firing(labels, at, fires=True)],
        )

    def _outage(self) -> Mapping[str, Any]:
        test = self._test(
            f"{self._objective.id}: a total outage alerts in every tier",
            burning(self._objective, Decimal(1), self._steps(OUTAGE)),
            [],
        )
        return {
            **test,
            "alert_rule_test": [
                {
                    "eval_time": promql.duration(OUTAGE),
                    "alertname": c.ALERT_BURN,
                    "exp_alerts": [self._expected(rule) for rule in self._burn_rules],
                },
            ],
        }

    def _recovered(self) -> Mapping[str, Any]:
        short = max(pair.short for pair in windows_for(self._objective, self._interval).page)
        bad, good = self._steps(OUTAGE), self._steps(short + timedelta(minutes=2))
        outage = burning(self._objective, Decimal(1), bad)
        after = burning(self._objective, Decimal(0), good)
        series = [_joined(first, then, bad) for first, then in zip(outage, after, strict=True)]
        at = (bad + good) * self._interval
        return self._test(
            f"{self._objective.id}: an outage that is over no longer pages",
            series,
            [
                self._alerting(c.ALERT_BURN, c.SEVERITY_PAGE, bad * self._interval, fires=True),
                self._alerting(c.ALERT_BURN, c.SEVERITY_PAGE, at, fires=False),
            ],
        )

    def _steady(self, burn_rate: Decimal, title: str, severity: str | None) -> Mapping[str, Any]:
        ratio = burn_rate * self._budget
        at = STEADY
        if counts_moments(self._objective):
            # Moments are whole: wait until one is bad; half of what one bad moment spends is none.
            ratio = ratio if burn_rate > 1 else Decimal(0)
            at = max(STEADY, cycle_steps(ratio) * self._interval)
        expectations = [
            self._alerting(c.ALERT_BURN, tier, at, fires=tier == severity and tier in self._severities)
            for tier in (c.SEVERITY_PAGE, c.SEVERITY_TICKET)
        ]
        expectations.append(self._alerting(c.ALERT_SLI_ABSENT, None, at, fires=False))
        return self._test(
            f"{self._objective.id}: {title}",
            burning(self._objective, ratio, self._steps(at) + 1),
            expectations,
        )

    def _expected(self, rule: AlertingRule) -> Mapping[str, Any]:
        labels = {c.SEVERITY: rule.severity, **rule.labels}
        labels |= dict.fromkeys(self._objective.sli.group_by, GROUP_VALUE)
        return {
            "exp_labels": labels,
            "exp_annotations": {**rule.annotations, c.DESCRIPTION: self._told(rule)},
        }

    def _told(self, rule: AlertingRule) -> str:
        """Expand the description's templates for a total outage, as Prometheus would."""
        left = float(1 - 1 / self._budget)
        text = rule.description.replace("{{ $value | humanizePercentage }}", "100%")
        for label in self._objective.sli.group_by:
            text = text.replace(f"{{{{ $labels.{label} }}}}", GROUP_VALUE)
        head, _, rest = text.partition("{{ with ")
        return f"{head}{left * 100:.4g}%{rest.partition('{{ end }}')[2]}"

    def _alerting(self, alert: str, severity: str | None, at: timedelta, *, fires: bool) -> Mapping[str, Any]:
        labels = {c.ALERTNAME: alert, c.SLO: self._objective.id, "alertstate": "firing"}
        if severity is not None:
            labels[c.SEVERITY] = severity
        return firing(labels, at, fires=fires)

    def _test(
        self, name: str, series: Sequence[InputSeries], expectations: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        return {
            "name": name,
            "interval": promql.duration(self._interval),
            "input_series": [one.as_mapping() for one in series],
            **({"promql_expr_test": list(expectations)} if expectations else {}),
        }

    def _steps(self, length: timedelta) -> int:
        return length // self._interval


def firing(labels: Mapping[str, str], at: timedelta, *, fires: bool) -> Mapping[str, Any]:
    """Expect exactly one firing alert with these labels, or none."""
    return {
        "expr": promql.aggregate("count", promql.series("ALERTS", **labels)).text,
        "eval_time": promql.duration(at),
        "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
    }


def _joined(first: InputSeries, then: InputSeries, steps: int) -> InputSeries:
    """Let one series go on with the pattern of another; a counter goes on from where it stood."""
    if "+" not in first.values:
        return InputSeries(first.series, f"{first.values} {then.values}")
    step_first = int(first.values.partition("+")[2].partition("x")[0])
    _, _, rest = then.values.partition("+")
    return InputSeries(first.series, f"{first.values} {step_first * (steps + 1)}+{rest}")
