"""Made-up series for the alerts on processes and on the watchers, one pair of cases per alert."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from alerts.rules import AlertingRule
from watchkeeper import conventions as c
from watchkeeper import promql

AT = timedelta(minutes=12)
"""Longer than any pending phase and any look-back of these alerts."""


@dataclass(frozen=True, slots=True)
class Case:
    """One situation, and whether the alert fires in it."""

    title: str
    series: Mapping[str, str]
    """Series to promtool values; ``N`` stands for the scrapes of the test, ``S`` for seconds between two."""
    fires: bool

    def as_mapping(self, rule: AlertingRule, interval: timedelta) -> Mapping[str, Any]:
        """Give the case as promtool reads it."""
        steps, step = AT // interval, promql.number(Decimal(interval / timedelta(seconds=1))).text
        labels = {c.ALERTNAME: rule.alert, "alertstate": "firing"}
        labels |= {k: v for k, v in rule.labels.items() if "{{" not in v}
        return {
            "name": f"{rule.alert}{_about(rule)}: {self.title}",
            "interval": promql.duration(interval),
            "input_series": [
                {"series": series, "values": values.replace("N", str(steps)).replace("S", step)}
                for series, values in self.series.items()
            ],
            "promql_expr_test": [
                {
                    "expr": promql.aggregate("count", promql.series("ALERTS", **labels)).text,
                    "eval_time": promql.duration(AT),
                    "exp_samples": [{"labels": "{}", "value": 1}] if self.fires else [],
                },
            ],
        }


def job_cases(rule: AlertingRule) -> Sequence[Case]:
    """Give the cases of JobDown or TargetDown for the rule's own job."""
    job = rule.labels[c.JOB]
    first, second = (promql.series("up", job=job, instance=name).text for name in ("one", "two"))
    some_down = Case(
        "one of two processes is down", {first: "0xN", second: "1xN"}, rule.alert == c.ALERT_TARGET_DOWN
    )
    all_down = Case("every process is down", {first: "0xN", second: "0xN"}, rule.alert == c.ALERT_JOB_DOWN)
    no_target = Case("there is no target at all", {}, rule.alert == c.ALERT_JOB_DOWN)
    all_up = Case("every process is up", {first: "1xN", second: "1xN"}, fires=False)
    return [some_down, all_down, no_target, all_up]


def _about(rule: AlertingRule) -> str:
    subject = rule.labels.get(c.JOB) or rule.labels.get(c.SERVICE)
    return f" ({subject})" if subject else ""


def _gauge(title: str, metric: str, bad: int, good: int, **labels: str) -> Sequence[Case]:
    series = promql.series(metric, **labels).text
    return [
        Case(title, {series: f"{bad}xN"}, fires=True),
        Case("all is well", {series: f"{good}xN"}, fires=False),
    ]


def _counter(title: str, metric: str, **labels: str) -> Sequence[Case]:
    series = promql.series(metric, **labels).text
    return [Case(title, {series: "0+1xN"}, fires=True), Case("all is well", {series: "7xN"}, fires=False)]


_BUILT = promql.series(c.SNAPSHOT_TIMESTAMP, exporter="calendar").text
_NEVER_AGAIN, _EVERY_SCRAPE = "0xN", "0+SxN"


def _maintenance_cases(rule: AlertingRule) -> Sequence[Case]:
    active = promql.series(c.MAINTENANCE_ACTIVE, service=rule.labels[c.SERVICE]).text
    return [
        Case("a window is open", {active: "1xN", _BUILT: _EVERY_SCRAPE}, fires=True),
        Case("no window is open", {active: "0xN", _BUILT: _EVERY_SCRAPE}, fires=False),
        Case("the exporter is stuck", {active: "1xN", _BUILT: _NEVER_AGAIN}, fires=False),
    ]


CASES: Mapping[str, Callable[[AlertingRule], Sequence[Case]]] = {
    c.ALERT_JOB_DOWN: job_cases,
    c.ALERT_TARGET_DOWN: job_cases,
    # The Watchdog has no silent case: that it can not fall silent is its meaning.
    c.ALERT_WATCHDOG: lambda _: [Case("always fires", {}, fires=True)],
    c.ALERT_RULES_FAILING: lambda _: _counter(
        "evaluations fail",
        "prometheus_rule_evaluation_failures_total",
        job="prometheus",
        rule_group="some-group",
    ),
    c.ALERT_ALERTMANAGER_UNREACHABLE: lambda _: _gauge(
        "none is discovered", "prometheus_notifications_alertmanagers_discovered", 0, 1, job="prometheus"
    ),
    c.ALERT_RELOAD_FAILED: lambda rule: _gauge(
        "the last reload failed",
        f"{rule.labels[c.JOB]}_config_last_reload_successful",
        0,
        1,
        job=rule.labels[c.JOB],
    ),
    c.ALERT_NOTIFICATIONS_FAILING: lambda _: _counter(
        "deliveries fail",
        "alertmanager_notifications_failed_total",
        job="alertmanager",
        integration="webhook",
    ),
    c.ALERT_SNAPSHOT_STALE: lambda _: [
        Case("the snapshot is old", {_BUILT: _NEVER_AGAIN}, fires=True),
        Case("the snapshot is built again and again", {_BUILT: _EVERY_SCRAPE}, fires=False),
    ],
    c.ALERT_MAINTENANCE: _maintenance_cases,
}
