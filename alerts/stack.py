"""Alerts about the watched processes and the watchers themselves, from the catalog's scrape jobs.

An alert on the stack's own series exists only where the catalog scrapes the job that exposes them; its
owner is the team of the service that scrapes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from alerts.links import runbook_url, service_dashboard_url
from alerts.rules import AlertingRule, Group
from watchkeeper import conventions as c
from watchkeeper import promql
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.service import ScrapeJob, Service
from watchkeeper.catalog.settings import Settings
from watchkeeper.promql import Expr

PROMETHEUS = "prometheus"
ALERTMANAGER = "alertmanager"
EXPORTERS = "exporters"

CRITICAL_PENDING = timedelta(minutes=1)
PENDING = timedelta(minutes=5)
LOOKBACK = timedelta(minutes=5)
MAINTENANCE_ECHO = timedelta(minutes=6)
"""What burned inside a maintenance window stays in the page pairs' short window a little longer."""
SNAPSHOT_AGE_MAX = timedelta(minutes=5)
"""Exporters build anew every few seconds."""


def job_group(service: Service, settings: Settings) -> Group:
    """Give the alerts on a service's scrape jobs."""
    rules = [rule for job in service.scrape for rule in _job_rules(service, job, settings)]
    return Group(f"jobs-{service.id}", settings.scrape_interval, rules)


def stack_group(catalog: Catalog) -> Group:
    """Give the Watchdog, and the alerts on Prometheus, Alertmanager and the exporters."""
    owners = {job.job: service for service, job in catalog.jobs()}
    rules = [_watchdog(owners.get(PROMETHEUS), catalog.settings)]
    if PROMETHEUS in owners:
        rules += _prometheus_rules(_Owned(owners[PROMETHEUS], catalog.settings))
    if ALERTMANAGER in owners:
        rules += _alertmanager_rules(_Owned(owners[ALERTMANAGER], catalog.settings))
    if EXPORTERS in owners:
        rules += _exporter_rules(_Owned(owners[EXPORTERS], catalog.settings))
    rules += [_maintenance(service, catalog.settings) for service in catalog.services]
    return Group("stack", catalog.settings.scrape_interval, rules)


@dataclass(frozen=True, slots=True)
class _Owned:
    """Builds alerts that one service owns."""

    service: Service
    settings: Settings

    def alert(
        self,
        alert: str,
        expr: Expr,
        *,
        severity: str,
        summary: str,
        description: str,
        pending: timedelta = PENDING,
        **labels: str,
    ) -> AlertingRule:
        links = self.settings.links
        return AlertingRule(
            alert=alert,
            expr=expr,
            severity=severity,
            labels={**labels, c.SERVICE: self.service.id, c.TEAM: self.service.team},
            pending=pending,
            summary=summary,
            description=description,
            runbook_url=runbook_url(links, alert),
            dashboard_url=service_dashboard_url(links, self.service.id),
        )


def _job_rules(service: Service, job: ScrapeJob, settings: Settings) -> Iterator[AlertingRule]:
    owned = _Owned(service, settings)
    up = promql.series("up", job=job.job)
    how_many_up = promql.aggregate("sum", up).or_(promql.call("vector", promql.number(0)))
    pending = CRITICAL_PENDING if job.critical else PENDING
    yield owned.alert(
        c.ALERT_JOB_DOWN,
        how_many_up.eq(promql.number(0)),
        severity=c.SEVERITY_PAGE if job.critical else c.SEVERITY_TICKET,
        pending=pending,
        job=job.job,
        summary=f"{service.name}: no process of job {job.job} is up",
        description=(
            f"Prometheus has reached no target of job {job.job} for {promql.duration(pending)}: "
            "every process is down, or their metrics can not be scraped."
        ),
    )
    some_up = promql.aggregate("sum", up, by=[c.JOB]) > promql.number(0)
    yield owned.alert(
        c.ALERT_TARGET_DOWN,
        up.eq(promql.number(0)).and_(some_up, on=[c.JOB]),
        severity=c.SEVERITY_TICKET,
        job=job.job,
        summary=f"{service.name}: {{{{ $labels.instance }}}} of job {job.job} is down",
        description=(
            f"Prometheus has not reached {{{{ $labels.instance }}}} for {promql.duration(PENDING)}; "
            "other processes of the job are up."
        ),
    )


def _watchdog(owner: Service | None, settings: Settings) -> AlertingRule:
    return AlertingRule(
        alert=c.ALERT_WATCHDOG,
        expr=promql.call("vector", promql.number(1)),
        severity=c.SEVERITY_NONE,
        labels={c.SERVICE: owner.id, c.TEAM: owner.team} if owner else {},
        summary="Alerting works",
        description=(
            "Always fires. Its receiver expects to hear it again and again; when it stops, "
            "Prometheus, Alertmanager or the way between them is broken."
        ),
        runbook_url=runbook_url(settings.links, c.ALERT_WATCHDOG),
        dashboard_url=f"{settings.links.console}/",
    )


def _prometheus_rules(owned: _Owned) -> list[AlertingRule]:
    def own(metric: str) -> Expr:
        return promql.series(metric, job=PROMETHEUS)

    failures = promql.over("increase", own("prometheus_rule_evaluation_failures_total"), LOOKBACK)
    return [
        owned.alert(
            c.ALERT_RULES_FAILING,
            promql.aggregate("sum", failures, by=["rule_group"]) > promql.number(0),
            severity=c.SEVERITY_PAGE,
            summary="Prometheus can not evaluate rules of {{ $labels.rule_group }}",
            description="{{ $value | humanize }} evaluations failed in 5m: its alerts may stay silent.",
        ),
        owned.alert(
            c.ALERT_ALERTMANAGER_UNREACHABLE,
            own("prometheus_notifications_alertmanagers_discovered") < promql.number(1),
            severity=c.SEVERITY_PAGE,
            summary="Prometheus knows no Alertmanager",
            description="Alerts fire and nobody is told. Only the missing Watchdog gives this away.",
        ),
        _reload_failed(owned, own("prometheus_config_last_reload_successful"), PROMETHEUS),
    ]


def _alertmanager_rules(owned: _Owned) -> list[AlertingRule]:
    def own(metric: str) -> Expr:
        return promql.series(metric, job=ALERTMANAGER)

    failed = promql.over("increase", own("alertmanager_notifications_failed_total"), LOOKBACK)
    return [
        owned.alert(
            c.ALERT_NOTIFICATIONS_FAILING,
            promql.aggregate("sum", failed, by=["integration"]) > promql.number(0),
            severity=c.SEVERITY_PAGE,
            summary="Alertmanager can not deliver to {{ $labels.integration }}",
            description="{{ $value | humanize }} notifications failed in 5m. Is the receiver up?",
        ),
        _reload_failed(owned, own("alertmanager_config_last_reload_successful"), ALERTMANAGER),
    ]


def _reload_failed(owned: _Owned, successful: Expr, job: str) -> AlertingRule:
    return owned.alert(
        c.ALERT_RELOAD_FAILED,
        successful.eq(promql.number(0)),
        severity=c.SEVERITY_TICKET,
        job=job,
        summary=f"{job} runs with an old configuration",
        description=f"The last reload of {job} failed: what was changed since then is not in force.",
    )


def _exporter_rules(owned: _Owned) -> list[AlertingRule]:
    return [
        owned.alert(
            c.ALERT_SNAPSHOT_STALE,
            (promql.TIME - promql.series(c.SNAPSHOT_TIMESTAMP)) > _seconds(SNAPSHOT_AGE_MAX),
            severity=c.SEVERITY_TICKET,
            summary="What the exporter {{ $labels.exporter }} says is old",
            description=(
                "Its last good snapshot is {{ $value | humanizeDuration }} old: it can not build a new one. "
                "What is read from it may no longer be so."
            ),
        ),
    ]


def _seconds(value: timedelta) -> Expr:
    return promql.number(value // timedelta(seconds=1))


def _maintenance(service: Service, settings: Settings) -> AlertingRule:
    active = promql.series(c.MAINTENANCE_ACTIVE, service=service.id)
    lately = promql.aggregate("max", promql.over("max_over_time", active, MAINTENANCE_ECHO))
    built = promql.aggregate("max", promql.series(c.SNAPSHOT_TIMESTAMP, exporter="calendar"))
    # An exporter that is stuck must not keep a service silent for ever.
    is_current = (promql.TIME - built) < _seconds(SNAPSHOT_AGE_MAX)
    return _Owned(service, settings).alert(
        c.ALERT_MAINTENANCE,
        lately.eq(promql.number(1)).and_(is_current),
        severity=c.SEVERITY_NONE,
        pending=timedelta(0),
        summary=f"{service.name}: planned maintenance",
        description="Notifies nobody. While it fires, other alerts of the service are held back.",
    )
